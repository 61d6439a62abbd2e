"""Windows as marks on a time line: one each, or several together where there are too many to see."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from noteship.monitor.decision import Accuracy, Decision, Work
from noteship.reporting.history import History, Standing

__all__ = ["MOST_MARKS", "Mark", "gaps", "marks"]

# A page is a thousand points wide.
MOST_MARKS = 1_000
# Of windows that are shown as one, the one is shown that matters most.
WORST: tuple[Standing, ...] = ("unchanged", "learning", "not enough data", "changing", "alarm")


@dataclass(frozen=True)
class Mark:
    """From start to end, in seconds since 1970. log_r: the evidence; None where nothing is, or was judged."""

    start: int
    end: int
    state: Standing
    log_r: float | None
    rows: int
    requests: int
    accuracy: Accuracy | None
    work: Work | None

    @property
    def middle(self) -> float:
        """In time."""
        return (self.start + self.end) / 2


def marks(history: History) -> tuple[list[Mark], int]:
    """Those of a time line, and for how many windows each stands at most: the worst of them, and all their rows."""
    size = -(-len(history.windows) // MOST_MARKS) or 1
    decisions, seconds = history.decisions, history.settings.window_s
    # By time, so that none has windows from before and after a gap.
    groups = itertools.groupby(decisions, key=lambda each: (each.start - decisions[0].start) // (size * seconds))
    return _held([_mark(tuple(group), seconds) for _, group in groups], history), size


def _held(shown: Iterable[Mark], history: History) -> list[Mark]:
    """An alarm goes on through windows without evidence, which leave it as it is."""
    before = (each.decision.log_total for each in reversed(history.rang))
    last = next((each for each in before if each is not None), math.log(history.settings.threshold))
    held = []
    for mark in shown:
        last = last if mark.log_r is None else mark.log_r
        held.append(replace(mark, log_r=last) if mark.state == "alarm" else mark)
    return held


def _mark(group: Sequence[Decision], seconds: int) -> Mark:
    worst = max(group, key=lambda each: (WORST.index(each.state), _evidence(each)))
    return Mark(
        group[0].start,
        group[-1].start + seconds,
        worst.state,
        max((each.log_total for each in group if each.log_total is not None), default=None),
        sum(each.rows for each in group),
        sum(each.requests for each in group),
        worst.accuracy,
        worst.work,
    )


def _evidence(decision: Decision) -> float:
    return -1e300 if decision.log_total is None else decision.log_total


def gaps(history: History) -> list[tuple[float, float]]:
    """From when to when no window was closed, though one could have been."""
    seconds = history.settings.window_s
    starts = [each.start for each in history.decisions]
    found = [(float(one + seconds), float(two)) for one, two in itertools.pairwise(starts) if two - one > seconds]
    if history.is_silent:
        found.append((history.end, history.now))
    return found
