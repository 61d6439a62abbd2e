"""Many decision trees walked at once: all rows and all trees take one step together, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.program import Array, Beyond

__all__ = ["Tree", "Trees"]

# A node takes 37 bytes and its values; more would be felt beside the model itself.
NODES_LIMIT = 1_000_000
# Pairs of row and tree on their way at once: their numbers, 8 bytes each for five arrays, stay in the cache.
PAIRS = 1 << 16
# Steps after which it is seen whether all have arrived: a few trees of a forest are much deeper than the others.
LOOK_EVERY = 6


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree by node: `left` and `right` are -1 at leaves; left is for x <= threshold; the first node is the root."""

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_goes_left: Array
    value: Array
    depth: int


class Trees:
    """Trees in one array, numbered so that a node's right child comes after its left one. Raises Beyond."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        total = sum(len(tree.left) for tree in trees)
        if total > NODES_LIMIT:
            raise Beyond(f"trees with {total:,} nodes; up to {NODES_LIMIT:,} are copied")
        sizes = [len(tree.left) for tree in trees]
        self.count = len(trees)
        self._roots = numpy.cumsum([0, *sizes[:-1]]).astype(numpy.intp)
        self._depth = max(tree.depth for tree in trees)
        self._ones = numpy.ones(self.count, dtype=numpy.float32)
        arranged = [_arranged(tree, int(root)) for tree, root in zip(trees, self._roots, strict=True)]
        self.values = numpy.concatenate([part.value for part in arranged])
        self._threshold = numpy.concatenate([part.threshold for part in arranged])
        self._left = numpy.concatenate([part.left for part in arranged])
        self._depths = _depths(self._left, self._roots)
        self._null_right = numpy.concatenate([~part.missing_goes_left for part in arranged])
        feature = numpy.concatenate([part.feature for part in arranged])
        self.features, places = numpy.unique(feature, return_inverse=True)
        self._feature = places.reshape(-1).astype(numpy.intp)

    def leaves(self, given: Array) -> Array:
        """For each tree and row the leaf, (trees, n). `given` are the columns `features` of n rows; NaN is null."""
        rows = max(1, PAIRS // self.count)
        pieces = [self._leaves(given[start : start + rows]) for start in range(0, len(given), rows)]
        return pieces[0] if len(pieces) == 1 else numpy.concatenate(pieces, axis=1)

    def work(self, leaves: Array) -> Array:
        """How many comparisons lead to the leaves of each row, (n, 1): exact, for there are fewer than 2**24 nodes."""
        # Their sum as a product, which one row has in half the time.
        total: Array = self._ones.dot(self._depths.take(leaves))
        return total[:, None]

    def _leaves(self, given: Array) -> Array:
        count, width = given.shape
        flat = numpy.ascontiguousarray(given).reshape(-1)
        has_nulls = bool(numpy.isnan(flat).any())
        node = numpy.repeat(self._roots, count)
        base = numpy.tile(numpy.arange(count) * width, self.count) if count > 1 else None
        for step in range(1, self._depth + 1):
            place = self._feature.take(node)
            if base is not None:
                place += base
            found = flat.take(place)
            goes_right = found > self._threshold.take(node)
            if has_nulls:
                goes_right |= numpy.isnan(found) & self._null_right.take(node)
            node = self._left.take(node) + goes_right
            if step % LOOK_EVERY == 0 and (self._left.take(node) == node).all():
                break
        return node.reshape(self.count, count)


def _arranged(tree: Tree, root: int) -> Tree:
    """The tree with its nodes in the new order and numbers; a leaf leads to itself, whatever is compared."""
    inner = numpy.flatnonzero(tree.left >= 0)
    number = numpy.zeros(len(tree.left), dtype=numpy.intp)
    number[tree.left[inner]] = 1 + 2 * numpy.arange(len(inner))
    number[tree.right[inner]] = 2 + 2 * numpy.arange(len(inner))
    order = numpy.argsort(number)
    left = number.copy()
    left[inner] = 1 + 2 * numpy.arange(len(inner))
    is_leaf = tree.left < 0
    return Tree(
        feature=_at_leaves(tree.feature, is_leaf, int(tree.feature[inner[0]]) if len(inner) else 0)[order],
        threshold=_at_leaves(tree.threshold, is_leaf, numpy.inf)[order],
        left=left[order] + root,
        right=tree.right[order],
        missing_goes_left=_at_leaves(tree.missing_goes_left.astype(bool), is_leaf, True)[order],
        value=tree.value[order],
        depth=tree.depth,
    )


def _depths(left: Array, roots: Array) -> Array:
    """For each node of trees that are arranged how many comparisons lead to it, in single precision."""
    found = numpy.zeros(len(left), dtype=numpy.float32)
    level = roots
    while len(level := level[left[level] != level]):
        below = numpy.concatenate((left[level], left[level] + 1))
        found[below] = numpy.tile(found[level] + 1, 2)
        level = below
    return found


def _at_leaves(values: Array, is_leaf: Array, value: Any) -> Array:
    return numpy.where(is_leaf, numpy.asarray(value, dtype=values.dtype), values)
