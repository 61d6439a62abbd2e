"""The training part cut into folds, each of which is judged by a model fitted on others; in the way of the holdout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.monitor import streams
from noteship.validation import errors
from noteship.validation.holdout import Holdout
from noteship.validation.metrics import Array
from noteship.validation.splitting import by_kind, moments_of

__all__ = ["Fold", "folds"]


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of rows: to fit on, and to judge on."""

    fitted: Array
    judged: Array


def folds(
    frame: pandas.DataFrame,
    classes: pandas.Series[Any] | None,
    holdout: Holdout,
    count: int,
    seed: int,
    copied: Array | None = None,
) -> list[Fold]:
    """As many folds of the rows; `classes` are the answers of a classification.

    Guarantee: equal arguments give equal folds. By share, each class is spread evenly, and rows of one kind of `copied`
    are in one fold; by group, no group is on both
    sides; by time, each fold is judged by what was fitted on all that was earlier. Raises TooFewFolds.
    """
    if holdout.by == "time":
        return list(_by_time(moments_of(frame[holdout.column]), count))
    if holdout.by == "group":
        numbers = _by_group(frame[holdout.column], count, seed)
    else:
        numbers = by_kind(copied, classes, len(frame), lambda rows, of: _by_share(rows, of, count, seed))
    parts = [Fold(numpy.flatnonzero(numbers != each), numpy.flatnonzero(numbers == each)) for each in range(count)]
    if any(not len(each.judged) for each in parts):
        raise errors.TooFewFolds(count, len(frame), "rows")
    return parts


def _by_share(rows: int, classes: pandas.Series[Any] | None, count: int, seed: int) -> Array:
    """The fold of each row: those of a class, in random order, are dealt out; the next class goes on where it ended."""
    order = numpy.argsort(streams.integers(str(seed), "folds", rows), kind="stable")
    codes = numpy.zeros(rows, dtype=numpy.intp) if classes is None else pandas.factorize(classes)[0]
    dealt = order[numpy.argsort(codes[order], kind="stable")]
    numbers = numpy.empty(rows, dtype=numpy.intp)
    numbers[dealt] = numpy.arange(rows) % count
    return numbers


def _by_group(column: pandas.Series[Any], count: int, seed: int) -> Array:
    """The fold of each row: groups, the largest first, go where the fewest rows are."""
    codes, names = pandas.factorize(column, use_na_sentinel=False)
    if len(names) < count:
        raise errors.TooFewFolds(count, len(names), f"groups of {column.name}")
    sizes = numpy.bincount(codes)
    chance = streams.integers(str(seed), "fold groups", len(names))
    of_group, rows = numpy.empty(len(names), dtype=numpy.intp), numpy.zeros(count, dtype=numpy.intp)
    for group in numpy.lexsort((chance, -sizes)).tolist():
        of_group[group] = rows.argmin()
        rows[of_group[group]] += sizes[group]
    result: Array = of_group[codes]
    return result


def _by_time(moments: pandas.Series[Any], count: int) -> Iterator[Fold]:
    """One part more than folds: the first is only fitted on. Rows of one moment are in one part."""
    ranks = moments.rank(method="min").to_numpy() - 1
    parts = numpy.floor(ranks * (count + 1) / len(ranks)).astype(numpy.intp)
    if len(numpy.unique(parts)) <= count:
        raise errors.TooFewFolds(count, int(moments.nunique()), "moments")
    for each in range(1, count + 1):
        yield Fold(numpy.flatnonzero(parts < each), numpy.flatnonzero(parts == each))
