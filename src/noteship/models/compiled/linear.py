"""Linear models over tables of numbers and counted words, and naive Bayes, which is linear too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled import deciding
from noteship.models.compiled.deciding import SLACK, Answers, Decision
from noteship.models.compiled.program import Array, Aside, Beyond, Entries, Program, Stack, Work

__all__ = ["CLASSIFIERS", "REGRESSORS"]


def _logistic(value: Any) -> Decision:
    # The word is gone from later versions, which do what "auto" did.
    told = getattr(value, "multi_class", "auto")
    against_rest = told == "ovr" or (told != "multinomial" and value.solver == "liblinear")
    if len(value.classes_) == 2:
        return Decision(deciding.symmetric if told == "multinomial" else deciding.expit)
    return Decision(deciding.expit if against_rest else deciding.softmax)


def _gradient_descent(value: Any) -> Decision:
    forms = {"log_loss": deciding.expit, "modified_huber": deciding.clipped}
    return Decision(forms.get(value.loss))


def _by_coefficients(decide: Callable[[Any], Decision] | None) -> Callable[[Any, Stack, Program], None]:
    def compiled(value: Any, given: Stack, program: Program) -> None:
        coefficients = numpy.atleast_2d(value.coef_)
        if numpy.ndim(value.classes_) != 1 or len(coefficients) != (
            len(value.classes_) if len(value.classes_) > 2 else 1
        ):
            raise Beyond(f"a {type(value).__name__} with several targets")
        _add(program, given, coefficients, value.intercept_, decide(value) if decide else Decision(None))

    return compiled


def _bayes(value: Any, given: Stack, program: Program) -> None:
    """MultinomialNB and ComplementNB."""
    weights, intercept = value.feature_log_prob_, value.class_log_prior_
    if len(weights) < 2 or len(value.classes_) != len(weights):
        raise Beyond("naive Bayes with one class")
    if type(value).__name__ == "ComplementNB":
        intercept = numpy.zeros(len(weights))
    _add(program, given, weights, intercept, Decision(deciding.softmax))


def _regression(value: Any, given: Stack, program: Program) -> None:
    coefficients = numpy.atleast_2d(value.coef_)
    if len(coefficients) != 1:
        raise Beyond(f"a {type(value).__name__} with several targets")
    _add(program, given, coefficients, value.intercept_, None)


def _add(program: Program, given: Stack, weights: Any, intercept: Any, decision: Decision | None) -> None:
    weights = numpy.asarray(weights)
    if weights.dtype != numpy.float64:
        raise Beyond("a model in single precision")
    if weights.shape[1] != given.width:
        raise Beyond(f"a model of {weights.shape[1]} columns for {given.width}")
    parts = []
    start = 0
    for part in given.parts:
        parts.append(_Part(numpy.ascontiguousarray(weights[:, start : start + part.width].T)))
        start += part.width
    added = numpy.broadcast_to(numpy.asarray(intercept, dtype=numpy.float64), (len(weights),))
    program.add(_Linear(tuple(parts), added, decision), given.parts, 1, work=Work(nonzeros=len(weights)))


class _Part:
    """The weights of some columns, of shape (columns, scores)."""

    def __init__(self, weights: Array) -> None:
        self.weights = weights
        self._size = float(numpy.abs(weights).sum(axis=0).max(initial=0.0))

    def scores(self, given: Any) -> tuple[Array, Array]:
        """The products' sums, and for each row how far they may be from those in another order."""
        if isinstance(given, Entries):
            return self._of_entries(given)
        slack: Array = numpy.abs(given).max(axis=1, initial=0.0) * (self._size * SLACK)
        return given @ self.weights, slack

    def _of_entries(self, given: Entries) -> tuple[Array, Array]:
        if self.weights.shape[1] == 1:
            products = given.values * self.weights[:, 0].take(given.columns)
            return given.sums(products)[:, None], given.sums(numpy.abs(products)) * SLACK
        found = self.weights.take(given.columns, axis=0)
        scores = numpy.zeros((given.count, self.weights.shape[1]))
        for row, (start, end) in enumerate(zip(given.starts[:-1].tolist(), given.starts[1:].tolist(), strict=True)):
            if end > start:
                scores[row] = given.values[start:end] @ found[start:end]
        largest = float(numpy.abs(found).max(initial=0.0))
        return scores, given.sums(numpy.abs(given.values)) * (largest * SLACK)


@dataclass(frozen=True, eq=False)
class _Linear:
    """The sum over all parts, and the intercept; classes or values of it."""

    parts: tuple[_Part, ...]
    intercept: Array
    decision: Decision | None

    def __call__(self, *blocks: Any) -> Answers:
        total: Any = None
        slack: Any = 0.0
        for part, block in zip(self.parts, blocks, strict=True):
            scores, doubt = part.scores(block)
            total = scores if total is None else total + scores
            slack = slack + doubt
        total = total + self.intercept
        if self.decision is not None:
            return self.decision(total, slack)
        if not numpy.isfinite(total).all():
            raise Aside
        return Answers(total[:, 0], None)


CLASSIFIERS: Mapping[str, Callable[[Any, Stack, Program], None]] = {
    "ComplementNB": _bayes,
    "LinearSVC": _by_coefficients(None),
    "LogisticRegression": _by_coefficients(_logistic),
    "LogisticRegressionCV": _by_coefficients(_logistic),
    "MultinomialNB": _bayes,
    "RidgeClassifier": _by_coefficients(None),
    "RidgeClassifierCV": _by_coefficients(None),
    "SGDClassifier": _by_coefficients(_gradient_descent),
}
REGRESSORS: Mapping[str, Callable[[Any, Stack, Program], None]] = dict.fromkeys(
    ("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "LinearRegression", "LinearSVR", "Ridge", "RidgeCV"), _regression
)
