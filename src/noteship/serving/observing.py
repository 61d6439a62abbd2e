"""The seam behind the answers: whatever watches, collects or shadows gets each batch after its responses."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar, runtime_checkable

import pandas

from noteship import models, supervising
from noteship.serving.feedback import Feedback
from noteship.serving.model import Model
from noteship.serving.refusals import place_of
from noteship.serving.served import Served
from noteship.serving.worker import Worker

__all__ = [
    "WAITING_BYTES",
    "Batch",
    "CallObserver",
    "Dropped",
    "FeedbackObserver",
    "Observation",
    "Observer",
    "ServiceObserver",
    "joined",
]

LOG = logging.getLogger(__name__)
# Requests that wait for slow observers hold their rows in memory: a second of work at ten thousand requests a second.
WAITING_LIMIT = 10_000
# Labels that wait hold some 200 bytes each; many may come at once, and each only once.
LABELS_LIMIT = 50_000
# The rows that wait for the observers may take so much memory, and as much those that wait for a shadow: both together
# less than the 50 MiB by which a service may grow when it is asked for more than it can do.
WAITING_BYTES = 16 << 20
# A short text is an object of some 50 bytes, and a place in a list.
VALUE_BYTES = 58
# For how long answers are gathered for the observers.
GATHERING_S = 0.05

T = TypeVar("T")
# Why observers were not told: too many batches or labels wait, or too much memory is taken by them.
Dropped = Literal["busy", "bytes"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that were scored together: first the rows of the first request, then those of the second, and so on.

    - size_bytes: about how much memory the rows take
    """

    model: Model
    rows: models.Rows
    scores: models.Scores
    request_ids: tuple[str, ...]
    row_counts: tuple[int, ...]
    size_bytes: int

    @property
    def frame(self) -> pandas.DataFrame:
        """The rows with the types that the steps were fitted with; made when first asked for."""
        return self.rows.frame

    @classmethod
    def of_request(
        cls, model: Model, rows: models.Rows, scores: models.Scores, request_id: str, body_bytes: int
    ) -> Self:
        """The rows of one request, whose body was so large. Cost: below a microsecond, however many rows there are."""
        size_bytes = rows.numbers.nbytes
        if rows.others:
            size_bytes += body_bytes + VALUE_BYTES * len(rows) * len(rows.others)
        return cls(model, rows, scores, (request_id,), (len(scores),), size_bytes)

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
            sum(piece.size_bytes for piece in pieces),
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


@runtime_checkable
class CallObserver(Protocol):
    """An observer that is also told how each request for predictions went."""

    def observe_call(self, model: Model, status: int, seconds: float) -> None:
        """It was answered with this status. Called on the thread that answers; returns at once."""
        ...


@runtime_checkable
class ServiceObserver(Protocol):
    """An observer that is also told what is served and what it was not told of, and that has metrics of its own."""

    def observe_served(self, served: Sequence[Served]) -> None:
        """These will answer requests, and no others. Called on the thread that loads, before they do."""
        ...

    def observe_lost(self, model: Model, rows: int) -> None:
        """Rows were answered and dropped. Called on the thread that answers; returns at once."""
        ...

    def families(self) -> Sequence[supervising.Family]:
        """Its metrics."""
        ...

    def close(self, timeout_s: float) -> None:
        """Nothing more comes."""
        ...


class Observation:
    """Tells observers. Guarantee: nothing that an observer does hurts a response; what it raises is logged and counted.

    What is answered within a twentieth of a second is told together, so that watching costs little a request. When
    observers are too slow, batches are dropped and counted by reason, and the answers go on.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        on_fault: Callable[[str], None],
        on_drop: Callable[[Dropped, Batch | None], None],
    ) -> None:
        self._observers = tuple(observers)
        self._on_fault = on_fault
        self._on_drop = on_drop
        self._waiting: deque[Batch] = deque()
        self._feedback: deque[Feedback] = deque()
        self._hearing = tuple(observer for observer in observers if isinstance(observer, FeedbackObserver))
        # What was passed on and told altogether: each is counted by one thread, so that neither needs a lock.
        self._passed_bytes = self._told_bytes = 0
        self._is_due = False
        self._hurry = threading.Event()
        self._worker = Worker("noteship-observers")

    def observe(self, batch: Batch) -> None:
        """Pass a batch on, from the one thread that answers; returns at once."""
        if len(self._waiting) >= WAITING_LIMIT:
            self._on_drop("busy", batch)
            return
        waiting_bytes = self._passed_bytes - self._told_bytes
        if waiting_bytes and waiting_bytes + batch.size_bytes > WAITING_BYTES:
            self._on_drop("bytes", batch)
            return
        self._passed_bytes += batch.size_bytes
        self._waiting.append(batch)
        self._tell_soon()

    def hear(self, feedback: Feedback) -> None:
        """Pass a label on, from the one thread that answers; returns at once."""
        if not self._hearing:
            return
        if len(self._feedback) >= LABELS_LIMIT:
            self._on_drop("busy", None)
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
        batches = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            for batch in joined(batches):
                for observer in self._observers:
                    self.guarded(observer, observer.observe, batch)
        finally:
            self._told_bytes += sum(batch.size_bytes for batch in batches)
        for label in labels:
            for hearing in self._hearing:
                self.guarded(hearing, hearing.observe_feedback, label)

    def guarded(self, observer: object, tell: Callable[[T], None], told: T) -> None:
        """Tell an observer something; what it raises is logged and counted."""
        try:
            tell(told)
        except Exception as error:
            name = type(observer).__name__
            self._on_fault(name)
            LOG.warning("observer %s failed: %s", name, place_of(error))


def joined(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Neighbours of one model joined, as far as they can be."""
    for (_, is_exact, _), group in itertools.groupby(batches, _kind):
        pieces = list(group)
        yield from [Batch.joined(pieces)] if is_exact else pieces


def _kind(batch: Batch) -> tuple[int, bool, bool]:
    """What batches that are joined have in common; those of which the work is known would lose it beside others."""
    return id(batch.model), batch.rows.is_exact, batch.scores.trace is None
