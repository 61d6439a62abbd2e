"""True answers and a model's scores brought together, in the target's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.validation import errors
from noteship.validation.metrics import Array, Classified, Regressed

__all__ = ["Answering", "placed", "plain"]


@dataclass(frozen=True)
class Answering:
    """What the target's values are to the model.

    - by_answer: the model's class that each value of the target stands for; empty of a regression
    - classes: the model's own, then answers that it does not know; words: the same as people say them
    - positive: which of the classes precision, recall and F1 are about
    """

    by_answer: Mapping[Any, Any]
    classes: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    positive: int | None = None

    @classmethod
    def of(
        cls,
        composition: models.Composition,
        train: tuple[pandas.DataFrame, pandas.Series[Any]],
        held: pandas.Series[Any],
        positive: str | None,
        by: str = "share",
    ) -> Answering:
        """From the rows and answers of the training part, and the answers held out, `by` what.

        Where nothing is named, the positive one of 0 and 1, or of false and true, is the latter.
        Raises UnknownPositive, NonePositive.
        """
        own = composition.predictor.classes
        if not own:
            if positive is not None:
                raise errors.UnknownPositive(positive, ())
            return cls({})
        by_answer = models.answer_classes(composition, *train) or {label: label for label in own}
        by_class = {label: answer for answer, label in by_answer.items()}
        given = {plain(each) for answers in (train[1], held) for each in answers.unique().tolist()}
        unknown = sorted(given - set(by_answer), key=str)
        words = tuple(_word(by_class.get(label, label)) for label in own) + tuple(map(_word, unknown))
        place = _positive(positive, words, own)
        made = cls({**by_answer, **{each: each for each in unknown}}, (*own, *unknown), words, place)
        if place is not None and not (held.map(made.word) == words[place]).any():
            raise errors.NonePositive(words[place], len(held), by)
        return made

    @property
    def answers(self) -> tuple[Any, ...]:
        """The target's value that each of the classes stands for; of one that no row has, the class itself."""
        of = {label: answer for answer, label in self.by_answer.items()}
        return tuple(of.get(label, label) for label in self.classes)

    def word(self, answer: Any) -> str:
        """An answer as people say it."""
        return self.words[self.classes.index(self.by_answer[plain(answer)])]

    def judged(self, answers: pandas.Series[Any], scores: models.Scores) -> Classified | Regressed:
        """What can be measured of the scores of rows whose answers are known."""
        if not self.classes:
            true = answers.to_numpy(dtype=numpy.float64)
            return Regressed(true, numpy.asarray(scores.predictions, dtype=numpy.float64))
        places = {label: place for place, label in enumerate(self.classes)}
        true = _codes(answers.tolist(), {answer: places[label] for answer, label in self.by_answer.items()})
        predicted = _codes(scores.predictions.tolist(), places)
        probabilities = scores.aligned(self.classes).probabilities
        if probabilities is not None and numpy.isfinite(probabilities).all():
            return Classified(true, predicted, probabilities, len(self.classes), self.positive)
        return Classified(true, predicted, None, len(self.classes), self.positive)


def placed(judged: Classified, answers: tuple[Any, ...], among: tuple[Any, ...], positive: int | None) -> Classified:
    """What was judged by its own list of answers, by another one that has all of these."""
    places = numpy.array([among.index(each) for each in answers])
    probabilities = None
    if judged.probabilities is not None:
        probabilities = numpy.zeros((len(judged), len(among)))
        probabilities[:, places] = judged.probabilities
    return Classified(places[judged.true], places[judged.predicted], probabilities, len(among), positive)


def plain(value: Any) -> Any:
    """A cell of a table as a plain value."""
    return value.item() if isinstance(value, numpy.generic) else value


def _codes(values: list[Any], places: Mapping[Any, int]) -> Array:
    return numpy.array([places[plain(value)] for value in values], dtype=numpy.intp)


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _positive(named: str | None, words: tuple[str, ...], own: tuple[Any, ...]) -> int | None:
    if named is None:
        # 1 == True, and 0 == False.
        return own.index(1) if len(words) == 2 and set(own) == {0, 1} else None
    for place, (word, label) in enumerate(zip(words, (*own, *words[len(own) :]), strict=True)):
        if named in (word, _word(label)):
            return place
    raise errors.UnknownPositive(named, words)
