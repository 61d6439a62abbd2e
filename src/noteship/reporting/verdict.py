"""How a model stands, in one sentence."""

from __future__ import annotations

from noteship.monitor.decision import Culprit, Decision, Share
from noteship.reporting.history import History
from noteship.reporting.words import duration, number, percent, shown, when

__all__ = ["about", "how_shared", "how_strong", "moved", "verdict"]

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
            told = f"Alarm since {since}, for {heard}: {moved(history.explained)}."
            if history.is_silent:
                told += f" Nothing was heard since {when(history.end)}."
        case "changing":
            told = f"Changing since {since}, and not an alarm yet: {moved(history.explained)}."
        case "unchanged":
            told = f"Unchanged since {since}: within the tolerance of the reference."
        case "learning":
            told = f"Learning since {since}: too little was seen to call it unchanged; a large change would ring."
        case "silent":
            ago = duration(history.now - history.end)
            told = f"Nothing heard since {when(history.end)}, {ago} ago; the last window before was: {last.state}."
        case _:
            told = f"Not enough data since {since}: {_too_few(last)}."
    return told


def about(detector: str) -> tuple[str, str]:
    """What a detector is about, and what is said where it moves; one of a newer version says its name alone."""
    name = shown(detector)
    return DETECTORS.get(detector, (name, f"“{name}” has moved"))


def _too_few(decision: Decision) -> str:
    """Why rows were not judged: there are none, few, or many that are alike within their requests."""
    rows = decision.judged_rows
    if not rows:
        return "no rows came"
    if rows == 1:
        return "1 row is too few to be judged, and will be with the next ones"
    independent = max(1, round(rows / decision.effect))
    alike = ""
    if independent < rows:
        alike = f", which say as much as {independent:,} independent {'one' if independent == 1 else 'ones'},"
    return f"{rows:,} rows{alike} are too few to be judged, and will be with the next ones"


def moved(decision: Decision | None) -> str:
    """What moved, where, and by how much; a name that is foreign is shown in one line."""
    if decision is None or not decision.drives:
        return "the evidence has reached the bell"
    told = about(decision.drives[0])[1]
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
    """A correlation, or another mean product.

    >>> how_strong(0.784), how_strong(-0.004), how_strong(12.3)
    ('+0.78', '0.00', '12.3')
    """
    if abs(value) >= 10:
        return number(value)
    told = f"{value:+.2f}"
    return "0.00" if not float(told) else told
