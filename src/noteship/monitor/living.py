"""Which workers can still be expected to tell of windows, by what they have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from noteship.monitor.pieces import Boot

__all__ = ["SILENT_AFTER", "is_heard", "lengths"]

# Of a worker that says nothing of its end: so many windows without a word, and it was killed.
SILENT_AFTER = 3


def is_heard(boot: Boot, heard: Mapping[str, int], now: float) -> bool:
    """Whether it has begun, or told of a window, a moment ago. A piece stays until the next window is closed."""
    last = heard.get(boot.name)
    since = boot.started if last is None else last + boot.seconds
    return now - since <= SILENT_AFTER * boot.seconds


def lengths(boots: Sequence[Boot], heard: Mapping[str, int], now: float) -> set[int]:
    """How long the windows of those are that live, in seconds; who has ended, or was killed, waits for nobody."""
    return {boot.seconds for boot in boots if boot.ended is None and is_heard(boot, heard, now)}
