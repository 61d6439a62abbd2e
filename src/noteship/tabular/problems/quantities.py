"""Numbers and times beyond reason, marks for what is missing, and columns that hold one value."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy

from noteship.tabular.problems.problem import Problem, is_id, listed, quoted, rows, said, share
from noteship.tabular.surveys import Counted, Looked
from noteship.tabular.surveys.coding import Array, numbers
from noteship.tabular.surveys.repeats import rows_of

__all__ = ["found"]

FEWEST_ROWS = 20
SAME = 0.99
# What is rare may tell much, but of fewer rows nothing can be learnt: a share of 30 has a standard error of 9 %.
FEW_OTHERS = 30
OF_CONSTANTS = {
    "few": "They say next to nothing, and what is learnt from the few others is chance. Leave them out.",
    "family": "They are of many columns of one kind, such as the edge of a picture: no harm, and no use.",
    "rare": "What is rare may tell much, or nothing. Look at what the other rows have in common before it is left out.",
}
# So many columns of one name and a number are measurements of one kind, such as the points of a picture.
FAMILY = 10
NINES = [9, 99, 999, 9_999, 99_999, 999_999, 9_999_999, 777, 7_777, 888, 8_888, 1e9, 1e10, 2**31 - 1, 2**63, 1e30, 1e99]
MARKS = frozenset([-1.0, -(2.0**31), *NINES, *(-each for each in NINES)])
# A mark comes again and again, further from its neighbour than its neighbours are from each other.
OFTEN, FAR = 3, 10.0
NEIGHBOURS = 10
# Further away than all others are wide, by so much where they are too few to tell how far they are from each other.
WIDE, FEW_WIDE, FEWEST_OTHERS = 1.0, 10.0, 3
# A value that is alone, so many times the width of all others away from them.
BEYOND, BETWEEN = 100.0, 3.0
UNLIKELY = 10_000
YEARS = (1900, 2100)
EPOCH_S = 0.0


def found(looked: Looked) -> Iterator[Problem]:
    """By column; columns with one value together."""
    yield from _constant(looked)
    for each in looked.survey.counted:
        if each.infinite:
            name = looked.table.quoted(each.name)
            yield Problem(
                "infinite",
                (each.name,),
                f"{rows(each.infinite)} {'has' if each.infinite == 1 else 'have'} an infinite number in “{each.name}”.",
                "A division by zero, mostly. Most models refuse it; make it missing, or mend the division.",
                "any",
                numbers=rows_of(looked.table, f"isinf(CAST({name} AS DOUBLE))"),
                shown=(each.name,),
            )
        if each.role in ("number", "whole") and each.name != looked.survey.asked.target and not is_id(each):
            yield from _far(looked, each)
        if each.role == "time":
            yield from _times(looked, each)


def _constant(looked: Looked) -> Iterator[Problem]:
    if looked.survey.rows < FEWEST_ROWS:
        return
    same: dict[str, list[tuple[str, float]]] = {"few": [], "family": [], "rare": []}
    families = Counter(_stem(each.name) for each in looked.survey.counted)
    for each in looked.survey.counted:
        if each.role == "other" or not each.present or each.name == looked.survey.asked.target:
            continue
        counts = looked.sample.frame[each.name].value_counts()
        part = float(counts.iloc[0]) / len(looked.sample.frame) if len(counts) else 0.0
        if each.is_exact:
            # Numbers of more digits than the sample's have may be equal there alone.
            part = min(part, 1 - (each.distinct - 1) / each.present)
        if part >= SAME:
            others = (1 - part) * looked.survey.rows
            how = "family" if families[_stem(each.name)] >= FAMILY else "few" if others < FEW_OTHERS else "rare"
            same[how].append((each.name, part))
    for how, named in same.items():
        if not named:
            continue
        names, shares = [name for name, _ in named], [part for _, part in named]
        among = "every row" if min(shares) == 1 else f"{share(min(shares))} of the rows or more"
        yield Problem(
            "constant",
            tuple(names),
            f"{listed(names)} {'has' if len(names) == 1 else 'have'} one value in {among}{said(looked)}.",
            OF_CONSTANTS[how],
            f"one value in {share(SAME)} of the rows; a remark from {FEW_OTHERS} other rows on, and for {FAMILY} "
            "columns or more of one name and a number",
            level="problem" if how == "few" else "remark",
        )


def _stem(name: str) -> str:
    return re.sub(r"\d.*", "", name, flags=re.DOTALL) if re.search(r"\d", name) else f"{name}!"


def _far(looked: Looked, counted: Counted) -> Iterator[Problem]:
    """Marks at either end, else single values beyond all others."""
    known = numbers(looked.sample.frame[counted.name])
    known = known[~numpy.isnan(known)]
    if len(known) < FEWEST_ROWS:
        return
    values, counts = numpy.unique(known, return_counts=True)
    inner, marked = _without_marks(values, counts)
    for value, count in marked:
        name = looked.table.quoted(counted.name)
        text = f"{value:.17g}"
        told = quoted(looked, counted.name, text)
        span = (
            ""
            if counted.name in looked.survey.asked.leave_out
            else f" All others are from {inner[0]:,.6g} to {inner[-1]:,.6g}."
        )
        yield Problem(
            "sentinel",
            (counted.name,),
            f"“{counted.name}” is {told} in {rows(count)}{said(looked)}, far from all other values.{span}",
            "It looks like a mark for what is not known, and would be learnt from as a number. Make it missing, "
            "unless it is a cap.",
            f"a number that is used as a mark, at an end, {OFTEN} times or more, {FAR:.0f} times further away than its "
            "neighbours are from each other; as often as they are, unless it is further away than all others are wide, "
            f"or they have no gaps; beside fewer than {NEIGHBOURS} other values, {FEW_WIDE:.0f} times as far",
            numbers=rows_of(looked.table, f"CAST({name} AS DOUBLE) = ?", value),
            shown=(counted.name,),
        )
    yield from _outliers(looked, counted, inner, {value for value, _ in marked})


def _without_marks(values: Array, counts: Array) -> tuple[Array, list[tuple[float, int]]]:
    marked: list[tuple[float, int]] = []
    looking = True
    while looking and len(values) > FEWEST_OTHERS:
        looking = False
        for end in (0, -1):
            if _is_mark(values, counts, end):
                marked.append((float(values[end]), int(counts[end])))
                inside = slice(1, None) if end == 0 else slice(None, -1)
                values, counts = values[inside], counts[inside]
                looking = True
                break
    return values, marked


def _is_mark(values: Array, counts: Array, end: int) -> bool:
    if float(values[end]) not in MARKS or counts[end] < OFTEN:
        return False
    # From the end inwards.
    inwards, often = (values, counts) if end == 0 else (values[::-1], counts[::-1])
    gap, width = abs(float(inwards[1] - inwards[0])), abs(float(inwards[-1] - inwards[1]))
    if len(values) <= NEIGHBOURS:
        return gap > FEW_WIDE * width
    near, beside = inwards[1 : NEIGHBOURS + 2], often[1 : NEIGHBOURS + 2]
    steps = numpy.abs(numpy.diff(near))
    typical, largest = float(numpy.median(steps)), float(steps.max())
    if gap < FAR * typical or gap <= 2 * largest:
        return False
    # Of few rows the outermost are far from each other, unless the mark is beyond all of them, or they are dense.
    is_far = gap > WIDE * width or gap >= FAR * largest
    return is_far or bool(counts[end] >= float(numpy.median(beside)))


def _outliers(looked: Looked, counted: Counted, inner: Array, marks: set[float]) -> Iterator[Problem]:
    """Values that no scale would hold, but marks: a hundred times the width of the inner 99 % away, and alone there."""
    low, high = (float(each) for each in numpy.quantile(inner, [0.005, 0.995]))
    width = high - low
    if width <= 0 or counted.low is None or counted.high is None:
        return
    name = f"CAST({looked.table.quoted(counted.name)} AS DOUBLE)"
    for value, edge, sign in ((counted.low, low, "<="), (counted.high, high, ">=")):
        bound = edge + (BEYOND * width if sign == ">=" else -BEYOND * width)
        is_beyond = value >= bound if sign == ">=" else value <= bound
        if not is_beyond or value in marks or _is_long_tailed(inner, value):
            continue
        if _is_heavy_tailed(inner[(inner > low - BEYOND * width) & (inner < high + BEYOND * width)], value):
            continue
        # A tail that goes on and on has others on the way.
        between = (
            (inner > high + BETWEEN * width) & (inner < bound)
            if sign == ">="
            else (inner < low - BETWEEN * width) & (inner > bound)
        )
        if between.any():
            continue
        count = int(looked.table.ask(f"count(*) FILTER (isfinite({name}) AND {name} {sign} ?)", bound)[0][0])
        told = quoted(looked, counted.name, f"{value:.6g}")
        yield Problem(
            "outlier",
            (counted.name,),
            f"{rows(count)} of “{counted.name}” {'is' if count == 1 else 'are'} beyond reason: up to {told}, "
            "where the inner 99 % of its "
            f"values are {width:,.4g} wide."
            if counted.name not in looked.survey.asked.leave_out
            else f"{rows(count)} of “{counted.name}” {'is' if count == 1 else 'are'} beyond reason.",
            "A slip of a point or a unit, mostly. One such value moves every mean. Mend it, or make it missing.",
            f"{BEYOND:.0f} times the width of the inner 99 %, with none on the way, and beyond what a power law makes "
            "of the others; of positive values three decades beyond them",
            numbers=rows_of(looked.table, f"isfinite({name}) AND {name} {sign} ?", bound),
            shown=(counted.name,),
        )


def _is_long_tailed(inner: Array, value: float) -> bool:
    """Whether, of positive values, the far one is within what decades make of the others."""
    positive = inner[inner > 0]
    if value <= 0 or len(positive) < 0.9 * len(inner):
        return False
    low, high = numpy.quantile(numpy.log10(positive), [0.005, 0.995])
    return bool(numpy.log10(value) < high + max(3.0, 2 * (high - low)))


def _is_heavy_tailed(inner: Array, value: float) -> bool:
    """Whether a power law through the distances from the middle would hold one as far, of as many rows.

    From the median of the distances to the value that 1 in 200 is beyond there are two decades of rows; the law goes on
    like that to one row in `UNLIKELY` tables as large.
    """
    middle = float(numpy.median(inner))
    distances = numpy.abs(inner - middle)
    distances = distances[distances > 0]
    if len(distances) < FEWEST_ROWS:
        return False
    half, outer = (float(each) for each in numpy.log10(numpy.quantile(distances, [0.5, 0.995])))
    decades = max(0.0, math.log10(len(distances) / 200 * UNLIKELY))
    return math.log10(abs(value - middle)) < outer + (outer - half) / 2 * decades


def _times(looked: Looked, counted: Counted) -> Iterator[Problem]:
    known = numbers(looked.sample.frame[counted.name])
    known = known[~numpy.isnan(known)]
    if len(known) < FEWEST_ROWS or counted.low is None or counted.high is None:
        return
    low, high = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp() for year in YEARS)
    middle = (
        numpy.quantile(known[(known >= low) & (known < high) & (known != EPOCH_S)], [0.1, 0.5])
        if _within(known, low, high)
        else None
    )
    if middle is None:
        return
    name = f"epoch(CAST({looked.table.quoted(counted.name)} AS TIMESTAMP))"
    conditions: list[tuple[str, str]] = []
    if counted.low < low:
        conditions.append((f"{name} < {low}", f"before {YEARS[0]}"))
    if counted.high >= high:
        conditions.append((f"{name} >= {high}", f"after {YEARS[1]}"))
    # Years before the others, and come again: a clock that was never set, or a zero read as a time.
    if (known == EPOCH_S).sum() > 1 and middle[0] > 5 * 365 * 86_400:
        conditions.append((f"{name} = 0", "exactly 1970-01-01"))
    if not conditions:
        return
    whole = " OR ".join(f"({condition})" for condition, _ in conditions)
    counts = looked.table.ask(", ".join(f"count(*) FILTER ({condition})" for condition, _ in conditions))[0]
    told = ", ".join(f"{int(count):,} {words}" for count, (_, words) in zip(counts, conditions, strict=True))
    yield Problem(
        "times",
        (counted.name,),
        f"“{counted.name}” has times beyond reason: {told}.",
        "Such times stand for none, or were read wrongly. Make them missing.",
        f"before {YEARS[0]} or after {YEARS[1]} where most are between; or 1970-01-01, twice or more, years "
        "before nearly all",
        numbers=rows_of(looked.table, whole),
        shown=(counted.name,),
    )


def _within(known: Any, low: float, high: float) -> bool:
    """Whether most times are such as happen now."""
    return bool(((known >= low) & (known < high) & (known != EPOCH_S)).mean() > 0.5)
