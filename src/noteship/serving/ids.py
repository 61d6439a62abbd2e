"""Request ids: unique anywhere, and ordered in time within a process."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable

__all__ = ["RequestIds"]

# RFC 9562, section 5.7: 48 bits of milliseconds, then 12 bits that section 6.2, method 3, lets hold their fraction.
FRACTION_BITS = 12
RANDOM_BITS = 62
NS_PER_MS = 1_000_000


class RequestIds:
    """Makes UUIDs of version 7; each is greater than the one before, also when the clock is set back.

    May be called from several threads. Cost: about 2 microseconds.
    """

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._last = 0
        self._lock = threading.Lock()

    def make(self) -> str:
        """The next id, in the usual 36 characters."""
        milliseconds, rest_ns = divmod(self._clock_ns(), NS_PER_MS)
        now = milliseconds << FRACTION_BITS | (rest_ns << FRACTION_BITS) // NS_PER_MS
        with self._lock:
            self._last = moment = max(now, self._last + 1)
        high = (moment >> FRACTION_BITS) << 16 | 7 << 12 | moment & 0xFFF
        low = 0b10 << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        return str(uuid.UUID(int=(high & (1 << 64) - 1) << 64 | low))
