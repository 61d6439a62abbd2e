"""Events that stop work: one of its own for each piece of it, beneath the one that stops several."""

from __future__ import annotations

import threading
import time

__all__ = ["Beneath"]

# How often who waits looks whether the outer one was set.
LOOK_S = 0.1


class Beneath(threading.Event):
    """Set where it was set itself, or the one that it is beneath, which it never sets."""

    def __init__(self, outer: threading.Event) -> None:
        super().__init__()
        self._outer = outer

    def is_set(self) -> bool:
        """Whether either was set."""
        return super().is_set() or self._outer.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Until either is set, or `timeout` seconds have passed; whether it was set."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = LOOK_S if end is None else min(LOOK_S, end - time.monotonic())
            if left <= 0:
                return False
            super().wait(left)
        return True
