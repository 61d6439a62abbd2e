"""Which workers watch a version now, as far as what they have written tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from noteship import monitor, reporting
from noteship.monitor.living import is_heard

__all__ = ["living"]


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
            is_here = is_heard(boot, heard, history.now)
        else:
            is_here = boot.started >= begun or boot.name in told
        if is_here and boot.ended is None:
            found.append(boot)
    return found
