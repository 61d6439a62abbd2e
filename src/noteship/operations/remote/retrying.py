"""Stages that are begun again: by what ended them, after longer and longer waits, a few times."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from noteship.notebooks import execution
from noteship.operations.executing import StageRuns

__all__ = ["ATTEMPT", "Again", "Retrying", "decided", "wait_s"]

# By this variable a stage's code finds out that it was begun before; its first time has none.
ATTEMPT = "NOTESHIP_ATTEMPT"
LONGEST_S = 60.0
# A wait is this much longer or shorter than said, by chance, so that what failed at once does not come back at once.
JITTER = 0.5


@dataclass(frozen=True)
class _Rule:
    """So many more times, and how long the first wait is; each next one is twice as long."""

    times: int
    first_s: float


# The pod went, whatever ran in it: another node, or the same one in a moment, may do.
_GONE = _Rule(3, 1.0)
# A registry that is away or asks to wait; one that has not what was pushed a moment ago.
_PULL = _Rule(2, 10.0)
# The store or the cluster's API did not answer.
_AWAY = _Rule(3, 3.0)
RULES: Mapping[str, _Rule] = {
    **dict.fromkeys(("disrupted", "evicted", "node-unready", "terminated", "lost", "ended", "computing-gone"), _GONE),
    **dict.fromkeys(("registry-busy", "registry-unreachable", "image-missing"), _PULL),
    **dict.fromkeys(("noteship-error", "unreachable"), _AWAY),
}


@dataclass(frozen=True)
class Again:
    """The next time: after so many seconds, without chance; with this much memory where that is another."""

    after_s: float
    memory_bytes: int | None = None


def decided(
    failure: execution.Failure, failed: int, memory_bytes: int | None = None, most_bytes: int | None = None
) -> Again | None:
    """Whether a job is begun again that has failed for the `failed`th time, from 1; pure.

    Code that fails, or takes too long, fails again, and is not begun again. One that had too little memory is where
    `most_bytes` lets it have more: twice as much each time. What the cluster did is nobody's fault, a few times.
    """
    if failure.kind in ("code", "timeout", "interrupted"):
        return None
    if failure.kind == "memory":
        if memory_bytes is None or most_bytes is None or memory_bytes >= most_bytes:
            return None
        return Again(_GONE.first_s, min(2 * memory_bytes, most_bytes))
    rule = RULES.get(failure.cause)
    if rule is None or failed > rule.times or not failure.retryable:
        return None
    return Again(min(rule.first_s * 2 ** (failed - 1), LONGEST_S))


def wait_s(again: Again, chance: float) -> float:
    """How long to wait; `chance` is from 0 to 1.

    >>> wait_s(Again(10.0), 0.0), wait_s(Again(10.0), 1.0)
    (5.0, 15.0)
    """
    return again.after_s * (1 - JITTER + 2 * JITTER * chance)


@dataclass(frozen=True)
class Retrying:
    """Runs jobs by another runner, and begins them again as `decided` says.

    `most` is how much memory a stage may have in bytes, where it may have more than it first gets.
    """

    runner: StageRuns
    most: Mapping[str, int] = field(default_factory=dict)
    chance: Callable[[], float] = random.random

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        """Run one document, as often as makes sense; the last time is what came of it, with notes on those before."""
        failures: list[execution.Failure] = []
        seconds = 0.0
        while True:
            done = self.runner.run(_attempt(job, len(failures) + 1), cancel, progress)
            seconds += done.seconds
            again = self._again(job, done.failure, len(failures) + 1)
            if done.failure is None or again is None or cancel.is_set():
                return replace(done, notes=(*done.notes, *_told(failures)), seconds=seconds)
            failures.append(done.failure)
            after_s = wait_s(again, self.chance())
            progress(execution.Progress(job.stage, waits=f"begins again in {after_s:.0f} s: {done.failure.message}"))
            cancel.wait(after_s)
            if again.memory_bytes:
                job = replace(job, memory_bytes=again.memory_bytes)

    def close(self) -> None:
        """End all that still runs."""
        self.runner.close()

    def _again(self, job: execution.Job, failure: execution.Failure | None, failed: int) -> Again | None:
        return decided(failure, failed, job.memory_bytes, self.most.get(job.stage)) if failure else None


def _attempt(job: execution.Job, number: int) -> execution.Job:
    """The first time is the job itself, so that whoever comes back to it finds it under way."""
    return job if number == 1 else replace(job, environment={**job.environment, ATTEMPT: str(number)})


def _told(failures: list[execution.Failure]) -> Iterator[str]:
    for each in failures:
        yield f"it was begun again: {each.message}"
