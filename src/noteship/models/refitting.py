"""Fitting a composition's steps anew on other rows: the model as it would be, had it seen these and no others."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy
import pandas

from noteship.models.columns import plain
from noteship.models.composition import Composition
from noteship.models.loading import Step

__all__ = ["Changes", "NotRefitted", "answer_classes", "refit", "unfitted"]

# By the label of a step parameters that are other ones.
Changes = Mapping[str, Mapping[str, Any]]
# Rows on which the model made anew is compared with the one that is given: of so many, a half is told from 45 or 55 %.
COMPARED_ROWS = 300
# Rows of each answer that are looked at, where the model knows the answers by other names.
ROWS_PER_ANSWER = 100
# What lets an encoder take a category that its rows did not hold: with rows left out, rare ones are gone.
LENIENT: Mapping[str, Mapping[str, Any]] = {
    "OneHotEncoder": {"handle_unknown": "ignore"},
    "OrdinalEncoder": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
}


@dataclass(frozen=True)
class NotRefitted:
    """The steps cannot be fitted anew as they were fitted: at which of them, and why."""

    step: str
    why: str


class _Refused(Exception):
    """What a step or the target is like, so that fitting it anew would make another model."""


def refit(
    composition: Composition,
    frame: pandas.DataFrame,
    target: pandas.Series[Any],
    seed: int,
    *,
    partly: bool = True,
    changes: Changes | None = None,
) -> Composition | NotRefitted:
    """Clones of the steps, fitted on raw rows and their answers in the order and with the handings of the composition.

    Functions stay as they are, and so does a label encoder at the end, in whose codes the answers are then given. Of a
    search over parameters the model that it found is fitted. Rows without an answer are left out. Where the steps
    before the last one cannot be fitted anew, or give columns then that the last one does not know, they stay as well:
    what they know of other rows is these rows' inputs, hardly ever their answers. Without `partly` that is refused.
    Guarantee: equal arguments give an equal model: clones without a seed of their own are given `seed`, below 2**32.
    What the model is fitted on beside rows and answers, such as weights, nobody knows here. So what was made must give
    the same answer as the composition to half of the rows it was fitted on, or, of numbers, explain half of their
    variance; else the notebooks did something else. With `changes`, other parameters for steps by their labels, it is
    another model, and that is not asked.
    Cost: that of fitting; some 300 rows are scored twice.
    """
    known = target.notna().to_numpy()
    frame, target = frame[known], target[known]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _Fitting(composition, seed, whole=True, changes=changes).tried(frame, target)
        if partly and isinstance(made, NotRefitted) and not all(step.is_function for step in composition.front):
            made = _Fitting(composition, seed, whole=False, changes=changes).tried(frame, target)
    return made


def answer_classes(
    composition: Composition, frame: pandas.DataFrame, target: pandas.Series[Any]
) -> Mapping[Any, Any] | None:
    """By answer the class that stands for it; None where answers and classes do not belong together."""
    classes = composition.predictor.classes
    known = target.dropna()
    if set(classes) >= set(map(plain, known.unique().tolist())):
        return {label: label for label in classes}
    try:
        return _named(composition, frame.loc[target.notna().to_numpy()], known)
    except _Refused:
        return None


class _Fitting:
    """One refit, of all steps or of the last alone."""

    def __init__(self, composition: Composition, seed: int, *, whole: bool, changes: Changes | None) -> None:
        self._composition = composition
        self._changes = changes or {}
        self._seed = seed
        self._whole = whole
        self._last = len(composition.front)
        # The step that is under way.
        self._label = composition.steps[self._last].label

    def tried(self, frame: pandas.DataFrame, target: pandas.Series[Any]) -> Composition | NotRefitted:
        try:
            return self._fitted(frame, target)
        except _Refused as reason:
            return NotRefitted(self._label, str(reason))
        except Exception as error:
            # Fitting runs the steps' own code, which may raise anything, with values of rows in its words.
            return NotRefitted(self._label, _parameter(error) or f"fitting it again raised {type(error).__name__}")

    def _fitted(self, frame: pandas.DataFrame, target: pandas.Series[Any]) -> Composition:
        composition, steps = self._composition, list(self._composition.steps)
        answers = _answers(composition, frame, target)

        def through(number: int, given: Any) -> Any:
            if self._whole:
                steps[number] = self._fit(steps[number], given, answers)
            return steps[number].value.transform(given)

        given = composition.handed(frame, through)
        steps[self._last] = self._fit(steps[self._last], given, answers)
        made = Composition(composition.inputs, steps, composition.handings)
        if not self._changes and not _agree(composition, made, frame.iloc[:: max(1, len(frame) // COMPARED_ROWS)]):
            raise _Refused("fitted again it answers otherwise, so it was fitted on something else")
        return made

    def _fit(self, step: Step, given: Any, answers: Any) -> Step:
        self._label = step.label
        value = unfitted(step.value, self._seed)
        own, changes = value.get_params(deep=True), self._changes.get(step.label, {})
        value.set_params(**{name: _meant(each, own.get(name)) for name, each in changes.items()})
        if _takes_answers(value):
            value.fit(given, answers)
        else:
            value.fit(given)
        return replace(step, value=value)


def _meant(value: Any, own: Any) -> Any:
    """A parameter of settings or JSON, which have no None and write a tuple as a list; `own` is the step's own one."""
    if value == "None":
        return None
    return tuple(value) if isinstance(own, tuple) else value


