"""More than a server can do: what it still answers, how soon, and what memory it takes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from served import wrk
from served.running import Running
from served.tables import Aim

__all__ = ["Overload", "aims", "overload"]

# Capacity is what a server does when nothing has to be refused: enough connections to keep it busy, and no more.
CONNECTIONS = 4
ANSWERED_SHARE = 0.9
MEMORY_MIB = 50
TIMES_THE_LIMIT = 2
# Below this share of the asked rate, or with this share sent late, the load was not the one that was asked for.
SENT_SHARE, LATE_SHARE = 0.95, 0.05


@dataclass(frozen=True)
class Overload:
    """What came of it; `capacity_rps` is the closed loop's, with the same bodies."""

    capacity_rps: float
    grown_bytes: int
    found: dict[str, Any]


def overload(running: Running, times: float, seconds: float, core: int, place: Path) -> Overload:
    """Measure the capacity, then send so many times as much, on the clock."""
    bodies = running.server.served.objects
    found = [wrk.drive(running.url, bodies, CONNECTIONS, seconds / 2, core, place) for _ in range(3)]
    capacity = statistics.median(each.rps for each in found)
    before = running.memory_bytes()
    with _Peak(running.memory_bytes) as peak:
        words = ["taskset", "-c", str(core), sys.executable, "-m", "served.open_loop", running.url]
        words += [str(place / "bodies"), str(times * capacity), str(seconds)]
        done = subprocess.run(words, capture_output=True, check=True, cwd=Path(__file__).parents[1])
    return Overload(capacity, max(peak.value - before, 0), json.loads(done.stdout))


def aims(overload: Overload, waiting_limit_ms: float | None) -> list[Aim]:
    """The aims, and first whether the load was what it should have been."""
    found = overload.found
    asked, sent, late = found["asked_rps"], found["sent_rps"], found["late_share"]
    share = found["answered_rps"] / overload.capacity_rps
    grown = overload.grown_bytes / 2**20
    is_open = sent >= SENT_SHARE * asked and late <= LATE_SHARE
    rows = [
        Aim("sent", f"{sent:,.0f} of {asked:,.0f}/s, {late:.1%} late", "the load was open", is_open),
        Aim("answered, of capacity", f"{share:.2f}", f"at least {ANSWERED_SHARE}", share >= ANSWERED_SHARE),
        Aim("memory grown by", f"{grown:.0f} MiB", f"at most {MEMORY_MIB} MiB", grown <= MEMORY_MIB),
    ]
    if waiting_limit_ms is not None:
        limit = TIMES_THE_LIMIT * waiting_limit_ms
        p99 = found["p99_ms"]
        rows.append(Aim("p99 of the answered", f"{p99:.0f} ms", f"at most {limit:g} ms", p99 <= limit))
    return rows


class _Peak:
    """The largest value of a measure while a block runs."""

    def __init__(self, measure: Callable[[], int]) -> None:
        self.value = 0
        self._measure = measure
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._over.is_set():
            self.value = max(self.value, self._measure())
            time.sleep(0.1)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
