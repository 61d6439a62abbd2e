"""Waiting for what comes soon, or on a busy machine later."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]

# Longer than two workers need to start again beside other tests; what has not come by then will not.
PATIENCE_S = 120.0


def until(holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait for it, and fail where it does not come."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.05)
