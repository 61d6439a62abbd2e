"""Which rule is for which step, and what holds other steps: their work adds up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.models.work import boosters, columns, linear, pairs, trees, words
from noteship.models.work.parts import Beyond, Counts, Part, Rule, WorkCounter, kind_of, nonzeros, row_count

__all__ = ["predictor", "transformer"]


def predictor(value: Any) -> WorkCounter:
    """The counter of what a fitted model predicts. Raises Beyond."""
    kind = kind_of(value)
    if kind in HOLDERS:
        return HOLDERS[kind](value)
    if kind in PREDICTORS:
        return _Single(value, PREDICTORS[kind](value))
    raise Beyond(type(value).__name__)


def transformer(value: Any) -> Part:
    """The counter of what a fitted transformer makes. Raises Beyond."""
    if value is None or (isinstance(value, str) and value == "passthrough"):
        return _Passing()
    kind = kind_of(value)
    if kind in CONTAINERS:
        return CONTAINERS[kind](value)
    if kind in words.TRANSFORMERS:
        return words.TRANSFORMERS[kind](value)
    if kind in columns.TRANSFORMERS:
        return _Single(value, columns.TRANSFORMERS[kind](value))
    raise Beyond(type(value).__name__)


@dataclass(frozen=True, eq=False)
class _Single:
    """One step with its rule."""

    value: Any
    count: Rule

    def through(self, given: Any) -> tuple[Counts, Any]:
        return self.count(given), self.value.transform(given)


class _Passing:
    """What is given is passed on."""

    def count(self, given: Any) -> Counts:
        return numpy.zeros(row_count(given), dtype=numpy.int64)

    def through(self, given: Any) -> tuple[Counts, Any]:
        return self.count(given), given


@dataclass(frozen=True, eq=False)
class _Sum:
    """Models that are given the same rows."""

    parts: Sequence[WorkCounter]

    def count(self, given: Any) -> Counts:
        return sum((part.count(given) for part in self.parts), numpy.zeros(row_count(given), dtype=numpy.int64))


@dataclass(frozen=True, eq=False)
class _Chain:
    """Steps of which each is given what the one before makes; each makes it once."""

    front: Sequence[Part]
    last: WorkCounter

    def count(self, given: Any) -> Counts:
        total, given = self._front(given)
        return total + self.last.count(given)

    def through(self, given: Any) -> tuple[Counts, Any]:
        return self._front(given)

    def _front(self, given: Any) -> tuple[Counts, Any]:
        total = numpy.zeros(row_count(given), dtype=numpy.int64)
        for part in self.front:
            counts, given = part.through(given)
            total += counts
        return total, given


@dataclass(frozen=True, eq=False)
class _Beside:
    """Transformers whose results stand side by side. A weight multiplies each value that is not zero."""

    value: Any
    parts: Sequence[tuple[Part, Callable[[Any], Any], float | None]]
    is_sparse: bool | None = None

    def count(self, given: Any) -> Counts:
        return self.through(given)[0]

    def through(self, given: Any) -> tuple[Counts, Any]:
        total = numpy.zeros(row_count(given), dtype=numpy.int64)
        made = []
        for part, pick, weight in self.parts:
            counts, result = part.through(pick(given))
            total += counts
            if weight is not None:
                total += nonzeros(result)
                result = result * weight
            made.append(result)
        return total, self._joined(given, made)

    def _joined(self, given: Any, made: list[Any]) -> Any:
        if any(isinstance(each, pandas.DataFrame) for each in made) or not made:
            # Names, and what is made of nothing, are scikit-learn's to settle.
            return self.value.transform(given)
        is_sparse = self.is_sparse
        if is_sparse is None:
            is_sparse = any(hasattr(each, "tocsr") for each in made)
        if is_sparse:
            import scipy.sparse  # type: ignore[import-untyped]

            return scipy.sparse.hstack(made, format="csr")
        return numpy.hstack([each.toarray() if hasattr(each, "toarray") else each for each in made])


def _pipeline(value: Any) -> WorkCounter:
    *front, last = [step for _, step in value.steps]
    return _Chain([transformer(step) for step in front], predictor(last))


def _front_pipeline(value: Any) -> Part:
    return _Chain([transformer(step) for _, step in value.steps], _Passing())


def _union(value: Any) -> Part:
    weights = value.transformer_weights or {}
    held = [(name, step) for name, step in value.transformer_list if not _is_dropped(step)]
    return _Beside(value, [(transformer(step), _all, weights.get(name)) for name, step in held])


def _columns(value: Any) -> Part:
    """ColumnTransformer: each part is given its columns."""
    weights = value.transformer_weights or {}
    parts = []
    for name, step, chosen in value.transformers_:
        places = value._transformer_to_input_indices[name]
        if not _is_dropped(step) and len(places):
            picked = _Picked(value, tuple(map(int, places)), is_single=isinstance(chosen, (str, int)))
            parts.append((transformer(step), picked, weights.get(name)))
    return _Beside(value, parts, bool(value.sparse_output_))


@dataclass(frozen=True, eq=False)
class _Picked:
    """Columns by their names where the rows have such, else by their places; a single one has one dimension."""

    value: Any
    places: tuple[int, ...]
    is_single: bool

    def __call__(self, given: Any) -> Any:
        if not isinstance(given, pandas.DataFrame):
            return given[:, self.places[0]] if self.is_single else given[:, list(self.places)]
        fitted = getattr(self.value, "feature_names_in_", None)
        if fitted is None:
            return given.iloc[:, self.places[0]] if self.is_single else given.iloc[:, list(self.places)]
        names = [fitted[place] for place in self.places]
        return given[names[0]] if self.is_single else given[names]


def _is_dropped(step: Any) -> bool:
    return isinstance(step, str) and step == "drop"


def _all(given: Any) -> Any:
    return given


def _every(value: Any) -> WorkCounter:
    """Each estimator's work. What a vote, a mean or a weight takes is not counted."""
    return _Sum([predictor(each) for each in value.estimators_])


