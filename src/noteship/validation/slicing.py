"""The held-out rows, cut along columns: which of them are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from pandas.api import types

from noteship.validation import errors
from noteship.validation.metrics import Array

__all__ = ["Cut", "cuts"]

# Columns that are looked at where none are named.
MOST_COLUMNS = 10
# Values of a column that are slices of their own; of one that was not named, it has no more than so many in all.
MOST_NAMED, MOST_FOUND = 20, 12
PARTS = 4
# A text that is longer than a name, on average, is cut by its length.
NAME_LETTERS = 40
MISSING = "missing"


@dataclass(frozen=True, eq=False)
class Cut:
    """Places of the rows that are alike, and in what."""

    column: str
    value: str
    places: Array


def cuts(
    frame: pandas.DataFrame, named: Sequence[str] | None, inputs: Sequence[str], gated: Sequence[str] = ()
) -> list[Cut]:
    """The slices along the named columns, else along the first ten inputs that can be cut and those that gates name.

    A number is cut into quarters, a time too, a long text by its letters; values that are few are each a slice, and of
    a column that is named, by a gate or else, the most frequent twenty. Slices that hold all rows are left out.
    Raises UnknownSlice.
    """
    for column in named or ():
        if column not in frame.columns:
            raise errors.UnknownSlice(column, tuple(map(str, frame.columns)))
    made: list[Cut] = []
    columns = 0
    for column in named if named is not None else inputs:
        is_named = named is not None or column in gated
        if not is_named and columns >= MOST_COLUMNS:
            continue
        found = [
            Cut(column, value, places)
            for value, places in _along(frame[column].reset_index(drop=True), is_named=is_named)
            if 0 < len(places) < len(frame)
        ]
        columns += bool(found)
        made += found
    return made


def _along(column: pandas.Series[Any], *, is_named: bool) -> Iterator[tuple[str, Array]]:
    missing = column.isna()
    known = column[~missing]
    values = known.nunique()
    if types.is_datetime64_any_dtype(column.dtype):
        yield from _parts(known, known.astype("int64"), lambda low, high: f"{low:%Y-%m-%d} to {high:%Y-%m-%d}")
    elif _is_number(column) and values > MOST_FOUND:
        yield from _parts(known, known.astype("float64"), lambda low, high: f"{low:.4g} to {high:.4g}")
    elif not _is_number(column) and _is_prose(known, values, is_named=is_named):
        letters = known.astype(str).str.len()
        yield from _parts(letters, letters, lambda low, high: f"{low:,} to {high:,} letters")
    elif values <= MOST_FOUND or is_named:
        yield from _values(known)
    if missing.any():
        yield MISSING, numpy.flatnonzero(missing)


def _is_number(column: pandas.Series[Any]) -> bool:
    return bool(types.is_numeric_dtype(column.dtype) and not types.is_bool_dtype(column.dtype))


def _is_prose(known: pandas.Series[Any], values: int, *, is_named: bool) -> bool:
    if values <= MOST_FOUND:
        return False
    return not is_named or bool(known.astype(str).str.len().mean() > NAME_LETTERS)


def _values(known: pandas.Series[Any]) -> Iterator[tuple[str, Array]]:
    texts = known.astype(str)
    counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    shown = counts.index[:MOST_NAMED].tolist()
    for value in shown:
        yield value, texts.index[texts == value].to_numpy()
    if len(counts) > len(shown):
        yield f"{len(counts) - len(shown):,} other values", texts.index[~texts.isin(shown)].to_numpy()


def _parts(shown: pandas.Series[Any], sizes: pandas.Series[Any], words: Any) -> Iterator[tuple[str, Array]]:
    """Quarters by size, fewer where many are alike."""
    if sizes.nunique() < 2:
        return
    codes = pandas.qcut(sizes, PARTS, labels=False, duplicates="drop")
    for code in sorted(codes.dropna().unique()):
        inside = codes == code
        yield words(shown[inside].min(), shown[inside].max()), shown.index[inside].to_numpy()