def _parameter(error: Exception) -> str:
    """Which parameter scikit-learn refuses, and what it takes there: words about the class, with nothing of rows."""
    told = re.match(r"The '(\w+)' parameter of \w+ must be (.+?)\. Got ", str(error), re.DOTALL)
    is_meant = told is not None and type(error).__name__ == "InvalidParameterError"
    return f"its parameter {told[1]!r} must be {told[2]}" if told and is_meant else ""


def _agree(composition: Composition, made: Composition, frame: pandas.DataFrame) -> bool:
    """Whether both are one model, up to what a few rows more or less change."""
    before, after = composition.score(frame).predictions, made.score(frame).predictions
    if composition.predictor.classes:
        return bool(numpy.mean(before == after) >= 0.5)
    return bool(numpy.mean((before - after) ** 2) <= numpy.var(before) / 2)


def _answers(composition: Composition, frame: pandas.DataFrame, target: pandas.Series[Any]) -> Any:
    """The target as the model was fitted on it: numbers, or classes as the model itself knows them."""
    predictor = composition.predictor
    if not predictor.classes:
        return target.to_numpy(dtype=numpy.float64)
    if not hasattr(predictor.model, "classes_"):
        raise _Refused("it was fitted without answers")
    places = {label: place for place, label in enumerate(predictor.classes)}
    if not places.keys() >= set(map(plain, target.unique().tolist())):
        places = {answer: places[label] for answer, label in _named(composition, frame, target).items()}
    return numpy.asarray(predictor.own_classes)[[places[plain(value)] for value in target.tolist()]]


def _named(composition: Composition, frame: pandas.DataFrame, target: pandas.Series[Any]) -> dict[Any, Any]:
    """By answer the class that stands for it, as 1 may for "spam": the one that most of its rows are predicted as."""
    told = {}
    if target.nunique() <= len(composition.predictor.classes):
        few = (target.groupby(target).cumcount() < ROWS_PER_ANSWER).to_numpy()
        predicted = pandas.Series(composition.score(frame[few]).predictions)
        for answer, labels in predicted.groupby(target[few].to_numpy()):
            told[plain(answer)] = plain(labels.mode().iloc[0])
    if not told or len(set(told.values())) < len(told):
        raise _Refused("the target holds other values than it predicts")
    return told


def unfitted(value: Any, seed: int) -> Any:
    """A step's clone, not fitted: what `refit` fits. Raises whatever scikit-learn cannot clone."""
    from sklearn.base import clone  # type: ignore[import-untyped]

    fresh = clone(_found(value))
    parameters = fresh.get_params(deep=True)
    if any(type(each).__name__ == "FrozenEstimator" for each in (fresh, *parameters.values())):
        raise _Refused("it holds an estimator that stays as it was fitted")
    for name, given in parameters.items():
        prefix, _, last = name.rpartition("__")
        owner = parameters[prefix] if prefix else fresh
        if last == "random_state" and given is None:
            fresh.set_params(**{name: seed})
        elif last == "handle_unknown" and given == "error" and type(owner).__module__.startswith("sklearn."):
            owner.set_params(**LENIENT.get(type(owner).__name__, {}))
    return fresh


def _found(value: Any) -> Any:
    """What a search over parameters found in its place, also within a pipeline."""
    from sklearn.pipeline import Pipeline  # type: ignore[import-untyped]

    if hasattr(value, "best_estimator_"):
        return _found(value.best_estimator_)
    return Pipeline([(name, _found(each)) for name, each in value.steps]) if type(value) is Pipeline else value


def _takes_answers(value: Any) -> bool:
    """Whether `fit` takes answers beside the rows."""
    first, *further = inspect.signature(value.fit).parameters.values()
    return first.kind is first.VAR_POSITIONAL or any(each.name == "y" for each in further)
