"""Columns as few whole numbers, so that they can be compared with each other."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

__all__ = ["Array", "binned", "coded", "folds", "rank"]

Array = numpy.ndarray[Any, Any]

# Weyl's sequence with the golden ratio: parts that are even, and the same each time.
GOLDEN = 2_654_435_761


def coded(values: pandas.Series[Any], most: int) -> Array:
    """Codes from 0 by frequency, the rarest together in the last one; -1 for what is missing."""
    counts = values.value_counts()
    # Equals in the order of their letters, not of the rows.
    order = sorted(counts.index, key=lambda each: (-int(counts[each]), str(each)))
    place = {value: min(number, most - 1) for number, value in enumerate(order)}
    return numpy.asarray(values.map(place).fillna(-1).to_numpy(), numpy.int64)


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
    made: Array = (numpy.arange(rows, dtype=numpy.uint64) * numpy.uint64(GOLDEN) % numpy.uint64(2**32)) * numpy.uint64(
        number
    ) // numpy.uint64(2**32)
    return made.astype(numpy.int64)
