"""A bundle's model with other parameters, judged by cross-validation on the training part alone."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy

from noteship import models
from noteship.validation import errors
from noteship.validation.answering import Answering
from noteship.validation.asking import JudgeRequest, measures_of
from noteship.validation.cloning import encoded, score
from noteship.validation.folding import folds
from noteship.validation.opening import open_model
from noteship.validation.parting import part_rows

__all__ = ["Trying"]

PLAIN = (bool, int, float, str)


class Trying:
    """What holds the rows and the steps from one trial to the next. No held-out row is ever looked at."""

    def __init__(self, asked: JudgeRequest, metric: str, count: int) -> None:
        """Raises what opening a bundle and parting its rows raise, UnfitMetric, UnknownPositive, TooFewFolds."""
        opened = open_model(asked.bundle)
        parted = part_rows(asked, opened.scorer.signature)
        self._asked, self._metric = asked, metric
        self._composition = opened.composition
        self._answers = parted.train.answers
        self._frame = encoded(opened, parted.train, "")
        kind = opened.scorer.signature.output.kind
        if metric not in measures_of(kind):
            raise errors.UnfitMetric(metric, measures_of(kind))
        whole = (self._frame, self._answers)
        self._answering = Answering.of(opened.composition, whole, self._answers, asked.positive)
        classes = self._answers if kind == "classification" else None
        self._folds = folds(parted.train.raw, classes, asked.holdout, count, asked.seed, parted.copied)

    @classmethod
    def of(cls, request: Path) -> Self:
        """As a file of JSON asks: the fields of `JudgeRequest`, and "folds". Raises as the constructor does."""
        wanted = json.loads(request.read_bytes())
        count = wanted.pop("folds")
        return cls(JudgeRequest.from_json(wanted), wanted["metric"], count)

    @property
    def folds(self) -> int:
        """How many there are."""
        return len(self._folds)

    @property
    def rows(self) -> int:
        """Of the training part."""
        return len(self._frame)

    @property
    def judged_share(self) -> float:
        """Of a fold, the rows that are judged for each that is fitted; the mean over folds."""
        return statistics.fmean(len(each.judged) / len(each.fitted) for each in self._folds)

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """By label the class and the parameters of each step that is fitted, as settings write them.

        None is the text "None", a tuple a list; what is no plain value is told as None.
        """
        return {
            each.label: {"kind": each.kind, "parameters": _parameters(each.value)}
            for each in self._composition.steps
            if not each.is_function
        }

    def values(self, changes: models.Changes) -> Iterator[float]:
        """The metric on each fold, of the steps with other parameters, fitted on the other folds.

        Raises NotTried where the steps cannot be fitted so, or the metric does not exist.
        """
        for number in range(self.folds):
            yield self.value(number, changes)

    def value(self, number: int, changes: models.Changes) -> float:
        """The metric on one fold. Raises as `values` does."""
        fold = self._folds[number]
        frame, answers = self._frame.iloc[fold.fitted], self._answers.iloc[fold.fitted]
        made = models.refit(self._composition, frame, answers, self._asked.seed, partly=False, changes=changes)
        if isinstance(made, models.NotRefitted):
            raise errors.NotTried(made.step, made.why)
        try:
            scores = score(made, self._frame.iloc[fold.judged])
        except errors.NotJudged as error:
            raise errors.NotTried(error.step, error.why) from error
        answered = self._answering.judged(self._answers.iloc[fold.judged], scores)
        measured = answered.measure(numpy.ones((1, len(answered))))
        if self._metric not in measured:
            raise errors.UnfitMetric(self._metric, tuple(measured))
        value = float(measured[self._metric][0])
        if not math.isfinite(value):
            raise errors.NotTried(self._composition.steps[-1].label, f"a fold has no {self._metric}")
        return value


def _parameters(value: Any) -> dict[str, Any]:
    """Those of the unfitted clone that is fitted for a trial."""
    given: Mapping[str, Any] = models.unfitted(value, 0).get_params(deep=True)
    return {name: _plain(each) for name, each in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(each, PLAIN) for each in value):
        return list(value)
    if value is None:
        return "None"
    return value if isinstance(value, PLAIN) else None
