"""The work of decision trees, forests and boosted trees: the comparisons on the way from the root to a leaf.

One comparison a node that is left, also where the value is missing or a category; a tree that is a leaf alone costs
none. The trees' values are added up, and what boosting multiplies each with is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Counts, Rule, numbers, row_count

__all__ = ["PREDICTORS", "depths"]


def depths(left: Any, right: Any) -> Counts:
    """For each node of a tree how many comparisons lead to it; `left` and `right` are -1 at leaves, the root is 0."""
    found = numpy.zeros(len(left), dtype=numpy.int64)
    level = numpy.zeros(1, dtype=numpy.intp)
    depth = 0
    while len(level):
        found[level] = depth
        below = numpy.concatenate((left[level], right[level]))
        level = below[below >= 0]
        depth += 1
    return found


def _tree(value: Any) -> Rule:
    """The depth of the leaf: one walk, and one look into a table."""
    return _walked([value.tree_])


def _forest(value: Any) -> Rule:
    """The sum of the depths of the leaves, over all trees."""
    return _walked([estimator.tree_ for estimator in value.estimators_])


def _boosting(value: Any) -> Rule:
    """The sum of the depths of the leaves, over all stages and classes, where it starts from a constant."""
    if not (isinstance(value.init_, str) or type(value.init_).__module__.startswith("sklearn.dummy")):
        raise Beyond(type(value).__name__, "it starts from another model")
    return _walked([estimator.tree_ for estimator in value.estimators_.reshape(-1)])


def _walked(trees: Sequence[Any]) -> Rule:
    tables = [(tree, depths(tree.children_left, tree.children_right)) for tree in trees]

    def count(given: Any) -> Counts:
        rows = _single(given)
        total = numpy.zeros(row_count(rows), dtype=numpy.int64)
        for tree, depth in tables:
            total += depth.take(tree.apply(rows))
        return total

    return count


def _single(given: Any) -> Any:
    """Rows as trees compare them: in single precision."""
    table = numbers(given)
    if hasattr(table, "indptr"):
        return table.astype(numpy.float32)
    return numpy.ascontiguousarray(table, dtype=numpy.float32)


def _histogram(value: Any) -> Rule:
    """The sum of the depths of the leaves, over all iterations and classes.

    The trees are walked by scikit-learn itself, with each leaf's depth in the place of its value.
    """
    trees = [_valued_by_depth(predictor) for iteration in value._predictors for predictor in iteration]
    bitsets, places = value._bin_mapper.make_known_categories_bitsets()
    prepare = value._preprocess_X

    def count(given: Any) -> Counts:
        rows = prepare(given, reset=False)
        total = numpy.zeros(row_count(rows))
        for tree in trees:
            total += tree.predict(rows, bitsets, places, 1)
        return total.astype(numpy.int64)

    return count


def _valued_by_depth(predictor: Any) -> Any:
    nodes = predictor.nodes.copy()
    nodes["value"] = nodes["depth"]
    return type(predictor)(nodes, predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets)


PREDICTORS: Mapping[str, Callable[[Any], Rule]] = {
    "sklearn.DecisionTreeClassifier": _tree,
    "sklearn.DecisionTreeRegressor": _tree,
    "sklearn.ExtraTreeClassifier": _tree,
    "sklearn.ExtraTreeRegressor": _tree,
    "sklearn.ExtraTreesClassifier": _forest,
    "sklearn.ExtraTreesRegressor": _forest,
    "sklearn.GradientBoostingClassifier": _boosting,
    "sklearn.GradientBoostingRegressor": _boosting,
    "sklearn.HistGradientBoostingClassifier": _histogram,
    "sklearn.HistGradientBoostingRegressor": _histogram,
    "sklearn.RandomForestClassifier": _forest,
    "sklearn.RandomForestRegressor": _forest,
}
