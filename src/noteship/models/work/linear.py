"""The work of linear models, naive Bayes, and the layers of perceptrons.

A product with a zero of the row is not counted, whether the row is dense or sparse, so that a row's work does not
depend on its form. What makes probabilities or classes of the scores is not counted: at most some operations a class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Rule, constant, nonzeros, numbers

__all__ = ["PREDICTORS"]


def _coefficients(value: Any) -> Rule:
    """nnz(x) · outputs: one multiplication for each value that is not zero, and each output."""
    coefficients = value.coef_
    if hasattr(coefficients, "tocsr"):
        raise Beyond(type(value).__name__, "its coefficients are sparse")
    outputs = 1 if coefficients.ndim == 1 else int(coefficients.shape[0])
    return lambda given: nonzeros(given) * outputs


def _multinomial(value: Any) -> Rule:
    """nnz(x) · classes: each count times its word's logarithm, for each class."""
    classes = len(value.feature_log_prob_)
    return lambda given: nonzeros(given) * classes


def _bernoulli(value: Any) -> Rule:
    """Values above the threshold, times the classes. Their comparisons with it are not counted."""
    classes, threshold = len(value.feature_log_prob_), value.binarize
    if threshold is None:
        return lambda given: nonzeros(given) * classes
    if threshold < 0:
        raise Beyond(type(value).__name__, "its threshold makes ones of zeros")
    return lambda given: nonzeros(numbers(given) > threshold) * classes


def _gaussian(value: Any) -> Rule:
    """2 · columns · classes: for each value and class a square of the distance, and its division by the variance."""
    classes, columns = value.theta_.shape
    return constant(2 * int(classes) * int(columns))


def _categorical(value: Any) -> Rule:
    """columns · classes: no multiplications, but a logarithm looked up for each value and class."""
    return constant(len(value.feature_log_prob_) * len(value.classes_))


def _layers(value: Any) -> Rule:
    """nnz(x) · n for the first layer, m · n for each further one. Activations are not counted."""
    shapes = [weights.shape for weights in value.coefs_]
    first = int(shapes[0][1])
    further = sum(int(before) * int(after) for before, after in shapes[1:])
    return lambda given: nonzeros(given) * first + further


def _centroids(value: Any) -> Rule:
    """classes · columns: for each class and column a square of the distance."""
    if value.metric != "euclidean":
        raise Beyond(type(value).__name__, f"the metric {value.metric}")
    classes, columns = numpy.shape(value.centroids_)
    return constant(int(classes) * int(columns))


def _nothing(_: Any) -> Rule:
    """No multiplication."""
    return constant(0)


BY_COEFFICIENTS = (
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "GammaRegressor",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LinearSVC",
    "LinearSVR",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "PassiveAggressiveClassifier",
    "PassiveAggressiveRegressor",
    "Perceptron",
    "PoissonRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
    "SGDOneClassSVM",
    "SGDRegressor",
    "TheilSenRegressor",
    "TweedieRegressor",
)
PREDICTORS: Mapping[str, Callable[[Any], Rule]] = {
    **{f"sklearn.{name}": _coefficients for name in BY_COEFFICIENTS},
    "sklearn.BernoulliNB": _bernoulli,
    "sklearn.CategoricalNB": _categorical,
    "sklearn.ComplementNB": _multinomial,
    "sklearn.DummyClassifier": _nothing,
    "sklearn.DummyRegressor": _nothing,
    "sklearn.GaussianNB": _gaussian,
    "sklearn.MLPClassifier": _layers,
    "sklearn.MLPRegressor": _layers,
    "sklearn.MultinomialNB": _multinomial,
    "sklearn.NearestCentroid": _centroids,
}
