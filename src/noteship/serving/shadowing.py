"""A version that scores what another one answered, is never answered from, and is compared with it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from noteship import models
from noteship.serving.model import Model
from noteship.serving.observing import WAITING_BYTES, Batch
from noteship.serving.refusals import place_of
from noteship.serving.served import Served
from noteship.serving.worker import Worker

__all__ = ["Compared", "Shadowing"]

LOG = logging.getLogger(__name__)
# Rows that may wait for the shadow: a large request, or about a second of small ones.
WAITING_ROWS = 10_000
# Rows scored in one go: the interpreter's lock is not held for longer than requests can wait.
ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class Compared:
    """A shadow's scores beside those that were answered.

    - disagreements: rows of another class; 0 for a regression
    - differences: of each row, between the predicted numbers, or the largest between the probabilities of a class
    """

    rows: int
    disagreements: int
    differences: tuple[float, ...]


class Shadowing:
    """An observer. Guarantee: a shadow's faults and its slowness reach no answer.

    It scores on a thread of its own, a few rows at once, and rests as long as it has worked, so that it takes half of
    one processor at most. (A lower priority from the system would not help: asleep with the interpreter's lock, the
    thread would keep all others waiting.) When too many rows, or too large ones, wait for it, further ones are left
    out and counted.
    """

    def __init__(
        self,
        shadow_of: Callable[[Model], Served | None],
        compared: Callable[[Model, Compared], None],
        missed: Callable[[Model, str, int], None],
    ) -> None:
        self._shadow_of = shadow_of
        self._compared = compared
        self._missed = missed
        self._worker: Worker | None = None
        self._rows_waiting = self._bytes_waiting = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def observe(self, batch: Batch) -> None:
        """Have rows scored again where there is a shadow; returns at once."""
        shadow = self._shadow_of(batch.model)
        if shadow is None:
            return
        why = self._put_off(batch)
        if why:
            self._missed(shadow.model, why, len(batch.rows))
            return
        if self._worker is None:
            self._worker = Worker("noteship-shadow")
        self._worker.submit(lambda: self._score(shadow, batch), may_take_long=True)

    def close(self) -> None:
        """Score nothing more."""
        self._is_over.set()
        if self._worker is not None:
            self._worker.close(0)

    def _put_off(self, batch: Batch) -> str:
        """Why a batch cannot wait, or empty where it now does; one may always."""
        with self._lock:
            rows, size_bytes = self._rows_waiting + len(batch.rows), self._bytes_waiting + batch.size_bytes
            if self._rows_waiting > 0 and rows > WAITING_ROWS:
                return "busy"
            if self._rows_waiting > 0 and size_bytes > WAITING_BYTES:
                return "bytes"
            self._rows_waiting, self._bytes_waiting = rows, size_bytes
        return ""

    def _score(self, shadow: Served, batch: Batch) -> None:
        count = len(batch.rows)
        for start in range(0, count, ROWS_AT_ONCE):
            if self._is_over.is_set():
                return
            end = min(start + ROWS_AT_ONCE, count)
            begun = time.perf_counter()
            try:
                scores = shadow.batcher.score_now(_rows_for(shadow.model, batch.rows, start, end))
                self._compared(shadow.model, _compared(batch.scores.part(start, end), scores))
            except models.errors.BadRows:
                self._missed(shadow.model, "refused", end - start)
            except Exception as error:
                # The steps are the project's code: they fail in any way.
                LOG.debug("shadow %s failed: %s", shadow.version, place_of(error))
                self._missed(shadow.model, "failed", end - start)
            self._is_over.wait(time.perf_counter() - begun)
        with self._lock:
            self._rows_waiting -= count
            self._bytes_waiting -= batch.size_bytes


def _rows_for(model: Model, rows: models.Rows, start: int, end: int) -> models.Rows:
    """Some of the rows, as another version takes them. Raises BadRows where it does not."""
    if rows.is_exact and model.signature.inputs == rows.signature.inputs:
        others = [values[start:end] for values in rows.others]
        return models.Rows(model.signature, rows.numbers[start:end], others)
    return models.Rows.of_frame(model.signature, model.signature.conform(rows.frame.iloc[start:end]))


def _compared(answered: models.Scores, scores: models.Scores) -> Compared:
    count = len(answered)
    is_regression = not answered.classes or not scores.classes
    if is_regression:
        differences = numpy.abs(answered.predictions.astype(float) - scores.predictions.astype(float))
        return Compared(count, 0, tuple(differences.tolist()))
    labels = zip(answered.predictions.tolist(), scores.predictions.tolist(), strict=True)
    differing = sum(one != other for one, other in labels)
    if answered.probabilities is None or scores.probabilities is None:
        return Compared(count, differing, ())
    ours, theirs = _by_class(answered), _by_class(scores)
    none = numpy.zeros(count)
    gaps = [numpy.abs(ours.get(name, none) - theirs.get(name, none)) for name in {*ours, *theirs}]
    return Compared(count, differing, tuple(numpy.max(gaps, axis=0).tolist()))


def _by_class(scores: models.Scores) -> dict[object, numpy.ndarray[Any, Any]]:
    assert scores.probabilities is not None
    return dict(zip(scores.classes, scores.probabilities.T, strict=True))
