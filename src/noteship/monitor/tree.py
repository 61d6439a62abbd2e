"""Trees whose leaves have equal mass in the reference, and are rules that can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy

from noteship.monitor import multiplying
from noteship.monitor.streams import Array

__all__ = ["Forest", "Split", "by_association", "grow"]

# A split may miss the share that it aims at by this much of the smaller side, or the next dimension is tried.
SLACK = 0.25
# A side of a split has at least this share, or there is none.
SMALLEST_SIDE = 0.1
# Rows with less than this correlation with a prediction say nothing of it: three standard deviations of chance.
CHANCE = 3.0

Path = tuple["Split", ...]


@dataclass(frozen=True)
class Split:
    """A condition on the way to a leaf: a dimension of z above a threshold, or not."""

    dimension: int
    threshold: float
    is_above: bool


def grow(z: Array, leaves: int, prefer: Callable[[Array], Sequence[int]]) -> list[Path]:
    """The paths to at most `leaves` leaves of about equal mass; `prefer` gives the dimensions to split rows by.

    z: (n, dimensions), at least one row. A node is split where it comes closest to halving its quota of leaves; the
    first preferred dimension at which it comes close is taken. Where none has two sides, there are fewer leaves.
    """
    if leaves == 1 or len(z) < leaves:
        return [()]
    share = (leaves // 2) / leaves
    found = _split(z, prefer(z), share)
    if found is None:
        return [()]
    dimension, threshold = found
    is_above = z[:, dimension] > threshold
    sides = ((False, leaves // 2), (True, leaves - leaves // 2))
    return [
        (Split(dimension, threshold, side), *path)
        for side, quota in sides
        for path in grow(z[is_above == side], quota, prefer)
    ]


def _split(z: Array, dimensions: Sequence[int], share: float) -> tuple[int, float] | None:
    """The dimension and the threshold below which there is about `share` of the rows."""
    nearest = None
    least = min(share, 1 - share) - SMALLEST_SIDE
    for dimension in dimensions:
        threshold, below = _threshold(z[:, dimension], share)
        missed = abs(below - share)
        if missed <= SLACK * min(share, 1 - share):
            return dimension, threshold
        if missed < least:
            nearest, least = (dimension, threshold), missed
    return nearest


def _threshold(values: Array, share: float) -> tuple[float, float]:
    """A threshold between two values, and the share of values that are not above it."""
    ordered = numpy.sort(values)
    middle = ordered[int(share * len(ordered))]
    low, high = numpy.searchsorted(ordered, middle), numpy.searchsorted(ordered, middle, side="right")
    is_low_nearer = share * len(ordered) - low <= high - share * len(ordered)
    place = int(low if low > 0 and (is_low_nearer or high == len(ordered)) else high)
    if place == len(ordered):
        return float(ordered[-1]), 1.0
    between = numpy.float32((ordered[place - 1] + ordered[place]) / 2)
    return float(between if between < ordered[place] else ordered[place - 1]), place / len(ordered)


class Forest:
    """Several trees, whose leaves are found at once. `paths`: those of each tree, at least one, perhaps empty."""

    def __init__(self, paths: Sequence[Sequence[Path]]) -> None:
        self.paths = tuple(tuple(each) for each in paths)
        self.leaves = tuple(len(each) for each in self.paths)
        nodes = sorted({(split.dimension, split.threshold) for tree in paths for path in tree for split in path})
        self._dimensions = numpy.array([dimension for dimension, _ in nodes], dtype=numpy.intp)
        self._thresholds = numpy.array([threshold for _, threshold in nodes], dtype=numpy.float32)
        number = {node: place for place, node in enumerate(nodes)}
        flat = [path for tree in paths for path in tree]
        # A row is in the leaf whose conditions all hold: with 1 for each that holds and -1 for each that does not,
        # it is the one for which nothing is missing from the number of those that have to hold.
        self._conditions = numpy.zeros((len(nodes), len(flat)), dtype=numpy.float32)
        self._wanted = numpy.zeros(len(flat), dtype=numpy.float32)
        for leaf, path in enumerate(flat):
            for split in path:
                node = number[split.dimension, split.threshold]
                self._conditions[node, leaf] += 1 if split.is_above else -1
                self._wanted[leaf] += split.is_above
        ends = numpy.cumsum(self.leaves).tolist()
        self._parts = [slice(end - count, end) for end, count in zip(ends, self.leaves, strict=True)]

    def find(self, z: Array) -> list[Array]:
        """The leaf of each row, by tree. Cost: less than half a microsecond a row and tree, in batches of 32."""
        is_above = z.take(self._dimensions, axis=1) > self._thresholds
        missing = multiplying.times(is_above.astype(numpy.float32), self._conditions) - self._wanted
        return [missing[:, part].argmax(axis=1) for part in self._parts]

    def to_json(self) -> list[Any]:
        """The written form: a node is [dimension, threshold, the node below, the node above], a leaf null."""
        return [_nested(tree, 0) for tree in self.paths]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Self:
        """The inverse of `to_json`."""
        return cls([_paths(tree) for tree in value])


def _nested(paths: Sequence[Path], depth: int) -> Any:
    if len(paths[0]) == depth:
        return None
    split = paths[0][depth]
    sides = [_nested([path for path in paths if path[depth].is_above == side], depth + 1) for side in (False, True)]
    return [split.dimension, split.threshold, *sides]


def _paths(node: Any) -> list[Path]:
    if node is None:
        return [()]
    dimension, threshold, *sides = node
    return [
        (Split(dimension, threshold, is_above), *path)
        for is_above, side in zip((False, True), sides, strict=True)
        for path in _paths(side)
    ]


def by_association(z: Array, targets: Sequence[int], candidates: Sequence[int]) -> list[int]:
    """The candidates, those first that are most correlated with a target; of those that are not, the widest spread."""
    centred = z - z.mean(axis=0)
    spreads = numpy.sqrt((centred * centred).mean(axis=0))
    scaled = centred / numpy.where(spreads > 0, spreads, 1)
    associations = numpy.zeros(len(candidates))
    if len(targets):
        associations = numpy.abs(scaled[:, list(candidates)].T @ scaled[:, list(targets)]).max(axis=1) / len(z)
    associations = numpy.where(associations > CHANCE / len(z) ** 0.5, associations, 0)
    # Rounded, so that what is equal but for rounding errors has one order.
    keys = (numpy.arange(len(candidates)), -numpy.round(spreads[list(candidates)], 6), -numpy.round(associations, 6))
    return [candidates[place] for place in numpy.lexsort(keys)]
