"""Ends a stage that is cancelled, over its time or over its memory: interrupts it first, kills it if need be."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noteship.notebooks.execution.jobs import Job, Kind
from noteship.notebooks.execution.processes import Child

if TYPE_CHECKING:
    import psutil

__all__ = ["GRACE_S", "Guard", "interrupt", "kill"]

# What an interrupted cell gets to leave its `finally` blocks.
GRACE_S = 3.0
# Memory is looked at this often; a look costs a few milliseconds.
LOOK_EVERY_S = 0.2


@dataclass
class Guard:
    """Watches one child; `check` is to be called several times a second by the thread that runs the job."""

    job: Job
    child: Child
    cancel: threading.Event
    each_look: Callable[[], None]
    reason: Kind | None = None
    seen_bytes: int = 0
    started: float = field(default_factory=time.monotonic)
    _looked: float = 0.0
    _interrupted: float = 0.0

    def check(self) -> None:
        """Interrupt or kill the child where there is reason to; the reason is kept."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        self.each_look()
        if self.reason is None:
            self.reason = self._reason(now)
            if self.reason == "memory":
                kill(self.child)
            elif self.reason is not None:
                self._interrupted = now
                interrupt(self.child)
        elif now - self._interrupted > GRACE_S:
            kill(self.child)

    def _reason(self, now: float) -> Kind | None:
        if self.cancel.is_set():
            return "interrupted"
        if self.job.timeout_s is not None and now - self.started > self.job.timeout_s:
            return "timeout"
        if self.job.memory_bytes is not None and self.child.pid is not None:
            used = _used_bytes(self.child.pid, self.job.memory_bytes)
            self.seen_bytes = max(self.seen_bytes, used)
            if used > self.job.memory_bytes:
                return "memory"
        return None


def interrupt(child: Child) -> None:
    """Send what Ctrl-C would send to the child's process group."""
    if child.pid is not None and not child.exited:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGINT)


def kill(child: Child) -> None:
    """End the child and all that descends from it, also what has made a session of its own."""
    if child.pid is None or child.exited:
        return
    import psutil

    family = _family(child.pid)
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _family(pid: int) -> list[psutil.Process]:
    import psutil

    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _used_bytes(pid: int, limit_bytes: int) -> int:
    """Memory of the child and its descendants.

    Resident memory is quick to ask for and counts shared pages once for each process; only where that is over the limit
    are they counted in shares (PSS), which costs milliseconds for each GiB.
    """
    import psutil

    family = _family(pid)
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    if total <= limit_bytes:
        return total
    shared = 0
    for process in family:
        with contextlib.suppress(psutil.Error):
            info = process.memory_full_info()
            shared += getattr(info, "pss", info.rss)
    return shared
