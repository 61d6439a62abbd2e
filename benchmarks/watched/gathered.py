"""What a row costs as a service's observer sees it, in batches of 32: python -m watched.gathered PROJECT.

The project's bundle is loaded as `noteship serve` loads it, its rows are scored, and the batches go through the
observer, which gathers them and counts many together, until there are windows enough to bet and a bet is on. What the
work takes is beside it: counting is held to a share of the scoring by the clock.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas

from noteship import monitor, serving, store
from noteship.operations.opened import OpenedProject
from noteship.operations.shelf import Shelf
from noteship.serving.served import Served, prepare
from noteship.serving.worker import Worker

ROWS = 32
# Windows pass as fast as they are written; a bet is on after the first ones that can be judged.
WINDOW_S, WINDOWS, BATCHES = 300, 4, 64
ROUNDS = 30


def main() -> None:
    """Measure it and print JSON."""
    opened = OpenedProject.at(Path(sys.argv[1]))
    shelf = Shelf(opened, frozenset(), allow_pickle=False, is_watched=True)
    model = shelf.load(shelf.find("latest"))
    frame = pandas.read_parquet(opened.root / "data" / "rows.parquet").drop(columns="label")
    objects = frame.sample(ROWS * BATCHES, replace=True, random_state=0).to_dict("records")
    worker = Worker("scoring")
    served = prepare(model, worker, lambda *_: None)
    batches = [_batch(served, objects[start : start + ROWS]) for start in range(0, len(objects), ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        found = _costs(served, batches, store.open_store("memory:", Path(folder)))
    print(json.dumps(found))
    worker.close(5)


def _batch(served: Served, objects: Sequence[Any]) -> serving.Batch:
    """As the service makes one of requests of one row."""
    singles = []
    for place, each in enumerate(objects):
        rows = served.decoder.rows([each])
        scores = served.batcher.score_now(rows)
        singles.append(serving.Batch.of_request(served.model, rows, scores, f"{id(objects):08x}-{place:027x}", 300))
    return serving.Batch.joined(singles)


def _costs(served: Served, batches: Sequence[serving.Batch], objects: store.Store) -> dict[str, float]:
    now = [WINDOW_S / 2]
    settings = monitor.Settings(window_s=WINDOW_S)
    writer = monitor.Writer(objects, settings, monitor.closes(settings), clock=lambda: now[0])
    watch = serving.Watch(writer)
    watch.observe_served([served])
    for _ in range(WINDOWS):
        _observe(watch, batches)
        now[0] += WINDOW_S
        writer.step()
    costs = [_observe(watch, batches) / (len(batches) * ROWS) for _ in range(ROUNDS)]
    return {"row_us": 1e6 * statistics.median(costs), "least_us": 1e6 * min(costs)}


def _observe(watch: serving.Watch, batches: Sequence[serving.Batch]) -> float:
    begun = time.process_time()
    for batch in batches:
        watch.observe(batch)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
