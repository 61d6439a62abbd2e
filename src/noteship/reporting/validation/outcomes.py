"""What came of a judging: how it looks, by colour and by shape, and the sentence that says it."""

from __future__ import annotations

from noteship.reporting.states import Look
from noteship.reporting.validation.telling import estimated, words_of
from noteship.reporting.words import number, shown
from noteship.validation.judgement import Judgement

__all__ = ["look_of", "verdict", "what_it_means"]

# A tick within a circle.
TICK = "M10 1.5a8.5 8.5 0 1 0 .01 0zM5.8 10.3l3 3l5.6 -6.2l-1.4 -1.2l-4.3 4.8l-1.7 -1.7z"
PASSED = Look("passed", "", "#009E73", "o", TICK)
FAILED = Look("failed", "", "#D55E00", "D", "M10 0.5l9.5 9.5l-9.5 9.5l-9.5 -9.5zM9 5v6h2v-6zM9 12.5v2h2v-2z")
UNGATED = Look("judged, without gates", "", "#0072B2", "s", "M3 3h14v14h-14zM6 9v2h8v-2z")
# Of a sentence that everybody reads.
LONGEST = 300


def look_of(judgement: Judgement) -> Look:
    """A judgement that no gate had a word in is no praise of the model."""
    if not judgement.passed:
        return FAILED
    return PASSED if judgement.gates else UNGATED


def verdict(judgement: Judgement) -> str:
    """One sentence or two, as plain text: whether it passed or what it failed on, and how good it is."""
    told = f"{_passed(judgement) if judgement.passed else _failed(judgement)}. {_how_good(judgement)}"
    # Foreign text in it is in one line.
    return shown(told, 1_000)


def what_it_means(judgement: Judgement) -> str:
    """What follows, and who was judged, as plain text."""
    who = "Judged was a clone of the bundle that had not seen these rows"
    if judgement.judged == "bundle":
        who = "Judged was the bundle itself, not a clone fitted without these rows"
    if judgement.passed:
        may = "this bundle may be promoted" if judgement.gates else "no gate asked for anything, so it may be promoted"
    else:
        may = "this bundle is promoted only by an override, with a reason that stays on record"
    return f"{who}; {may}."


def _passed(judgement: Judgement) -> str:
    count = len(judgement.gates)
    match count:
        case 0:
            return "Judged, without gates"
        case 1:
            return "Passed its only gate"
        case 2:
            return "Passed both gates"
        case _:
            return f"Passed all {count} gates"


def _failed(judgement: Judgement) -> str:
    """By what: a fault beside the gates comes first, since no gate makes up for it."""
    missed = [each for each in judgement.gates if not each.passed]
    reasons = [shown(each, LONGEST).rstrip(".") for each in judgement.failures]
    if missed:
        count = len(judgement.gates)
        of = "its only gate" if count == 1 else f"{len(missed)} of {count} gates"
        first = "" if len(missed) == 1 else " the first is"
        reasons.append(f"{of},{first} {shown(missed[0].expression)}: {shown(missed[0].told, LONGEST)}")
    return f"Failed: {'; and '.join(reasons) or 'why is not said'}"


def _how_good(judgement: Judgement) -> str:
    """The main metric, on how many rows, and next to the champion."""
    name = judgement.metric
    main = judgement.metrics.get(name)
    rows = judgement.split.held_rows
    of = f"on {rows:,} held-out {'row' if rows == 1 else 'rows'}"
    if main is None:
        return f"Its main metric {name} has no value {of}."
    told = f"{_subject(words_of(name, judgement))} is {estimated(name, main)} {of}"
    champion = judgement.champion
    difference = champion.differences.get(name) if champion else None
    if difference is not None:
        is_chance = not (champion is not None and champion.p < judgement.level)
        told += f", {_next_to(difference.value, difference.low, difference.high, is_chance=is_chance)}"
    return f"{told}."


def _next_to(value: float, low: float, high: float, *, is_chance: bool) -> str:
    if not is_chance and (low > 0 or high < 0):
        return f"{number(abs(value))} {'above' if low > 0 else 'below'} the champion's"
    return "and not to be told from the champion's"


def _subject(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"
