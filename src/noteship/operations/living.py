"""Which workers watch a version now, as far as what they have written tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from noteship import monitor, reporting

__all__ = ["lengths", "living"]

# Of a worker whose windows nobody here closes: so many of them without a word, and it was killed.
SILENT_AFTER = 3


def living(boots: Sequence[monitor.Boot], heard: Mapping[str, int], history: reporting.History) -> list[monitor.Boot]:
    """Workers that have told of the last window, or began after it: one that was killed never says that it ended.

    `heard`: the last window of which each has written a piece, by its name.
    """
    begun = history.now - 2 * history.settings.window_s
    told: set[str] = set()
    if history.last is not None:
        begun = max(begun, history.end)
        if not history.is_silent:
            told = {member.rpartition("-")[0] for member in history.last.members}
    found = []
    for boot in boots:
        if boot.seconds != history.settings.window_s:
            is_here = _is_heard(boot, heard, history.now)
        else:
            is_here = boot.started >= begun or boot.name in told
        if is_here and boot.ended is None:
            found.append(boot)
    return found


def lengths(boots: Sequence[monitor.Boot], heard: Mapping[str, int], now: float) -> set[int]:
    """How long the windows of those are that live, in seconds; who has ended, or was killed, waits for nobody."""
    return {boot.seconds for boot in boots if boot.ended is None and _is_heard(boot, heard, now)}


def _is_heard(boot: monitor.Boot, heard: Mapping[str, int], now: float) -> bool:
    """Whether it has begun, or told of a window, a moment ago. A piece stays until the next window is closed."""
    last = heard.get(boot.name)
    since = boot.started if last is None else last + boot.seconds
    return now - since <= SILENT_AFTER * boot.seconds