@dataclass(frozen=True, eq=False)
class _Stacked:
    value: Any
    base: WorkCounter
    final: WorkCounter

    def count(self, given: Any) -> Counts:
        return self.base.count(given) + self.final.count(self.value.transform(given))


def _stacking(value: Any) -> WorkCounter:
    """The estimators' work, and the final one's over what they predict. Cost: they predict once more."""
    return _Stacked(value, _every(value), predictor(value.final_estimator_))


def _calibrated(value: Any) -> WorkCounter:
    """The work of the estimator of each fold. What makes calibrated probabilities of a score is not counted."""
    return _Sum([predictor(each.estimator) for each in value.calibrated_classifiers_])


def _best(value: Any) -> WorkCounter:
    return predictor(value.best_estimator_)


def _frozen(value: Any) -> WorkCounter:
    return predictor(value.estimator)


PREDICTORS: Mapping[str, Callable[[Any], Rule]] = {
    **boosters.PREDICTORS,
    **linear.PREDICTORS,
    **pairs.PREDICTORS,
    **trees.PREDICTORS,
}
HOLDERS: Mapping[str, Callable[[Any], WorkCounter]] = {
    "sklearn.AdaBoostClassifier": _every,
    "sklearn.AdaBoostRegressor": _every,
    "sklearn.CalibratedClassifierCV": _calibrated,
    "sklearn.FrozenEstimator": _frozen,
    "sklearn.GridSearchCV": _best,
    "sklearn.OneVsRestClassifier": _every,
    "sklearn.Pipeline": _pipeline,
    "sklearn.RandomizedSearchCV": _best,
    "sklearn.StackingClassifier": _stacking,
    "sklearn.StackingRegressor": _stacking,
    "sklearn.VotingClassifier": _every,
    "sklearn.VotingRegressor": _every,
}
CONTAINERS: Mapping[str, Callable[[Any], Part]] = {
    "sklearn.ColumnTransformer": _columns,
    "sklearn.FeatureUnion": _union,
    "sklearn.Pipeline": _front_pipeline,
}
