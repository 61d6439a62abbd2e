"""Models made for real, and services that answer over real sockets."""

from __future__ import annotations

import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy
import pandas
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from noteship import models, serving, store

PIECES = ("my dear sister", "crunchy snack, five stars", "dear madam, the carriage", "salty snack my dog loves")
LETTERS = [f"{piece}, number {number}" for number in range(10) for piece in PIECES]


def letters_bundle(root: Path, buckets: int = 64) -> Path:
    """The folder of a bundle that tells letters from reviews."""
    raw = pandas.DataFrame({"text": LETTERS, "label": ["letter", "review"] * 20})
    model = make_pipeline(HashingVectorizer(n_features=buckets), LogisticRegression()).fit(raw.text, raw.label)
    return _built(root, "letters", model, raw, ("text",), "label")


def shouted_bundle(root: Path) -> Path:
    """The folder of a bundle that brings a module of its project."""
    raw = pandas.DataFrame({"text": LETTERS, "label": ["letter", "review"] * 20})
    (root / "helpers.py").write_text("def shouted(rows):\n    return rows.assign(text=rows['text'].str.upper())\n")
    model = make_pipeline(HashingVectorizer(n_features=64), LogisticRegression()).fit(raw.text.str.upper(), raw.label)
    return _built(root, "shouted", model, raw, ("text",), "label", "helpers:shouted")


def rents_bundle(root: Path) -> Path:
    """The folder of a bundle that tells a rent from a size, a district and a date that may be missing."""
    rng = numpy.random.default_rng(5)
    raw = pandas.DataFrame({"size": rng.integers(20, 150, 200), "district": rng.choice(["north", "south"], 200)})
    raw["rent"] = raw["size"] * 10.5 + (raw["district"] == "north") * 100
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["district"]), ("passthrough", ["size"]))
    model = make_pipeline(columns, LinearRegression()).fit(raw[["size", "district"]], raw.rent)
    return _built(root, "rents", model, raw, ("size", "district"), "rent")


def sizes_bundle(root: Path) -> Path:
    """The folder of a bundle over three plain numbers, the last of which may be null."""
    rng = numpy.random.default_rng(6)
    raw = pandas.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    raw["size"] = raw["a"] * 2 + raw["b"]
    raw.loc[3, "c"] = None
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(raw[["a", "b", "c"]], raw["size"])
    return _built(root, "sizes", model, raw, ("a", "b", "c"), "size")


def _built(
    root: Path, name: str, model: Any, raw: pandas.DataFrame, inputs: tuple[str, ...], target: str, *before: str
) -> Path:
    raw.to_parquet(root / "raw.parquet")
    (root / "model.pkl").write_bytes(pickle.dumps(model))
    output = str(root / "bundle")
    modules = tuple(path.name for path in root.glob("*.py"))
    steps = (*before, "model.pkl")
    models.build(models.BuildRequest(str(root), name, steps, "raw.parquet", inputs, output, target, modules=modules))
    return root / "bundle"


def loaded(folder: Path, root: Path) -> serving.Model:
    """The model of a bundle that went through a store."""
    objects = store.open_store(None, root)
    digest = objects.put_folder(folder)
    bundle = models.fetch(objects, digest, root / "fetched")
    return serving.Model(bundle.name, digest, models.load(bundle, models.Trust()))


@dataclass(frozen=True, eq=False)
class Gated:
    """A scorer that waits for a gate to open once it has scored its example."""

    inner: models.Scorer
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    calls: list[int] = field(default_factory=list)

    @property
    def signature(self) -> models.Signature:
        """As the scorer inside."""
        return self.inner.signature

    def score(self, frame: pandas.DataFrame) -> models.Scores:
        """As the scorer inside, later."""
        self.calls.append(len(frame))
        if len(self.calls) > 1:
            self.entered.set()
            assert self.gate.wait(20)
        return self.inner.score(frame)


@dataclass(frozen=True, eq=False)
class Failing:
    """A scorer that fails from its second call on, in words that hold what it was sent."""

    inner: models.Scorer
    fails_at: int = 1
    calls: list[int] = field(default_factory=list)

    @property
    def signature(self) -> models.Signature:
        """As the scorer inside."""
        return self.inner.signature

    def score(self, frame: pandas.DataFrame) -> models.Scores:
        """Fail."""
        self.calls.append(len(frame))
        if len(self.calls) > self.fails_at:
            raise ValueError(f"could not convert {frame.iloc[0, 0]!r}")
        return self.inner.score(frame)


@dataclass(frozen=True, eq=False)
class Served:
    """A service under test."""

    client: httpx.Client
    running: serving.Running

    def predict(self, body: Any) -> httpx.Response:
        """Ask."""
        return self.client.post("/predict", json=body)


@contextmanager
def served(
    load: serving.Model | Callable[[], serving.Model] | serving.Versions,
    observers: tuple[Any, ...] = (),
    **settings: Any,
) -> Iterator[Served]:
    """A service on a free port, for as long as the block lasts."""
    made = load if callable(load) or isinstance(load, serving.Versions) else lambda: load
    started: queue.Queue[Any] = queue.Queue()

    def work() -> None:
        try:
            serving.run(serving.ServerSettings(port=0, **settings), made, started.put, observers)
        except BaseException as error:
            started.put(error)

    thread = threading.Thread(target=work)
    thread.start()
    running = started.get(timeout=30)
    if isinstance(running, BaseException):
        thread.join()
        raise running
    try:
        with httpx.Client(base_url=running.url, timeout=20) as client:
            yield Served(client, running)
    finally:
        running.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert started.empty()
