"""Scoring together what waits together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from noteship import models
from noteship.serving.pace import Pace
from noteship.serving.refusals import place_of
from noteship.serving.worker import Worker

__all__ = ["Batcher", "Measured", "Waits"]

LOG = logging.getLogger(__name__)
# Is told of each batch: its rows, for how long each of its requests waited, and the seconds it took.
Measured = Callable[[int, Sequence[float], float], None]

# As many rows as are scored at once: scikit-learn's cost a call is spread by then, and the rows stay in a core's cache.
BATCH_ROWS = 1024
# For how long a batch may be scored, where it holds more than one request: those behind it wait as long.
BATCH_S = 0.1
# What takes no longer is done between two looks at the sockets. On a thread it would hold the interpreter's lock as
# long, which by default is given away every 5 milliseconds only, and would cost a hop there and back.
INLINE_S = 0.005


class Waits(Protocol):
    """Who waits for scores: a future, or what does as one does."""

    def done(self) -> bool:
        """Whether it has what it waited for, or waits no more."""
        ...

    def cancelled(self) -> bool:
        """Whether it waits no more."""
        ...

    def set_result(self, result: models.Scores, /) -> None:
        """Here they are."""
        ...

    def set_exception(self, exception: Exception, /) -> None:
        """Here is what the steps raised."""
        ...


@dataclass(eq=False, slots=True)
class _Waiting:
    """The rows of one request, and who waits for their scores."""

    rows: models.Rows
    is_large: bool
    scores: Waits
    waited: Callable[[float], None] | None = None
    count: int = 0
    since: float = field(default_factory=time.perf_counter)


class Batcher:
    """Scores rows of many requests together, along rows only. A request's scores are those of its rows alone.

    Adaptive: a request that comes when nothing is under way is scored at once; what comes meanwhile is scored together
    next. A model that is quick is scored between two looks at the sockets, another one on a thread, so that
    everything else is answered meanwhile. A batch that fails is scored again request by request: only the request
    that fails alone is told.
    """

    def __init__(self, scorer: models.Scorer, worker: Worker, measured: Measured) -> None:
        self._scorer = scorer
        self._score_rows: Callable[[models.Rows], models.Scores] | None = getattr(scorer, "score_rows", None)
        self._worker = worker
        self._measured = measured
        self._queue: deque[_Waiting] = deque()
        self._is_scheduled = False
        self._rows_under_way = 0
        self._begun = 0.0
        self.rows_waiting = 0
        self.pace = Pace()

    @property
    def wait_s(self) -> float:
        """About how long a request that comes now waits before it is scored."""
        before_s = 0.0
        if self.rows_waiting:
            rows = self._batch_rows()
            calls = self.rows_waiting // rows
            before_s = self.pace.seconds(calls * rows, calls)
        if not self._rows_under_way:
            return before_s
        # What takes longer than it should is expected to take as long again: behind a batch that hangs nobody waits.
        return before_s + abs(self.pace.seconds(self._rows_under_way) - (time.perf_counter() - self._begun))

    async def score(
        self, rows: models.Rows, *, is_large: bool = False, waited: Callable[[float], None] | None = None
    ) -> models.Scores:
        """The scores of a request's rows; raises what the steps raise. May be cancelled.

        is_large: the rows may take longer than so many rows do else. `waited` is told how long they waited.
        """
        scores: asyncio.Future[models.Scores] = asyncio.get_running_loop().create_future()
        self.put(rows, scores, is_large=is_large, waited=waited)
        return await scores

    def put(
        self, rows: models.Rows, scores: Waits, *, is_large: bool = False, waited: Callable[[float], None] | None = None
    ) -> None:
        """Let somebody have the scores as a future has them; as `score`."""
        count = len(rows)
        self._queue.append(_Waiting(rows, is_large, scores, waited, count))
        self.rows_waiting += count
        # Whoever else has come by this look at the sockets is taken along.
        if not self._is_scheduled and not self._rows_under_way:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._next)

    def score_now(self, rows: models.Rows) -> models.Scores:
        """The scores of rows, on this thread."""
        return self._score_rows(rows) if self._score_rows is not None else self._scorer.score(rows.frame)

    def _next(self) -> None:
        self._is_scheduled = False
        while not self._rows_under_way and (batch := self._take()):
            count = sum(waiting.count for waiting in batch)
            if self._is_quick(batch, count):
                self._finish(batch, *self._scored(batch))
                continue
            self._rows_under_way, self._begun = count, time.perf_counter()
            self._on_thread(batch)
            return

    def _on_thread(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        done = self._worker.submit(lambda: self._scored(batch))
        done.add_done_callback(lambda done: _tell(loop, self._done, batch, done.result()))

    def _is_quick(self, batch: list[_Waiting], count: int) -> bool:
        """Whether a hop to the thread is not worth it; steps that are not compiled may run anybody's code."""
        if self._score_rows is None or self.pace.seconds(count) > INLINE_S:
            return False
        return not any(waiting.is_large for waiting in batch)

    def _batch_rows(self) -> int:
        """How many rows a batch may hold now: where a row is slow, others should not wait for a thousand of them."""
        return self.pace.rows(BATCH_S, BATCH_ROWS)

    def _take(self) -> list[_Waiting]:
        """The requests of the next batch; rows that cannot be joined, and more than a batch holds, go alone."""
        batch: list[_Waiting] = []
        count, limit = 0, self._batch_rows()
        while self._queue:
            waiting = self._queue[0]
            if waiting.scores.cancelled():
                self.rows_waiting -= self._queue.popleft().count
                continue
            if batch and (count + waiting.count > limit or not waiting.rows.is_exact):
                break
            batch.append(self._queue.popleft())
            count += waiting.count
            self.rows_waiting -= waiting.count
            if not waiting.rows.is_exact:
                break
        return batch

    def _scored(self, batch: list[_Waiting]) -> tuple[list[models.Scores | Exception], float, float]:
        """The scores of each request, or what its rows raised; when scoring began and how long it took."""
        begun = time.perf_counter()
        try:
            scores = self.score_now(models.Rows.joined([waiting.rows for waiting in batch]))
            results: list[models.Scores | Exception] = list(_split(scores, batch))
        except Exception as error:
            results = [error] if len(batch) == 1 else [self._alone(waiting) for waiting in batch]
        return results, begun, time.perf_counter() - begun

    def _alone(self, waiting: _Waiting) -> models.Scores | Exception:
        try:
            return self.score_now(waiting.rows)
        except Exception as error:
            return error

    def _done(self, batch: list[_Waiting], scored: tuple[list[models.Scores | Exception], float, float]) -> None:
        self._rows_under_way = 0
        self._finish(batch, *scored)
        self._next()

    def _finish(
        self, batch: list[_Waiting], results: list[models.Scores | Exception], begun: float, seconds: float
    ) -> None:
        count = sum(waiting.count for waiting in batch)
        self.pace.measured(count, seconds)
        self._measured(count, [begun - waiting.since for waiting in batch], seconds)
        for waiting, result in zip(batch, results, strict=True):
            try:
                _tell_of(waiting, result, begun)
            except Exception as error:
                # Whatever one request does with its scores, the others get theirs.
                LOG.error("a request failed after it was scored: %s", place_of(error))


def _tell_of(waiting: _Waiting, result: models.Scores | Exception, begun: float) -> None:
    if waiting.scores.done():
        return
    if waiting.waited is not None:
        waiting.waited(begun - waiting.since)
    if isinstance(result, Exception):
        waiting.scores.set_exception(result)
    else:
        waiting.scores.set_result(result)


def _split(scores: models.Scores, batch: list[_Waiting]) -> list[models.Scores]:
    if len(batch) == 1:
        return [scores]
    pieces = []
    start = 0
    for waiting in batch:
        end = start + waiting.count
        pieces.append(scores.part(start, end))
        start = end
    return pieces


def _tell(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *given: Any) -> None:
    """Call back on the loop, unless it has ended meanwhile."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback, *given)
