"""The few columns that trees look at, brought together from dense and sparse parts, in the precision of the trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.program import Array, Aside, Entries, Program, Stack, Wire

__all__ = ["gathered"]


def gathered(given: Stack, features: Array, program: Program, *, takes_null: bool, single: bool) -> Wire:
    """An operation that gives the columns `features` of a table, (n, features).

    With `single` the numbers are rounded to single precision, as trees and forests do before they compare; they are
    then kept in double precision. Rows are refused as there: with NaN unless `takes_null`, and beyond the precision.
    """
    picks = []
    start = 0
    for part in given.parts:
        there = numpy.flatnonzero((features >= start) & (features < start + part.width))
        picks.append(_Pick(part.width, features[there] - start, there))
        start += part.width
    takes_null = takes_null and not given.is_sparse
    return program.add(_Gathered(tuple(picks), len(features), takes_null, single), given.parts, len(features))


class _Pick:
    """From one part: the columns `sources`, to be put at the places `targets`."""

    def __init__(self, width: int, sources: Array, targets: Array) -> None:
        self.sources, self.targets = sources, targets
        # For entries the other way round: the place of each column, or -1. 4 bytes a column.
        self.places = numpy.full(width, -1, dtype=numpy.int32)
        self.places[sources] = targets
        self.is_whole = len(sources) == width and (sources == numpy.arange(width)).all()


@dataclass(frozen=True, eq=False)
class _Gathered:
    picks: tuple[_Pick, ...]
    width: int
    takes_null: bool
    single: bool

    def __call__(self, *blocks: Any) -> Array:
        if len(blocks) == 1 and not isinstance(blocks[0], Entries):
            checked, pick = self._checked(blocks[0]), self.picks[0]
            return checked if pick.is_whole else checked.take(pick.sources, axis=1)
        count = blocks[0].count if isinstance(blocks[0], Entries) else len(blocks[0])
        made = numpy.zeros((count, self.width))
        for pick, block in zip(self.picks, blocks, strict=True):
            if isinstance(block, Entries):
                places = pick.places.take(block.columns)
                there = numpy.flatnonzero(places >= 0)
                values = self._checked(block.values).take(there)
                made[block.places.take(there), places.take(there)] = values
            else:
                made[:, pick.targets] = self._checked(block).take(pick.sources, axis=1)
        return made

    def _checked(self, values: Array) -> Array:
        """The values in the trees' precision. Raises Aside where scikit-learn would refuse them."""
        if self.single:
            with numpy.errstate(over="ignore"):
                values = values.astype(numpy.float32)
            # One sum is quicker than a look at each: it is finite only if all are.
            total = float(numpy.add.reduce(values, axis=None, dtype=numpy.float64))
            if not numpy.isfinite(total) and (numpy.isinf(values).any() or not self.takes_null):
                raise Aside
            return values.astype(numpy.float64)
        return values
