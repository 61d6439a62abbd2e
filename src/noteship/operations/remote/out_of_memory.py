"""Whether a process of this pod was killed as the pod's memory was used up, and a stage's failure that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from noteship.errors import stage_section
from noteship.notebooks import execution

__all__ = ["EVENTS", "told", "was_killed"]

# What the kernel counts for the container that this runs in, in both versions of control groups.
EVENTS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


def told(done: execution.Execution, stage: str, events: Iterable[Path] = EVENTS) -> execution.Execution:
    """What came of a stage; where its process alone was killed for the pod's memory, with that as its failure."""
    failure = done.failure
    if failure is None or failure.kind != "kernel" or not was_killed(events):
        return done
    message = "it used more memory than its pod may, and was killed"
    remedy = f"raise memory in {stage_section(stage, 'resources')}, or give it less data at a time"
    found = replace(failure, kind="memory", message=message, remedy=remedy, retryable=False, cause="out-of-memory")
    return replace(done, failure=found)


def was_killed(events: Iterable[Path] = EVENTS) -> bool:
    """Whether the kernel ended any process of this container for its memory; False where it does not say."""
    for path in events:
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        counted = dict(line.split(" ", 1) for line in lines if " " in line)
        return counted.get("oom_kill", "0") != "0"
    return False
