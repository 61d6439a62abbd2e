"""Projects whose store has windows of a model, as workers leave them."""

from __future__ import annotations

import json
import pickle

import numpy
import pandas
from sklearn.linear_model import LogisticRegression

from cli.projects import Project
from monitor.streams_of_rows import PROFILE, observed
from noteship import digests, models, monitor, store
from noteship.bundling.__main__ import main
from noteship.monitor.betting import PairBet
from noteship.monitor.pieces import start_of

SECONDS = 300
ROWS = 400


class WatchedProject:
    """A project, and a version of a model that one worker watches."""

    def __init__(self, project: Project, model: str = "shop", mark: str = "", *, is_known: bool = True) -> None:
        self.project, self.root = project, project.root
        self.objects = store.open_store(None, self.root)
        folder = self.root.parent / f"bundle-{model}-{mark}"
        folder.mkdir()
        (folder / "bundle.json").write_bytes(digests.canonical_json({"name": model, "mark": mark}))
        if is_known:
            (folder / "profile.json").write_bytes(PROFILE.to_bytes())
        self.digest = self.objects.put_folder(folder)
        self.place = monitor.Place("local", model, self.digest)
        self.windows = monitor.Windows(self.objects, self.place)
        self.boot = monitor.Boot("pod-0", f"{model}{mark or 0}", 0.0, SECONDS)
        self.pieces = 0
        self.sampling: monitor.Sampling | None = None

    def call_it(self, name: str) -> None:
        """Let the project call it champion, or latest."""
        value = {"digest": self.digest, "name": self.place.model}
        self.objects.write_ref(f"names/{name}", value, expected=self.objects.read_ref(f"names/{name}"))

    def begin(self, started: float) -> None:
        """A worker begins to watch."""
        self.boot = monitor.Boot(self.boot.replica, self.boot.boot, started, SECONDS)
        self.windows.write_boot(self.boot)

    def serve(self, end: float, *kinds: str, rows: int = ROWS) -> None:
        """Windows of rows of these kinds, the last of which ended before `end`; each is closed before the next one."""
        first = start_of(end, SECONDS) - len(kinds) * SECONDS
        evaluator = monitor.Evaluator(self.windows, PROFILE, monitor.Settings())
        if not self.boot.started:
            self.begin(first)
        for place, kind in enumerate(kinds):
            start = first + place * SECONDS
            self._write(start, rows, kind)
            if place < len(kinds) - 1:
                evaluator.close(start + 2 * SECONDS)

    def _write(self, start: int, rows: int, kind: str) -> None:
        sketch = PROFILE.sketch()
        ref = self.windows.read_state()
        witness = None if ref is None else monitor.State.from_json(ref.value).witness
        sample: monitor.Sample | None = None
        bet = None if witness is None else PairBet(witness, PROFILE.encoder.layout.dimensions)
        if rows:
            # Whatever the clock says, the same rows and halves.
            ids = [f"{self.pieces} {place}" for place in range(rows)]
            asked = observed(rows, [self.pieces, 5], kind)
            encoded = PROFILE.encoder.encode(asked)
            sketch.add(encoded, PROFILE.fourier, ids, [1] * rows, bet)
            if self.sampling is not None:
                ceiling = self.sampling.empty.ceiling
                sample = self.sampling.taken(ceiling, start, asked, encoded, ids, [1] * rows)
        self.pieces += 1
        data = sketch.to_bytes() if rows else b""
        piece = monitor.Piece(
            start, self.boot.replica, self.boot.boot, self.pieces, rows, rows, 0, 1.0, data, sample=sample
        )
        self.windows.write_piece(piece)


def drifting(project: Project, now: float) -> WatchedProject:
    """A champion of which a column moves."""
    watched = WatchedProject(project)
    watched.call_it("champion")
    watched.serve(now - 60, *["unchanged"] * 13, *["column"] * 4)
    return watched


def rows(count: int, seed: int, *, shift: float = 0.0) -> pandas.DataFrame:
    """Raw rows and their answers."""
    random = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(random.normal(size=(count, 4)), columns=[f"c{number}" for number in range(4)])
    frame["answer"] = numpy.where(frame.c0 + random.normal(size=count) > 0, "yes", "no")
    frame["c3"] += shift
    return frame


def bundled(project: Project) -> str:
    """A bundle of a model with its profile, the latest of the project; its digest."""
    raw = rows(2_000, 1)
    folder = project.root.parent / "made"
    folder.mkdir()
    raw.to_parquet(folder / "raw.parquet")
    model = LogisticRegression().fit(raw[["c0", "c1", "c2", "c3"]], raw.answer)
    (folder / "m.pkl").write_bytes(pickle.dumps(model))
    made = models.BuildRequest(
        str(folder), "shop", ("m.pkl",), "raw.parquet", ("c0", "c1", "c2", "c3"), target="answer", output="bundle"
    )
    request = {**made.to_json(), "output": str(folder / "bundle")}
    (folder / "request").write_text(json.dumps({**request, "profile": {"seed": "5eed" * 16}}))
    main(folder / "request", folder / "result")
    assert "result" in json.loads((folder / "result").read_text())
    objects = store.open_store(None, project.root)
    digest = objects.put_folder(folder / "bundle")
    for name in ("names/latest", f"bundles/{digest}"):
        objects.write_ref(name, {"digest": digest, "name": "shop"}, expected=None)
    return digest
