"""Which values are missing, and which together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import pandas

__all__ = ["Pattern", "missing", "patterns"]

MOST = 12


@dataclass(frozen=True)
class Pattern:
    """Columns that are missing together, and no others, in so many of the rows looked at."""

    columns: tuple[str, ...]
    rows: int


def missing(frame: pandas.DataFrame) -> numpy.ndarray[Any, numpy.dtype[numpy.bool_]]:
    """Rows by columns: whether there is no value."""
    if not len(frame.columns):
        return numpy.zeros((len(frame), 0), bool)
    return numpy.column_stack([frame.iloc[:, place].isna().to_numpy(bool) for place in range(len(frame.columns))])


def patterns(frame: pandas.DataFrame) -> tuple[Pattern, ...]:
    """The most frequent ones, rows without anything missing among them; none where nothing is."""
    absent = missing(frame)
    if not absent.any():
        return ()
    found, counts = numpy.unique(numpy.packbits(absent, axis=1), axis=0, return_counts=True)
    order = numpy.argsort(-counts, kind="stable")[:MOST]
    names = [str(name) for name in frame.columns]
    made = []
    for place in order:
        bits = numpy.unpackbits(found[place], count=len(names))
        made.append(Pattern(tuple(name for name, bit in zip(names, bits, strict=True) if bit), int(counts[place])))
    return tuple(made)
