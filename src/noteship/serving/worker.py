"""One thread that does work in order, off the event loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Worker"]

T = TypeVar("T")


class Worker:
    """A daemon thread with a queue; what is submitted first is done first.

    Unlike an executor of the standard library, work that hangs does not keep the process from ending.
    """

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How much work waits, about."""
        return self._queue.qsize()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Do this after all that was submitted before."""
        future: Future[T] = Future()
        self._queue.put((future, work))
        return future

    def close(self, timeout_s: float) -> None:
        """Finish what was submitted, or leave it after a time."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            # Until the next item comes, nothing of this one is kept alive by the thread.
            del future, work, item
