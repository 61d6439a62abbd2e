"""A history that is of a file's rows, judged in the order of their times: every alarm counts, not how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noteship.monitor.deciding import FEWEST_ROWS
from noteship.monitor.decision import Decision, Word
from noteship.reporting.history import History, was_judged
from noteship.reporting.verdict import moved
from noteship.reporting.words import when

__all__ = ["Rehearsal", "alarms", "outcome", "sentence"]


@dataclass(frozen=True)
class Rehearsal:
    """Of which file the rows are, and whether evidence is gathered anew after each alarm."""

    path: str
    anew: bool = False

    @property
    def after_an_alarm(self) -> str:
        """What an alarm means where nobody settles it."""
        then = "after each alarm it is gathered anew" if self.anew else "the alarm goes on to the end"
        return f"the evidence has reached the bell; {then}"


def alarms(history: History) -> Sequence[Decision]:
    """The decisions with which an alarm began."""
    return [each for each in history.decisions if each.since == each.start]


def outcome(history: History) -> Word:
    """Whether there was an "alarm" at any time; else what the last window that was judged is."""
    judged = [each.state for each in history.decisions if was_judged(each)]
    return "alarm" if alarms(history) else judged[-1] if judged else "not enough data"


def sentence(history: History) -> str:
    """What came of it."""
    total, judged, rang = len(history.decisions), sum(map(was_judged, history.decisions)), alarms(history)
    windows = f"{total:,} {'window' if total == 1 else 'windows'} with rows"
    if judged < total:
        windows += f", judged in {judged:,} {'group' if judged == 1 else 'groups'} since small ones wait for the next"
    if rang:
        told = "One alarm" if len(rang) == 1 else f"{len(rang):,} alarms, the first"
        return f"{told} in the window of {when(rang[0].start)}; {windows}."
    match outcome(history):
        case "not enough data":
            return f"Not enough data: {FEWEST_ROWS:,.0f} rows can be judged, and all windows together have fewer."
        case "learning":
            return f"No alarm; {windows}. So few are a beginning: a large change would ring."
        case "changing":
            return f"No alarm; {windows}. But it is changing: {moved(history.explained)}."
        case _:
            return f"No alarm; {windows}."
