"""One thread that does work in order, off the event loop."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Worker"]

T = TypeVar("T")
_Item = tuple[Future[Any], Callable[[], Any], bool]


class Worker:
    """A daemon thread with a queue; what is submitted first is done first.

    Unlike an executor of the standard library, work that hangs does not keep the process from ending.
    """

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._began: float | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy_s(self) -> float:
        """For how long it has been at what it does now; 0 when it is idle, or that may take long."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def submit(self, work: Callable[[], T], *, may_take_long: bool = False) -> Future[T]:
        """Do this after all that was submitted before."""
        future: Future[T] = Future()
        self._queue.put((future, work, may_take_long))
        return future

    def close(self, timeout_s: float) -> None:
        """Finish what was submitted, or leave it after a time."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work, may_take_long = item
            if not future.set_running_or_notify_cancel():
                continue
            self._began = None if may_take_long else time.monotonic()
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            self._began = None
            # Until the next item comes, nothing of this one is kept alive by the thread.
            del future, work, item
