"""The seam behind the answers: whatever watches, collects or shadows gets each batch after its responses."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar, runtime_checkable

import pandas

from noteship import models
from noteship.serving.feedback import Feedback
from noteship.serving.model import Model
from noteship.serving.refusals import place_of
from noteship.serving.worker import Worker

__all__ = ["Batch", "FeedbackObserver", "Observation", "Observer"]

LOG = logging.getLogger(__name__)
# Requests that wait for slow observers hold their rows in memory: a second of work at ten thousand requests a second.
WAITING_LIMIT = 10_000
# For how long answers are gathered for the observers.
GATHERING_S = 0.05

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that were scored together: first the rows of the first request, then those of the second, and so on."""

    model: Model
    rows: models.Rows
    scores: models.Scores
    request_ids: tuple[str, ...]
    row_counts: tuple[int, ...]

    @property
    def frame(self) -> pandas.DataFrame:
        """The rows with the types that the steps were fitted with; made when first asked for."""
        return self.rows.frame

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """Several batches of one model as one; the rows of each are exact."""
        if len(pieces) == 1:
            return pieces[0]
        return cls(
            pieces[0].model,
            models.Rows.joined([piece.rows for piece in pieces]),
            models.Scores.joined([piece.scores for piece in pieces]),
            tuple(itertools.chain.from_iterable(piece.request_ids for piece in pieces)),
            tuple(itertools.chain.from_iterable(piece.row_counts for piece in pieces)),
        )


class Observer(Protocol):
    """Is told of batches, one after the other, on a thread of its own kind, never on the one that answers."""

    def observe(self, batch: Batch) -> None:
        """Take note; the batch is shared with other observers and must not be changed."""
        ...


@runtime_checkable
class FeedbackObserver(Protocol):
    """An observer that is also told what was right, after the batch in which it was predicted."""

    def observe_feedback(self, feedback: Feedback) -> None:
        """Take note; each label comes once."""
        ...


class Observation:
    """Tells observers. Guarantee: nothing that an observer does hurts a response; what it raises is logged and counted.

    What is answered within a twentieth of a second is told together, so that watching costs little a request. When
    observers are too slow, batches are dropped and counted, and the answers go on.
    """

    def __init__(
        self, observers: Sequence[Observer], on_fault: Callable[[str], None], on_drop: Callable[[], None]
    ) -> None:
        self._observers = tuple(observers)
        self._on_fault = on_fault
        self._on_drop = on_drop
        self._waiting: deque[Batch] = deque()
        self._feedback: deque[Feedback] = deque()
        self._hearing = tuple(observer for observer in observers if isinstance(observer, FeedbackObserver))
        self._is_due = False
        self._hurry = threading.Event()
        self._worker = Worker("noteship-observers")

    def observe(self, batch: Batch) -> None:
        """Pass a batch on, from the one thread that answers; returns at once."""
        if len(self._waiting) >= WAITING_LIMIT:
            self._on_drop()
            return
        self._waiting.append(batch)
        self._tell_soon()

    def hear(self, feedback: Feedback) -> None:
        """Pass a label on, from the one thread that answers; returns at once."""
        if not self._hearing:
            return
        if len(self._feedback) >= WAITING_LIMIT:
            self._on_drop()
            return
        self._feedback.append(feedback)
        self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._worker.submit(self._tell)

    def afterwards(self, work: Callable[[], T]) -> Future[T]:
        """Do something when all that was passed on so far has been observed."""
        self._hurry.set()
        return self._worker.submit(work)

    def close(self, timeout_s: float) -> None:
        """Let the observers finish."""
        self._hurry.set()
        self._worker.close(timeout_s)

    def _tell(self) -> None:
        self._hurry.wait(GATHERING_S)
        self._hurry.clear()
        self._is_due = False
        # A label comes after its answer; taken first, it is told after it.
        labels = [self._feedback.popleft() for _ in range(len(self._feedback))]
        for batch in _joined([self._waiting.popleft() for _ in range(len(self._waiting))]):
            for observer in self._observers:
                self._guarded(observer, observer.observe, batch)
        for label in labels:
            for hearing in self._hearing:
                self._guarded(hearing, hearing.observe_feedback, label)

    def _guarded(self, observer: object, tell: Callable[[T], None], told: T) -> None:
        try:
            tell(told)
        except Exception as error:
            name = type(observer).__name__
            self._on_fault(name)
            LOG.warning("observer %s failed: %s", name, place_of(error))


def _joined(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Neighbours of one model joined, as far as they can be."""
    for (_, is_exact), group in itertools.groupby(batches, lambda batch: (id(batch.model), batch.rows.is_exact)):
        pieces = list(group)
        yield from [Batch.joined(pieces)] if is_exact else pieces
