"""What becomes of the main metric when rows are not any more as they were."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.errors import NoteshipError, cut
from noteship.models.columns import plain
from noteship.monitor import streams
from noteship.validation.answering import Answering
from noteship.validation.differing import differences
from noteship.validation.disturbing import Disturbance, disturbances
from noteship.validation.judgement import Estimate, Shift
from noteship.validation.measures import MEASURES
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.resampling import Draws, Resampling

__all__ = ["Held", "robustness"]

# Rows are scored anew for each change of each column; so many tell 1 % from 3 %.
MOST_ROWS = 2_000
MOST_COLUMNS = 20
RESAMPLES = 400
UNKNOWN = Estimate(numpy.nan)


@dataclass(frozen=True, eq=False)
class Held:
    """Held-out rows as the signature has encoded them, their answers, and what the answers are to the model."""

    frame: pandas.DataFrame
    answers: pandas.Series[Any]
    answering: Answering
    resampling: Resampling

    def some(self, most: int) -> Held:
        """At most so many of the rows, drawn by the seed."""
        order = numpy.argsort(streams.integers(str(self.resampling.seed), "some", len(self.frame)), kind="stable")
        places = numpy.sort(order[:most])
        resampling = self.resampling.part(places, RESAMPLES)
        return Held(self.frame.iloc[places], self.answers.iloc[places], self.answering, resampling)


def robustness(composition: models.Composition, signature: models.Signature, held: Held, metric: str) -> list[Shift]:
    """The main metric with one column changed, for each of the first twenty inputs and each change that it can meet.

    The change of the metric is paired: both are measured on the same resamples of the same rows, at most 2,000.
    Rows that a service would refuse are told as such, and are not scored.
    """
    some = held.some(MOST_ROWS)
    tried = _Tried(composition, signature, some, metric)
    is_only = len(signature.inputs) == 1
    used = [column for column in signature.inputs if column.name not in composition.unused]
    return [
        tried.shift(column, each) for column in used[:MOST_COLUMNS] for each in disturbances(column, is_only=is_only)
    ]


class _Tried:
    """Scores changed rows, and compares."""

    def __init__(self, composition: models.Composition, signature: models.Signature, held: Held, metric: str) -> None:
        self._composition = composition
        self._signature = signature
        self._held = held
        self._metric = metric
        self._before = self._drawn(held.frame)
        self._estimate = self._estimated(self._before)

    def shift(self, column: models.Column, disturbance: Disturbance) -> Shift:
        told = (disturbance.kind, column.name, disturbance.strength, self._metric, self._estimate)
        series = self._held.frame[column.name]
        values = [plain(value) for value in series.tolist()]
        seed = f"{self._held.resampling.seed} {column.name} {disturbance.kind}"
        changed = disturbance.of(values, series, seed)
        refused = self._refused(column, disturbance.kind, changed)
        if refused:
            return Shift(*told, UNKNOWN, UNKNOWN, refused, "a service refuses such rows")
        try:
            decoded = column.decode(changed).set_axis(series.index)
            after = self._drawn(self._held.frame.assign(**{column.name: decoded}))
        except Exception as error:
            # Steps raise anything for what they have not seen; a service would answer that it cannot.
            why = error.parts().fact if isinstance(error, NoteshipError) else f"the model raised {type(error).__name__}"
            return Shift(*told, UNKNOWN, UNKNOWN, len(changed), cut(why))
        change = differences(self._held.resampling, after, self._before)
        return Shift(*told, self._estimated(after), change.get(self._metric, UNKNOWN))

    def _refused(self, column: models.Column, kind: str, changed: list[object]) -> int:
        """How many rows a service would not take."""
        if kind == "missing" and column.nulls == "refused":
            return sum(value is None for value in changed)
        if kind == "unseen" and column.unseen == "refused":
            return column.count_unseen(changed)
        return 0

    def _drawn(self, frame: pandas.DataFrame) -> tuple[Classified | Regressed, Draws]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = self._composition.score(frame)
        judged = self._held.answering.judged(self._held.answers, scores)
        places = numpy.arange(len(judged))
        part = judged.part(places, label_only=MEASURES[self._metric].by == "answers")
        return part, self._held.resampling.draw(part)

    def _estimated(self, drawn: tuple[Classified | Regressed, Draws]) -> Estimate:
        return self._held.resampling.estimates(*drawn).get(self._metric, UNKNOWN)
