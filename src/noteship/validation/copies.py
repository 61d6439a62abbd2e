"""Rows that are there more than once because somebody copied them, and not by chance."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

__all__ = ["copies", "in_both", "row_hashes"]

Array = numpy.ndarray[Any, Any]

# Of columns with the most values: those with few say less of whether rows are equal by chance.
MOST_TRIED = 6
# Columns of one row depend on each other, so that equals are more frequent than independent ones would be.
SLACK = 5.0
# Where so few of the rows are different ones, equals prove nothing.
CROWDED = 0.2
# Standard deviations beyond what chance makes: of pairs in a table, and of rows in a file and in the data.
SURELY, SURELY_BOTH = 3.0, 5.0


def row_hashes(frame: pandas.DataFrame) -> Array:
    """A number for each row, equal for equal values: 1 and 1.0 are, and missing values; texts and numbers are not."""
    hashed: Array = sum(_column_hashes(frame), start=numpy.zeros(len(frame), dtype=numpy.uint64))
    return hashed


def copies(frame: pandas.DataFrame) -> Array | None:
    """For each row the number of its kind, where equal rows are surely copies; None where they may be equal by chance.

    By chance there would be, for each of the columns with the most values, the pairs of rows that differ in it and in
    nothing else, times the odds that two rows are equal in it. More than five times that is not chance. Where a fifth
    of the rows, or fewer, are different ones it may be, unless all come equally often.
    """
    columns = _column_hashes(frame)
    whole = sum(columns, start=numpy.zeros(len(frame), dtype=numpy.uint64))
    kinds, codes, counts = numpy.unique(whole, return_inverse=True, return_counts=True)
    if len(kinds) == len(whole):
        return None
    if len(kinds) <= CROWDED * len(whole) and counts.min() < counts.max():
        return None
    pairs, every = _pairs(whole), len(whole) * (len(whole) - 1) / 2
    varied = sorted(columns, key=lambda each: -len(numpy.unique(each)))[:MOST_TRIED]
    for each in varied:
        alike = _pairs(each)
        expected = SLACK * alike / max(1.0, every - alike) * (_pairs(whole - each) - pairs)
        if pairs <= expected + SURELY * expected**0.5:
            return None
    result: Array = codes
    return result


def in_both(data: pandas.DataFrame, held: pandas.DataFrame, columns: list[str]) -> tuple[Array, Array]:
    """Which rows of either are in the other, too, where that is no chance: by all columns of both, or by some.

    Chance makes as many held-out rows equal to one of the data as rows of the data are equal to another of it. Of rows
    that are in the data more often than in the file the surplus stays, unless all of them are copies.
    """
    none = numpy.zeros(len(data), dtype=bool), numpy.zeros(len(held), dtype=bool)
    shared = [name for name in data.columns if name in held.columns]
    found = [_equal(data[list(each)], held[list(each)]) for each in (shared, columns)]
    return max((each for each in found if each is not None), key=lambda each: int(each[1].sum()), default=none)


def _equal(data: pandas.DataFrame, held: pandas.DataFrame) -> tuple[Array, Array] | None:
    own, theirs = row_hashes(data), row_hashes(held)
    seen = numpy.isin(theirs, own)
    kinds, codes, counts = numpy.unique(own, return_inverse=True, return_counts=True)
    repeated = float((counts[codes] > 1).mean())
    expected = repeated * len(held)
    if seen.sum() <= expected + SURELY_BOTH * (2 * expected * (1 - repeated) + 1) ** 0.5:
        return None
    if copies(data) is not None:
        return numpy.isin(own, theirs), seen
    wanted = pandas.Series(theirs).value_counts().reindex(kinds, fill_value=0).to_numpy()
    within = pandas.Series(codes).groupby(codes).cumcount().to_numpy()
    return within < wanted[codes], seen


def _pairs(hashes: Array) -> float:
    counts = numpy.unique(hashes, return_counts=True)[1].astype(numpy.float64)
    return float((counts * (counts - 1) / 2).sum())


def _column_hashes(frame: pandas.DataFrame) -> list[Array]:
    """Numbers that add up to one for the row; each column's have a factor of their own."""
    made = []
    for place, name in enumerate(frame.columns):
        hashed = pandas.util.hash_pandas_object(_hashable(frame[name]), index=False).to_numpy()
        made.append(hashed * numpy.uint64(0x9E3779B97F4A7C15) * numpy.uint64(2 * place + 1))
    return made


def _hashable(column: pandas.Series[Any]) -> pandas.Series[Any]:
    if pandas.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    return column.astype(str)
