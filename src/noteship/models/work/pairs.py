"""The work of models that compare a row with rows that they keep: nearest neighbours and support vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Counts, Rule, constant, nonzeros, numbers

__all__ = ["PREDICTORS"]

# Distances that are found from the products of two rows; the fitted rows' own norms are known beforehand.
OF_PRODUCTS = frozenset({"cosine", "euclidean", "l2", "sqeuclidean"})
# Distances that take one operation for each column: a difference, or its power.
OF_DIFFERENCES = frozenset({"chebyshev", "cityblock", "infinity", "l1", "manhattan", "minkowski", "p"})
KERNELS = frozenset({"linear", "poly", "rbf", "sigmoid"})


def _neighbours(value: Any) -> Rule:
    """By brute force as `_all_pairs`; in a k-d or ball tree pairs evaluated · columns.

    A pair is evaluated when the tree's own count of distances grows by one: in a k-d tree one for each fitted row of
    each leaf that is looked into, in a ball tree also one for each ball whose distance is asked for. Bounds of boxes
    are not counted. Cost: as much as scoring, since the tree is searched once more.
    """
    if value._fit_method == "brute":
        return _all_pairs(value)
    if value.effective_metric_ not in OF_PRODUCTS | OF_DIFFERENCES:
        raise Beyond(type(value).__name__, f"the metric {value.effective_metric_}")
    return _searched(value._tree, int(value.n_neighbors))


def _by_radius(value: Any) -> Rule:
    """By brute force as `_all_pairs`."""
    if value._fit_method != "brute":
        raise Beyond(type(value).__name__, "rows within a radius are looked for in a tree")
    return _all_pairs(value)


def _all_pairs(value: Any) -> Rule:
    """fitted rows · nnz(x) where distances come of products of rows, fitted rows · columns where of differences."""
    rows, columns = (int(size) for size in value._fit_X.shape)
    if value.effective_metric_ in OF_PRODUCTS:
        return lambda given: nonzeros(given) * rows
    if value.effective_metric_ in OF_DIFFERENCES:
        return constant(rows * columns)
    raise Beyond(type(value).__name__, f"the metric {value.effective_metric_}")


def _searched(tree: Any, neighbours: int) -> Rule:
    # A tree over the same arrays with a count of its own, since others search the model's.
    kind: Any = type(tree)
    own = kind.__new__(kind)
    own.__setstate__(tree.__getstate__())
    lock = threading.Lock()

    def count(given: Any) -> Counts:
        rows = numpy.ascontiguousarray(numbers(given), dtype=numpy.float64)
        found = numpy.empty(len(rows), dtype=numpy.int64)
        with lock:
            for place in range(len(rows)):
                own.reset_n_calls()
                own.query(rows[place : place + 1], neighbours, return_distance=False)
                found[place] = own.get_n_calls()
        return found * int(rows.shape[1])

    return count


def _support_vectors(value: Any) -> Rule:
    """vectors · (nnz(x) + scores): each vector's product with the row, and its weight in each score it is in.

    With k classes a vector is in k - 1 scores. What the kernel makes of the product is not counted, nor are the
    vectors' own norms.
    """
    if value.kernel not in KERNELS:
        raise Beyond(type(value).__name__, "its kernel is precomputed or a function")
    vectors, scores = len(value.support_), int(value._dual_coef_.shape[0])
    return lambda given: vectors * (nonzeros(given) + scores)


PREDICTORS: Mapping[str, Callable[[Any], Rule]] = {
    "sklearn.KNeighborsClassifier": _neighbours,
    "sklearn.KNeighborsRegressor": _neighbours,
    "sklearn.NuSVC": _support_vectors,
    "sklearn.NuSVR": _support_vectors,
    "sklearn.OneClassSVM": _support_vectors,
    "sklearn.RadiusNeighborsClassifier": _by_radius,
    "sklearn.RadiusNeighborsRegressor": _by_radius,
    "sklearn.SVC": _support_vectors,
    "sklearn.SVR": _support_vectors,
}
