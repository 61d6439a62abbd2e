"""What stops work: Ctrl-C, and events: one of its own for each piece, beneath the one that stops several."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Beneath", "first_signal", "how_ended"]

# How often who waits looks whether the outer one was set.
LOOK_S = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM)


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


@contextmanager
def first_signal(heard: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C call `heard` with its name, and not break into the middle of a step; the second breaks.

    SIGTERM is the same for who has it raise KeyboardInterrupt. In another thread than the main one, nothing is changed.
    """
    here = threading.current_thread() is threading.main_thread()
    taken = [each for each in SIGNALS if here and signal.getsignal(each) is signal.default_int_handler]

    def give_back() -> None:
        for each in taken:
            signal.signal(each, signal.default_int_handler)

    def once(number: int, _frame: object) -> None:
        give_back()
        heard(signal.Signals(number).name)

    for each in taken:
        signal.signal(each, once)
    try:
        yield
    finally:
        give_back()


def how_ended(code: int) -> str:
    """How a process ended, in words, by its exit code; below 0 it was a signal.

    >>> how_ended(3), how_ended(-9)
    ('it ended with 3', 'it was ended by SIGKILL')
    """
    if code >= 0:
        return f"it ended with {code}"
    return f"it was ended by {signal.Signals(-code).name if -code in set(signal.Signals) else f'signal {-code}'}"
