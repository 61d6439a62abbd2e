"""The work of transformers over columns: scalers, encoders, imputers, projections, selectors, weightings.

As in linear models, a product with a zero of the row is not counted. Divisions count as multiplications.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Rule, constant, nonzeros

__all__ = ["TRANSFORMERS"]


def _standard(value: Any) -> Rule:
    """Columns where values are centred before they are divided, else nnz(x); nothing where they are not divided."""
    return _scaled(value, is_centred=value.with_mean, is_divided=value.with_std)


def _robust(value: Any) -> Rule:
    """As for the standard scaler."""
    return _scaled(value, is_centred=value.with_centering, is_divided=value.with_scaling)


def _scaled(value: Any, *, is_centred: bool, is_divided: bool) -> Rule:
    if not is_divided:
        return constant(0)
    return constant(int(value.n_features_in_)) if is_centred else nonzeros


def _each_nonzero(_: Any) -> Rule:
    """nnz(x): each value times its column's scale. Clipping is not counted."""
    return nonzeros


def _normalised(_: Any) -> Rule:
    """nnz(x): each value's division by the norm. What the norm itself takes, nnz(x) squares for l2, is not counted."""
    return nonzeros


def _inverse_frequencies(value: Any) -> Rule:
    """nnz(x) for the inverse document frequencies, and nnz(x) for the norm, where there are such. No logarithms."""
    factors = int(bool(value.use_idf)) + int(value.norm is not None)
    return lambda given: nonzeros(given) * factors


def _each_value(value: Any) -> Rule:
    """Columns: for each value one look into a table, or one comparison, and no multiplication."""
    return constant(int(value.n_features_in_))


def _none(_: Any) -> Rule:
    """0: columns are picked or passed on."""
    return constant(0)


def _function(value: Any) -> Rule:
    """0 for the identity; what any other function does is not known."""
    if value.func is not None:
        raise Beyond(type(value).__name__, "it calls a function")
    return constant(0)


def _components(value: Any) -> Rule:
    """nnz(x) · components, and a division for each component that is whitened.

    The mean is subtracted after its own product with the components, which is the same for all rows and not counted.
    """
    components = len(value.components_)
    whitened = components if getattr(value, "whiten", False) else 0
    return lambda given: nonzeros(given) * components + whitened


def _products(value: Any) -> Rule:
    """One multiplication for each product of two or more columns that are not zero, made of a shorter one.

    With m columns that are not zero and degree d: C(m + d, d) - 1 - m, or with interactions only the sum of C(m, j)
    for j from 2 to d. A least degree leaves shorter products out of the result, not out of the work.
    """
    degree = value.degree if isinstance(value.degree, int) else value.degree[1]
    is_interaction = bool(value.interaction_only)
    table = numpy.array([_monomials(count, degree, is_interaction) for count in range(value.n_features_in_ + 1)])
    return lambda given: table.take(nonzeros(given)).astype(numpy.int64)


def _monomials(count: int, degree: int, is_interaction: bool) -> int:
    if degree < 2:
        return 0
    if is_interaction:
        return sum(math.comb(count, size) for size in range(2, degree + 1))
    return math.comb(count + degree, degree) - 1 - count


TRANSFORMERS: Mapping[str, Callable[[Any], Rule]] = {
    "sklearn.Binarizer": _each_value,
    "sklearn.FunctionTransformer": _function,
    "sklearn.GenericUnivariateSelect": _none,
    "sklearn.IncrementalPCA": _components,
    "sklearn.MaxAbsScaler": _each_nonzero,
    "sklearn.MinMaxScaler": _each_nonzero,
    "sklearn.MissingIndicator": _each_value,
    "sklearn.Normalizer": _normalised,
    "sklearn.OneHotEncoder": _each_value,
    "sklearn.OrdinalEncoder": _each_value,
    "sklearn.PCA": _components,
    "sklearn.PolynomialFeatures": _products,
    "sklearn.RFE": _none,
    "sklearn.RFECV": _none,
    "sklearn.RobustScaler": _robust,
    "sklearn.SelectFdr": _none,
    "sklearn.SelectFpr": _none,
    "sklearn.SelectFromModel": _none,
    "sklearn.SelectFwe": _none,
    "sklearn.SelectKBest": _none,
    "sklearn.SelectPercentile": _none,
    "sklearn.SequentialFeatureSelector": _none,
    "sklearn.SimpleImputer": _each_value,
    "sklearn.StandardScaler": _standard,
    "sklearn.TargetEncoder": _each_value,
    "sklearn.TfidfTransformer": _inverse_frequencies,
    "sklearn.TruncatedSVD": _components,
    "sklearn.VarianceThreshold": _none,
}
