"""The seam behind the answers: whatever watches, collects or shadows gets each batch after its responses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pandas

from noteship import models
from noteship.serving.refusals import place_of
from noteship.serving.worker import Worker

__all__ = ["Batch", "Observation", "Observer"]

LOG = logging.getLogger(__name__)
# Batches that wait for slow observers hold their rows in memory: a second of work at a thousand requests a second.
WAITING_LIMIT = 1000

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that were scored together: first the rows of the first request, then those of the second, and so on."""

    frame: pandas.DataFrame
    scores: models.Scores
    request_ids: tuple[str, ...]
    row_counts: tuple[int, ...]


class Observer(Protocol):
    """Is told of batches, one after the other, on a thread of its own kind, never on the one that answers."""

    def observe(self, batch: Batch) -> None:
        """Take note; the batch is shared with other observers and must not be changed."""
        ...


class Observation:
    """Tells observers. Guarantee: nothing that an observer does hurts a response; what it raises is logged and counted.

    When observers are too slow, batches are dropped and counted, and the answers go on.
    """

    def __init__(
        self, observers: Sequence[Observer], on_fault: Callable[[str], None], on_drop: Callable[[], None]
    ) -> None:
        self._observers = tuple(observers)
        self._on_fault = on_fault
        self._on_drop = on_drop
        self._worker = Worker("noteship-observers")

    def observe(self, batch: Batch) -> None:
        """Pass a batch on; returns at once."""
        if self._worker.waiting >= WAITING_LIMIT:
            self._on_drop()
        else:
            self._worker.submit(lambda: self._tell(batch))

    def afterwards(self, work: Callable[[], T]) -> Future[T]:
        """Do something when all that was passed on so far has been observed."""
        return self._worker.submit(work)

    def close(self, timeout_s: float) -> None:
        """Let the observers finish."""
        self._worker.close(timeout_s)

    def _tell(self, batch: Batch) -> None:
        for observer in self._observers:
            try:
                observer.observe(batch)
            except Exception as error:
                name = type(observer).__name__
                self._on_fault(name)
                LOG.warning("observer %s failed: %s", name, place_of(error))
