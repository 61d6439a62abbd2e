"""Requests that take too long are interrupted, with one timer for all of them."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Protocol

from noteship.serving.refusals import place_of

__all__ = ["Deadlines", "Late"]

LOG = logging.getLogger(__name__)
# How late an interruption may be.
TICK_S = 0.05


class Late(Protocol):
    """What can be late: a task, or what is told as one is."""

    def cancel(self) -> bool:
        """It is late; whether it goes on until it ends of itself."""
        ...


class Deadlines:
    """Cancels tasks that are late. A timer of asyncio's for each request would cost a tenth of answering it.

    Between `set` and `end` a task may be cancelled, at most a twentieth of a second after its time; `end` then says so,
    and the task goes on.
    """

    def __init__(self) -> None:
        self._due: dict[Late, float] = {}
        self._late: set[Late] = set()
        self._is_ticking = False
        self._end = math.inf

    def set(self, seconds: float) -> None:
        """The task that calls this has so long from now; what was set before no longer counts."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can be late")
        self.watch(task, seconds)

    def watch(self, late: Late, seconds: float) -> None:
        """It has so long from now, and is cancelled else, unless it is forgotten before."""
        loop = asyncio.get_running_loop()
        self._due[late] = min(loop.time() + seconds, self._end)
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_later(TICK_S, self._tick)

    def end(self) -> bool:
        """The task that calls this is in time from now on; whether it was cancelled for being late."""
        task = asyncio.current_task()
        if task is None:
            return False
        self._due.pop(task, None)
        if task not in self._late:
            return False
        self._late.discard(task)
        task.uncancel()
        return True

    def end_all(self, seconds: float) -> None:
        """Whatever time was given, and will be, is over then."""
        self._end = asyncio.get_running_loop().time() + seconds
        self._due = {late: min(due, self._end) for late, due in self._due.items()}

    def forget(self, late: Late) -> None:
        """It is in time from now on."""
        self._due.pop(late, None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for late in [each for each, due in self._due.items() if due <= now]:
            try:
                if self._due.pop(late, None) is not None and late.cancel():
                    self._late.add(late)
            except Exception as error:
                # The others' time goes on.
                LOG.error("what was late failed: %s", place_of(error))
        self._is_ticking = bool(self._due)
        if self._is_ticking:
            loop.call_later(TICK_S, self._tick)
