"""Categories and booleans: as bins, and as numbers of bounded dimension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy

from noteship.monitor import streams
from noteship.monitor.streams import Array

__all__ = ["MOST_LEVELS", "Categories"]

MOST_LEVELS = 12
# Dimensions of all columns of categories together; beyond, levels share them by signed hashing.
MOST_DIMENSIONS = 64
# Dimensions that a level has a sign in when they are shared: two levels hardly ever have the same ones.
SIGNS = 4
# A column that is nearly always the same has a rare level this many times further away than a balanced one, at most.
LEAST_VARIANCE = 0.1


class Categories:
    """Columns of categories: the most frequent levels of the reference, then "another", "missing".

    levels: by column; scales: what the one-hot code of each is multiplied by, for a total variance of 1.
    """

    def __init__(self, levels: Sequence[tuple[Any, ...]], scales: Sequence[float], seed: str) -> None:
        self.levels, self.scales = tuple(levels), tuple(scales)
        self._codes = [{level: code for code, level in enumerate(each)} for each in self.levels]
        sizes = [len(each) + 2 for each in self.levels]
        self._offsets = numpy.cumsum([0, *sizes], dtype=numpy.intp)[:-1]
        total = sum(sizes)
        self.is_hashed = total > MOST_DIMENSIONS
        code = _signs(total, seed) if self.is_hashed else numpy.eye(total)
        self._table = (
            code
            * numpy.repeat(numpy.array(self.scales, dtype=numpy.float64), numpy.array(sizes, dtype=numpy.intp))[:, None]
        ).astype(numpy.float32)

    @property
    def dimensions(self) -> int:
        """Of what `encode` gives."""
        return int(self._table.shape[1])

    def encode(self, columns: Sequence[Sequence[Any]]) -> tuple[Array, Array]:
        """z of shape (n, dimensions), and the codes, (n, columns): the place among the levels. At least one column."""
        codes = numpy.array([self._coded(column, values) for column, values in enumerate(columns)], dtype=numpy.intp).T
        z: Array = self._table.take(codes + self._offsets, axis=0).sum(axis=1)
        return z, codes

    def _coded(self, column: int, values: Sequence[Any]) -> list[int]:
        known = self._codes[column]
        other = len(known)
        return [known.get(value, other) if value is not None else other + 1 for value in values]

    @classmethod
    def learn(cls, columns: Sequence[Sequence[Any]], most: int, seed: str) -> Self:
        """The levels of the reference: the `most` that are most frequent, of equals those that come first as text."""
        levels, scales = [], []
        for values in columns:
            counts = Counter(values)
            null = counts.pop(None, 0)
            ordered = sorted(counts, key=lambda level: (-counts[level], type(level).__name__, str(level)))[:most]
            kept = [counts[level] for level in ordered]
            shares = numpy.array([*kept, counts.total() - sum(kept), null]) / len(values)
            levels.append(tuple(ordered))
            scales.append(float(max(1 - (shares**2).sum(), LEAST_VARIANCE) ** -0.5))
        return cls(levels, scales, seed)

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {"levels": [list(each) for each in self.levels], "scales": list(self.scales)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], seed: str) -> Self:
        """The inverse of `to_json`."""
        return cls([tuple(each) for each in value["levels"]], value["scales"], seed)


def _signs(count: int, seed: str) -> Array:
    """For each level SIGNS random dimensions with random signs, of length 1 together."""
    random = streams.integers(seed, "categories", count * SIGNS).reshape(count, SIGNS)
    table = numpy.zeros((count, MOST_DIMENSIONS))
    signs = numpy.where(random >> numpy.uint64(63), 1.0, -1.0) / SIGNS**0.5
    numpy.add.at(table, (numpy.arange(count)[:, None], (random % MOST_DIMENSIONS).astype(numpy.intp)), signs)
    return table
