"""Columns as few whole numbers, so that they can be compared with each other."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

__all__ = ["Array", "binned", "coded", "folds", "numbers", "rank"]

Array = numpy.ndarray[Any, Any]

# Weyl's sequence with the golden ratio: parts that are even, and the same each time.
GOLDEN = 2_654_435_761
MOST = 1e100


def coded(values: pandas.Series[Any], most: int) -> Array:
    """Codes from 0 by frequency, the rarest together in the last one; -1 for what is missing."""
    found, different = pandas.factorize(values)
    counts = numpy.bincount(found[found >= 0], minlength=len(different))
    # Equals in the order of their letters, not of the rows.
    order = sorted(range(len(different)), key=lambda each: (-int(counts[each]), str(different[each])))
    place = numpy.full(len(different) + 1, -1, numpy.int64)
    place[order] = numpy.minimum(numpy.arange(len(different)), most - 1)
    coded_as: Array = place[found]
    return coded_as


def binned(values: Array, most: int) -> Array:
    """Codes from 0 by size, of bins with about equally many values; -1 for what is missing. Equals share a bin."""
    finite = values[numpy.isfinite(values)]
    if not len(finite):
        return numpy.full(len(values), -1, numpy.int64)
    edges = numpy.unique(numpy.quantile(finite, numpy.linspace(0, 1, most + 1)[1:-1], method="lower"))
    codes = numpy.searchsorted(edges, values, side="left").astype(numpy.int64)
    codes[numpy.isnan(values)] = -1
    return codes


def rank(values: Array) -> Array:
    """Mean ranks of what is present; NaN for what is missing."""
    ranked: Array = pandas.Series(values).rank().to_numpy(float)
    return ranked


def folds(rows: int, number: int) -> Array:
    """To which of so many parts each row belongs."""
    made: Array = (
        (numpy.arange(rows, dtype=numpy.uint64) * numpy.uint64(GOLDEN) % numpy.uint64(2**32))
        * numpy.uint64(number)
        // numpy.uint64(2**32)
    )
    return made.astype(numpy.int64)


def numbers(values: pandas.Series[Any]) -> Array:
    """As floats, none so large that its square is infinite; times as seconds since 1970; infinite ones are missing."""
    if pandas.api.types.is_datetime64_any_dtype(values):
        seconds = values.astype("datetime64[s]")
        made = seconds.astype("int64").to_numpy(float)
        made[values.isna().to_numpy(bool)] = numpy.nan
        return made
    known = values.to_numpy(float, na_value=numpy.nan).copy()
    known[~numpy.isfinite(known)] = numpy.nan
    within: Array = numpy.clip(known, -MOST, MOST)
    return within
