"""Keys that runs of one process are at work on, so that two of them never do the same work at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable

__all__ = ["Flights"]

# How often who waits looks whether it is to stop.
LOOK_S = 0.1


class Flights:
    """Shared by runs that go on side by side; who comes second waits, and then finds the result."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._keys: set[str] = set()

    def begin(self, key: str, cancel: threading.Event) -> bool:
        """Take a key, once nobody else has it, and say whether it was taken: not when `cancel` is set."""
        with self._changed:
            while key in self._keys:
                if cancel.is_set():
                    return False
                self._changed.wait(LOOK_S)
            self._keys.add(key)
            return True

    def end(self, keys: Iterable[str]) -> None:
        """Give keys back: what was made under them is in the ledger, or is not going to be."""
        with self._changed:
            self._keys.difference_update(keys)
            self._changed.notify_all()
