"""Says why a process ended that was not to end."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from noteship import errors
from noteship.notebooks.execution.jobs import Failure
from noteship.notebooks.execution.limits import Guard
from noteship.notebooks.execution.processes import Child

__all__ = ["died", "size", "stopped"]

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: float) -> str:
    """A number of bytes for a person.

    >>> size(3 << 29)
    '1.5 GiB'
    """
    unit = 0
    while count >= 1024 and unit < len(UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {UNITS[unit]}" if count >= 100 or unit == 0 else f"{count:.1f} {UNITS[unit]}"


def stopped(guard: Guard, place: Failure) -> Failure:
    """The failure of a stage that noteship ended."""
    job = guard.job
    if guard.reason == "timeout":
        message = f"it ran longer than its limit of {job.timeout_s:g} s"
        return replace(place, kind="timeout", message=message, remedy="give it more time, or less to do")
    if guard.reason == "memory":
        message = f"it used {size(guard.seen_bytes)} of memory, and its limit is {size(job.memory_bytes or 0)}"
        return replace(place, kind="memory", message=message, remedy="give it more memory, or less data at a time")
    return replace(place, kind="interrupted", message="it was interrupted", retryable=True)


def died(child: Child, place: Failure, stage: str) -> Failure:
    """The failure of a stage whose process ended by itself, or was ended by something else."""
    if child.unprepared:
        message = f"its process could not be prepared: {errors.cut(child.unprepared)}"
        return replace(place, kind="cluster", message=message, last_output="", retryable=True)
    code = os.waitstatus_to_exitcode(child.status or 0)
    if code >= 0:
        return replace(place, kind="kernel", message=f"its process ended itself with exit code {code}")
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    if -code == signal.SIGKILL:
        section = errors.stage_section(stage, "resources")
        remedy = f"look whether the system was out of memory (dmesg); {section} memory, as a limit, would say which"
        return replace(place, kind="kernel", message=f"its process was killed ({name})", remedy=remedy, retryable=True)
    return replace(place, kind="kernel", message=f"its process crashed ({name})")
