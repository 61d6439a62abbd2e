"""How a model stands, in one sentence."""

from __future__ import annotations

from noteship.monitor.decision import Culprit, Decision, Share
from noteship.reporting.history import History
from noteship.reporting.words import duration, number, percent, shown, when

__all__ = ["DETECTORS", "how_shared", "how_strong", "verdict"]

# What the parts of the evidence are about, and what is said where one of them moves.
DETECTORS = {
    "inputs": ("inputs jointly", "the inputs have moved"),
    "predictions": ("predictions", "the predictions have moved"),
    "joint": ("predictions for their inputs", "the predictions for inputs that are alike have moved"),
    "work": ("work", "the work that scoring takes has moved"),
    "correlations": ("columns together", "columns go together in another way"),
    "columns": ("single columns", "single columns have moved"),
}


def verdict(history: History) -> str:
    """The sentence, as plain text."""
    last = history.last
    if last is None or history.since is None:
        return "No window was closed yet, so nothing can be said."
    since = when(history.since)
    match history.standing:
        case "alarm":
            heard = duration(history.end - history.since)
            told = f"Alarm since {since}, for {heard}: {_moved(history.explained)}."
            if history.is_silent:
                told += f" Nothing was heard since {when(history.end)}."
        case "changing":
            told = f"Changing since {since}, and not an alarm yet: {_moved(history.explained)}."
        case "unchanged":
            told = f"Unchanged since {since}: within the tolerance of the reference."
        case "learning":
            told = f"Learning since {since}: too little was seen to call it unchanged; a large change would ring."
        case "silent":
            ago = duration(history.now - history.end)
            told = f"Nothing heard since {when(history.end)}, {ago} ago; the last window before was: {last.state}."
        case _:
            rows = f"{last.judged_rows:,} {'row' if last.judged_rows == 1 else 'rows'}"
            told = f"Not enough data since {since}: {rows} cannot be judged, and will be with the next ones."
    return told


def _moved(decision: Decision | None) -> str:
    """What moved, where, and by how much; a name that is foreign is shown in one line."""
    if decision is None or not decision.drives:
        return "the evidence has reached the bell"
    told = DETECTORS[decision.drives[0]][1]
    if decision.culprits:
        culprit = decision.culprits[0]
        named = f", “{shown(culprit.feature)}” most of all" if decision.drives[0] == "columns" else _also(culprit)
        return told + named + (f": {_held(culprit.shares[0])}" if culprit.shares else "")
    if decision.pairs and decision.drives[0] == "correlations":
        pair = decision.pairs[0]
        now, then = (how_strong(each) for each in (pair.window, pair.reference))
        return f"{told}: “{shown(pair.what)}” is {now} now, and {then} in the reference"
    return told + (f": {_held(decision.moved[0])}" if decision.moved else "")


def _also(culprit: Culprit) -> str:
    return f", and so has “{shown(culprit.feature)}”"


def _held(share: Share) -> str:
    now, then = how_shared(share)
    return f"“{shown(share.what)}” holds for {now} of the rows, and for {then} in the reference"


def how_shared(share: Share) -> tuple[str, str]:
    """Now and then."""
    return percent(share.window), percent(share.reference)


def how_strong(value: float) -> str:
    """A correlation, or another mean product."""
    return f"{value:+.2f}" if abs(value) < 10 else number(value)
