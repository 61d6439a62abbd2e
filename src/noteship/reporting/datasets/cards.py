"""Columns as cards: what each holds, how much is missing, and how its values are spread."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from noteship.reporting.canvas import DAY_S, Easel
from noteship.reporting.datasets.bars import bars, number_of
from noteship.reporting.datasets.drawings import histogram, noted
from noteship.reporting.words import day, escaped, exact, number, percent, shown, when, within
from noteship.tabular.surveys import Counted, Drawn, Survey

__all__ = ["cards"]

# Ten lines of a wide page; the others are one click away. Of very many, only so many are drawn.
MOST_OPEN, MOST_DRAWN = 30, 200
MOST_BARS, MOST_WORDS = 7, 6
# Of a text, so many letters show what it is.
SHORT = 40
# Of a number below ten thousand, which has no groups of digits, so many characters are read at a glance.
UNGROUPED, SHORT_NUMBER = 10_000, 6
ROLES = {
    "number": "number",
    "whole": "whole number",
    "category": "category",
    "text": "text",
    "truth": "true or false",
    "time": "time",
}


def cards(easel: Easel, survey: Survey, faults: Mapping[str, Sequence[str]]) -> str:
    """All columns: the target first, then those with a problem. `faults`: by column, the titles of its problems."""
    both = list(zip(survey.counted, survey.drawn, strict=True))
    both.sort(key=lambda each: (each[0].name != survey.asked.target, each[0].name not in faults))
    made = [
        _card(easel if place < MOST_DRAWN else None, survey, (counted, drawn), faults.get(counted.name, ()))
        for place, (counted, drawn) in enumerate(both)
    ]
    told = f'<div class="cards">{"".join(made[:MOST_OPEN])}</div>'
    if len(made) > MOST_OPEN:
        rest = "".join(made[MOST_OPEN:])
        told += (
            f'<details><summary>{len(made) - MOST_OPEN} more columns</summary><div class="cards">{rest}</div></details>'
        )
    return told


def _card(easel: Easel | None, survey: Survey, given: tuple[Counted, Drawn], faults: Sequence[str]) -> str:
    counted, drawn = given
    is_target = counted.name == survey.asked.target
    kind = ROLES.get(counted.role, counted.sql_type.lower())
    tags = '<span class="tag">target</span> ' if is_target else ""
    tags += "".join(f'<span class="tag alarm">{escaped(fault)}</span> ' for fault in faults)
    chart = ""
    if counted.name in survey.asked.leave_out:
        chart = '<p class="facts-line">Its values are left out.</p>'
    elif counted.present:
        chart = _chart(easel, counted, drawn) + _line(_told(counted, drawn))
    return (
        f'<figure class="card{" target" if is_target else ""}"><figcaption><b>{escaped(counted.name)}</b>'
        f"<small>{escaped(kind, 40)}</small></figcaption>"
        + (f"<div>{tags}</div>" if tags else "")
        + _line(_counts(counted))
        + chart
        + "</figure>"
    )


def _line(told: str) -> str:
    return f'<p class="facts-line">{escaped(told, 400)}</p>' if told else ""


def _counts(counted: Counted) -> str:
    missing = "none missing" if not counted.missing else f"{number_of(counted.missing, counted.rows)} missing"
    if counted.role == "other":
        return missing
    about = "" if counted.is_exact else "about "
    different = "every value once" if counted.is_unique else f"{about}{counted.distinct:,} different"
    return f"{missing} · {different}"


def _chart(easel: Easel | None, counted: Counted, drawn: Drawn) -> str:
    if counted.has_classes:
        top = counted.top[:MOST_BARS]
        most = max((count for _, count in top), default=1) / max(1, counted.present)
        return bars(
            (
                # A number of two, such as 1.0, is one that is missing in some rows.
                (value.removesuffix(".0"), count / counted.present, number_of(count, counted.present))
                for value, count in top
            ),
            most=most,
        )
    if drawn.shape is None or easel is None:
        return ""
    is_text = counted.role == "text"
    chart = histogram(
        easel, counted.name, drawn.shape, is_time=counted.role == "time", is_whole=is_text or drawn.is_whole
    )
    if not is_text:
        return chart
    # Where all are of one length, which the line below says, a chart says nothing.
    told = f"{_line('Letters of a text:')}{chart}" if len(drawn.shape.counts) > 1 else ""
    if drawn.words:
        found = ((word, share, percent(share)) for word, share in drawn.words[:MOST_WORDS])
        told += f"{_line('Words that most texts have:')}{bars(found, most=drawn.words[0][1])}"
    return told


def _told(counted: Counted, drawn: Drawn) -> str:
    told = []
    if counted.role == "text":
        if drawn.first:
            told.append("such as " + ", ".join(f"“{shown(each, SHORT)}”" for each in drawn.first))
        told.append(f"{counted.mean_length:,.0f} letters on average, {counted.longest:,} at most")
    elif counted.has_classes:
        rest = counted.distinct - min(MOST_BARS, len(counted.top))
        if rest > 0:
            told.append(f"and {rest:,} more")
    elif counted.low is not None and counted.high is not None:
        amount = exact if drawn.is_whole else functools.partial(within, spread=counted.high - counted.low)
        own = functools.partial(_own, otherwise=amount)
        say = own if counted.role != "time" else day if _are_days(counted.low, counted.high) else when
        told.append(f"{_moment(counted.low, say)} to {_moment(counted.high, say)}")
        if drawn.quartiles is not None and counted.role != "time":
            low, middle, high = drawn.quartiles
            told.append(f"half are from {amount(low)} to {amount(high)}, the middle one is {amount(middle)}")
    if drawn.shape is not None and (note := noted(drawn.shape)):
        told.append(note)
    return "; ".join(told)


def _own(value: float, otherwise: Callable[[float], str]) -> str:
    """A value that the file has: as it is there, where that is short."""
    told = exact(value)
    return told if abs(value) < UNGROUPED and len(told) <= SHORT_NUMBER else otherwise(value)


def _are_days(low: float, high: float) -> bool:
    return low % DAY_S == high % DAY_S == 0


def _moment(value: float, say: object) -> str:
    try:
        return say(value)  # type: ignore[operator,no-any-return]
    except (OverflowError, OSError, ValueError):
        return number(value)
