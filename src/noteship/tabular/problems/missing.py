"""Values that are not there: many, together, or more of some answers than of others."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy

from noteship.tabular.problems.problem import Problem, listed, said, share
from noteship.tabular.surveys import Looked
from noteship.tabular.surveys.coding import Array
from noteship.tabular.surveys.gaps import missing

__all__ = ["found"]

MANY = 0.3
# Of rows in which one of two is missing, so many lack both.
TOGETHER, FEWEST_ROWS, FEWEST_SHARE = 0.9, 5, 0.002
# Columns that are nearly always missing are missing together by necessity.
NEARLY_ALL = 0.9
# One false finding in a million tables, whatever the number of columns; and a difference that matters.
CHANCE, STRENGTH = 1e-6, 0.1


def found(looked: Looked) -> Iterator[Problem]:
    """All three."""
    yield from _many(looked)
    absent = missing(looked.sample.frame)
    yield from _together(looked, absent)
    yield from _by_target(looked, absent)


def _many(looked: Looked) -> Iterator[Problem]:
    most = [
        each for each in looked.survey.counted if each.missing_share >= MANY and each.name != looked.survey.asked.target
    ]
    if not most:
        return
    most.sort(key=lambda each: -each.missing)
    shares = [each.missing_share for each in most]
    among = share(shares[0]) if len(most) == 1 else f"{share(min(shares))} to {share(max(shares))}"
    verb = "lacks its value" if len(most) == 1 else "lack their values"
    yield Problem(
        "missing-many",
        tuple(each.name for each in most),
        f"{listed([each.name for each in most])} {verb} in {among} of the rows.",
        "What is filled in decides more than what is known. Find out why they are missing, or leave the column out.",
        f"{share(MANY)} of the rows",
    )


def _together(looked: Looked, absent: Array) -> Iterator[Problem]:
    names = [str(name) for name in looked.sample.frame.columns]
    counts = absent.sum(axis=0)
    rows = len(absent)
    open_ = [
        place
        for place in range(len(names))
        if max(FEWEST_ROWS, FEWEST_SHARE * rows) <= counts[place] <= NEARLY_ALL * rows
    ]
    while open_:
        first, *rest = open_
        group = [first]
        for place in rest:
            both = int((absent[:, first] & absent[:, place]).sum())
            either = int(counts[first] + counts[place]) - both
            # Had they nothing to do with each other, so many would lack both.
            expected = counts[first] * counts[place] / rows
            if both >= TOGETHER * either and both > expected + 6 * numpy.sqrt(expected + 1):
                group.append(place)
        open_ = [place for place in rest if place not in group]
        if len(group) > 1:
            where = absent[:, group].all(axis=1)
            yield Problem(
                "missing-together",
                tuple(names[place] for place in group),
                f"{listed([names[place] for place in group])} are missing together, in {int(where.sum()):,} "
                f"rows{said(looked)}.",
                "A join that found no partner, or a part of a form that was not filled in, looks like this.",
                f"of the rows that lack one of them, {share(TOGETHER)} lack both",
                numbers=tuple(int(each) for each in looked.sample.numbers[where][:5]),
                shown=tuple(names[place] for place in group[:5]),
            )


def _by_target(looked: Looked, absent: Array) -> Iterator[Problem]:
    target = looked.survey.target
    if target is None:
        return
    known = target.codes >= 0
    labels = target.codes[known]
    names = [str(name) for name in looked.sample.frame.columns]
    found = []
    for place, name in enumerate(names):
        lacking = absent[known, place]
        if name == target.name or not 10 <= lacking.sum() <= len(lacking) - 10:
            continue
        table = numpy.stack(
            [
                numpy.bincount(labels[~lacking], minlength=labels.max() + 1),
                numpy.bincount(labels[lacking], minlength=labels.max() + 1),
            ]
        )
        table = table[:, table.sum(axis=0) >= 5]
        if table.shape[1] < 2:
            continue
        expected = numpy.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        statistic = float(((table - expected) ** 2 / expected).sum())
        strength = math.sqrt(statistic / table.sum())
        if _chance(statistic, table.shape[1] - 1) < CHANCE / len(names) and strength >= STRENGTH:
            shares = table[1] / table.sum(axis=0)
            found.append((strength, name, float(shares.min()), float(shares.max())))
    for strength, name, low, high in sorted(found, reverse=True):
        kind = "classes" if target.kind == "classes" else "tenths"
        yield Problem(
            "missing-target",
            (name, target.name),
            f"Whether “{name}” is missing depends on “{target.name}”: {share(low)} to {share(high)} of the rows "
            f"lack it, by its {kind} "
            f"(Cramér's V {strength:.2f}){said(looked)}.",
            "Somebody knew the answer when the value was taken, or was not. Make sure that the gap is there in "
            "production, too.",
            f"a χ² test below one in a million over all columns, and a strength of {STRENGTH} at least",
        )


def _chance(statistic: float, freedom: int) -> float:
    """Of a χ² as large; to a factor of two where it matters (Wilson and Hilferty, 1931)."""
    spread = 2 / (9 * freedom)
    return math.erfc((math.cbrt(statistic / freedom) - (1 - spread)) / math.sqrt(2 * spread)) / 2
