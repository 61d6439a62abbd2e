"""Which rows a model is fitted on, and which it is judged on: pure, and the same for equal arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.monitor import streams
from noteship.validation import errors
from noteship.validation.copies import row_hashes
from noteship.validation.holdout import Holdout

__all__ = ["LEAST_ROWS", "Array", "Parts", "alike", "by_kind", "check", "moments_of", "split"]

Array = numpy.ndarray[Any, Any]

# With fewer the interval of an accuracy of 90 % is wider than a third of all there is.
LEAST_ROWS = 20
# By time, the held-out part may have so many times the rows that were asked for, or that part of them.
TIED = 2.0
# A group is taken if the held-out part then has at most so many times the rows that were asked for.
OVERSHOOT = 1.1


@dataclass(frozen=True, eq=False)
class Parts:
    """Places of rows, in their order. `boundary`: the earliest moment.

    groups: how many are held out, of how many; largest: the rows of a group above which none is ever held out;
    too_large: how many groups are larger, and how many rows they have
    """

    train: Array
    held: Array
    boundary: str | None = None
    groups: tuple[int, int] | None = None
    largest: int | None = None
    too_large: tuple[int, int] = (0, 0)


def split(
    frame: pandas.DataFrame,
    classes: pandas.Series[Any] | None,
    holdout: Holdout,
    seed: int,
    copied: Array | None = None,
) -> Parts:
    """Part the rows by a share, by time or by groups; `classes` are the answers of a classification.

    `copied` numbers kinds of rows: by share, copies of a row are on one side, and count as one.

    Guarantee: equal arguments give equal parts, on every machine. By share, each class has its share of rows, and one
    with two rows or more is in both parts. By time, rows of one moment are on one side; by group, rows of one group,
    and those without a group are one.
    Raises NoHoldoutColumn, MissingTimes, TiedTimes, TooFewRows.
    """
    if holdout.column is not None and holdout.column not in frame.columns:
        raise errors.NoHoldoutColumn(holdout.column, tuple(map(str, frame.columns)))
    if holdout.by == "time":
        return _by_time(frame[holdout.column], holdout)
    if holdout.by == "group":
        return _by_group(frame[holdout.column], holdout, seed)
    held = by_kind(copied, classes, len(frame), lambda rows, of: _by_share(rows, of, holdout.share, seed))
    return Parts(numpy.flatnonzero(~held), numpy.flatnonzero(held))


def check(train: pandas.Series[Any], held: pandas.Series[Any], *, classes: bool, by: str = "share") -> None:
    """That the answers of both parts are enough to fit and to judge; `by` is how they were held out.

    Raises TooFewRows, OneClass.
    """
    for part, answers in (("training", train), ("held-out", held)):
        if len(answers) < LEAST_ROWS:
            raise errors.TooFewRows(part, len(answers), LEAST_ROWS, by)
        if classes and answers.nunique() < 2:
            raise errors.OneClass(part, len(answers), str(answers.iloc[0]), by)


def alike(train: pandas.DataFrame, held: pandas.DataFrame) -> tuple[Array, Array]:
    """Which rows of either part have, in all columns, the values of a row of the other."""
    first, second = row_hashes(train), row_hashes(held)
    return numpy.isin(first, second), numpy.isin(second, first)


def by_kind(
    copied: Array | None,
    classes: pandas.Series[Any] | None,
    rows: int,
    dealt: Callable[[int, pandas.Series[Any] | None], Array],
) -> Array:
    """What `dealt` gives each of so many rows of classes; where there are copies, what it gives the first of each."""
    if copied is None:
        return dealt(rows, classes)
    firsts, codes = numpy.unique(copied, return_index=True, return_inverse=True)[1:]
    return dealt(len(firsts), None if classes is None else classes.iloc[firsts])[codes]


def _by_share(rows: int, classes: pandas.Series[Any] | None, share: float, seed: int) -> Array:
    order = numpy.argsort(streams.integers(str(seed), "holdout", rows), kind="stable")
    codes = numpy.zeros(rows, dtype=numpy.intp) if classes is None else pandas.factorize(classes)[0]
    sizes = numpy.bincount(codes)
    wanted = _wanted(sizes, share)
    # The place of each row among those of its class, in the random order.
    within = pandas.Series(codes[order]).groupby(codes[order]).cumcount().to_numpy()
    held = numpy.zeros(rows, dtype=bool)
    held[order] = within < wanted[codes[order]]
    return held


def _wanted(sizes: Array, share: float) -> Array:
    """Rows to hold out of each class: its share, rounded so that they add up; of two rows or more never none or all."""
    exact = sizes * share
    wanted = numpy.floor(exact).astype(numpy.intp)
    lacking = round(float(exact.sum())) - int(wanted.sum())
    wanted[numpy.argsort(wanted - exact, kind="stable")[:lacking]] += 1
    result: Array = numpy.where(sizes >= 2, numpy.clip(wanted, 1, sizes - 1), 0)
    return result


def _by_time(column: pandas.Series[Any], holdout: Holdout) -> Parts:
    moments = moments_of(column)
    missing = int(moments.isna().sum())
    if missing:
        blank = int(column.isna().sum())
        raise errors.MissingTimes(str(column.name), blank, missing - blank, len(column))
    found, counts = numpy.unique(moments.to_numpy(), return_counts=True)
    # How many rows there are from each moment on: of moments with many rows, the one that comes nearest is taken.
    since = counts[::-1].cumsum()[::-1]
    wanted = len(column) * holdout.share
    at = int(numpy.argmin(numpy.abs(since - wanted)))
    if len(found) < 2 or not wanted / TIED <= since[at] <= wanted * TIED:
        most = int(counts.argmax())
        moment = str(moments[moments == found[most]].iloc[0])
        raise errors.TiedTimes(str(column.name), holdout.share, moment, int(counts[most]), len(column))
    boundary = moments[moments == found[at]].iloc[0]
    held = (moments >= boundary).to_numpy()
    return Parts(numpy.flatnonzero(~held), numpy.flatnonzero(held), str(boundary))


def moments_of(column: pandas.Series[Any]) -> pandas.Series[Any]:
    """What can be put in the order of time: times, numbers such as a year, or texts that are read as times."""
    if pandas.api.types.is_datetime64_any_dtype(column.dtype) or pandas.api.types.is_numeric_dtype(column.dtype):
        return column
    read: pandas.Series[Any] = pandas.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    return read


def _by_group(column: pandas.Series[Any], holdout: Holdout, seed: int) -> Parts:
    codes, names = pandas.factorize(column, use_na_sentinel=False)
    sizes = numpy.bincount(codes)
    wanted = len(column) * holdout.share
    order = numpy.argsort(streams.integers(str(seed), "groups", len(names)), kind="stable")
    taken: list[int] = []
    rows = 0
    for group in order.tolist():
        if rows + sizes[group] <= OVERSHOOT * wanted:
            taken.append(group)
            rows += int(sizes[group])
        if rows >= wanted:
            break
    held = numpy.isin(codes, taken)
    if not taken:
        raise errors.GroupTooLarge(str(column.name), len(names), int(sizes.min()), len(column))
    most = int(OVERSHOOT * wanted)
    large = sizes[sizes > most]
    return Parts(
        numpy.flatnonzero(~held),
        numpy.flatnonzero(held),
        groups=(len(taken), len(names)),
        largest=most,
        too_large=(len(large), int(large.sum())),
    )
