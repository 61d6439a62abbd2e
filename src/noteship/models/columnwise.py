"""Comparing columns: which belong together, and how far they are apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.models.composition import Layer
from noteship.models.handing import width

__all__ = ["Gap", "compare", "counterparts", "gaps"]

# Sums of floats in another order differ by about 1e-15 for each of some thousand terms; float32 storage by 6e-8.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
# Notebooks round what they store for people; fewer digits than three would hide real differences.
DECIMALS = range(3, 7)


@dataclass(frozen=True)
class Gap:
    """How far two columns are apart: rows that differ, the first of them, and the largest difference of numbers."""

    rows: int
    first: int
    largest: float
    numeric: bool

    def plus(self, later: Gap) -> Gap:
        """The gap of this piece and a later one."""
        first = self.first if self.rows else later.first
        return Gap(self.rows + later.rows, first, max(self.largest, later.largest), self.numeric and later.numeric)

    def said(self, name: str, of_rows: int) -> str:
        """The gap in words."""
        by = f" by up to {self.largest:.3g}" if self.numeric else ""
        return f"{name} differs{by} in {self.rows} of {of_rows} rows"


def compare(made: Any, stored: Any, places: Any) -> Gap:
    """The gap between what was made and what is stored; `places` are the rows' numbers in the stored table."""
    if _numeric(made) and _numeric(stored):
        ours, theirs = made.astype(float), stored.astype(float)
        both_missing = numpy.isnan(ours) & numpy.isnan(theirs)
        distance = numpy.where(both_missing | (ours == theirs), 0.0, numpy.abs(ours - theirs))
        bad = ~(distance <= _tolerance(theirs))
        largest = float(numpy.nanmax(distance, initial=0.0))
    else:
        bad = _texts(made) != _texts(stored)
        largest = 0.0
    rows = numpy.flatnonzero(bad)
    first = int(places[rows[0]]) if len(rows) else 0
    return Gap(len(rows), first, largest, _numeric(made) and _numeric(stored))


def counterparts(layer: Layer, columns: Sequence[str], own: Sequence[str]) -> dict[str, int]:
    """The layer's column for each stored one: by name where all are there, else by order where there are as many.

    `own` are the stored columns that are not raw ones.
    """
    present = set(columns)
    for names in layer.names:
        if names and present.issuperset(names):
            return {name: number for number, name in enumerate(names)}
    count = width(layer.values)
    if count > 1 and count == len(own):
        return {name: number for number, name in enumerate(own)}
    return {}


def gaps(layer: Layer, columns: dict[str, int], table: pandas.DataFrame, places: Any) -> Iterator[tuple[str, Gap]]:
    """The gap of each stored column to the layer's."""
    values = layer.values.toarray() if hasattr(layer.values, "toarray") else layer.values
    if isinstance(values, pandas.DataFrame):
        made = {name: values.iloc[:, number].to_numpy() for name, number in columns.items()}
    else:
        shaped = numpy.asarray(values).reshape(len(table), -1)
        made = {name: shaped[:, number] for name, number in columns.items()}
    for name in columns:
        yield name, compare(made[name], table[name].to_numpy(), places)


def _numeric(values: Any) -> bool:
    return values.dtype.kind in "biuf"


def _texts(values: Any) -> Any:
    return numpy.array(["" if pandas.isna(value) else str(value) for value in values.tolist()], dtype=object)


def _tolerance(values: Any) -> Any:
    allowed = ABSOLUTE + RELATIVE * numpy.abs(values)
    present = values[numpy.isfinite(values)]
    if len(present) == 0 or (present == numpy.round(present)).all():
        return allowed
    for digits in DECIMALS:
        if numpy.abs(numpy.round(present, digits) - present).max() < ABSOLUTE * 1e-3:
            # Half of the last digit, and what adding it up in binary costs.
            return allowed + 0.5001 * 10.0**-digits
    return allowed
