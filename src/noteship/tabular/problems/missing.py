"""Values that are not there: many, together, or more of some answers than of others."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

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
LEAST_OF_CLASS = 5


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
        without = numpy.bincount(labels[lacking], minlength=labels.max() + 1)
        sizes = numpy.bincount(labels)
        without, sizes = without[sizes >= LEAST_OF_CLASS], sizes[sizes >= LEAST_OF_CLASS]
        if len(sizes) < 2:
            continue
        strength = _strength(without, sizes)
        if strength >= STRENGTH and _chance(without, sizes) < CHANCE / len(names):
            shares = without / sizes
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
            "an exact test of each class against the rest, below one in a million over all columns, and a strength of "
            f"{STRENGTH} at least",
        )


def _strength(without: Array, sizes: Array) -> float:
    """Cramér's V of whether a value is missing and the class, of which one side has two values."""
    part = without.sum() / sizes.sum()
    if part in (0, 1):
        return 0.0
    expected = part * sizes
    return math.sqrt(float(((without - expected) ** 2 / expected).sum()) / (1 - part) / sizes.sum())


def _chance(without: Array, sizes: Array) -> float:
    """Of so many or so few gaps in the oddest class, by Fisher's exact test of each class against the rest.

    χ² says too little here: of ten gaps and a class of ten of 1,000 rows its tail is too light by a factor of 1,000.
    """
    least = min(map(_exact, without, sizes, [int(without.sum())] * len(sizes), [int(sizes.sum())] * len(sizes)))
    # Of two classes, one says what the other does.
    return min(1.0, least * (1 if len(sizes) == 2 else len(sizes)))


@functools.lru_cache(maxsize=4)
def _factorials(most: int) -> Array:
    """Their logarithms, from that of 0."""
    return numpy.concatenate([[0.0], numpy.cumsum(numpy.log(numpy.arange(1, most + 1)))])


def _exact(count: int, size: int, gaps: int, rows: int) -> float:
    """Twice the smaller tail of the hypergeometric law: of `rows` rows, `size` are drawn, and `gaps` lack a value."""
    possible = numpy.arange(max(0, size + gaps - rows), min(size, gaps) + 1)
    log = _factorials(rows)

    def ways(of: Any, taken: Any) -> Any:
        return log[of] - log[taken] - log[of - taken]

    shares = numpy.exp(ways(gaps, possible) + ways(rows - gaps, size - possible) - ways(rows, size))
    at = count - possible[0]
    return min(1.0, 2 * min(float(shares[: at + 1].sum()), float(shares[at:].sum())))
