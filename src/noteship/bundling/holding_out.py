"""Predictions for rows by models that have not seen them."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.monitor import streams

__all__ = ["HeldOut", "hold_out"]

Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Scores, one for each place that was asked about; from how many fits; which steps were not fitted anew."""

    scores: models.Scores
    fits: int
    kept: tuple[str, ...]


def hold_out(
    composition: models.Composition,
    frame: pandas.DataFrame,
    target: pandas.Series[Any],
    places: Array,
    folds: int,
    seed: str,
) -> HeldOut | models.NotRefitted:
    """Scores of the rows at `places`, in random order, by clones fitted on other rows.

    Each clone is fitted on all rows but at most one of `folds` parts, 2 or more: where the places are all the rows, it
    takes as many clones, of more rows fewer, and one where the places are no more than one part. `seed` is for clones
    that have none. Cost: their fits; functions at the front are called once.
    """
    composition, frame = _behind_functions(composition, frame)
    fits = min(len(places), math.ceil(folds * len(places) / len(frame)))
    seeds = streams.integers(seed, "fits", fits) >> numpy.uint64(32)
    pieces: list[models.Scores] = []
    kept: tuple[str, ...] = ()
    for number in range(fits):
        part = places[number::fits]
        others = numpy.ones(len(frame), dtype=bool)
        others[part] = False
        made = models.refit(composition, frame[others], target[others], int(seeds[number]))
        if isinstance(made, models.NotRefitted):
            return made
        scores = _scored(made, frame.iloc[part])
        if isinstance(scores, models.NotRefitted):
            return scores
        pieces.append(scores.aligned(composition.predictor.classes))
        kept = _kept(composition, made)
    order = numpy.concatenate([numpy.arange(len(places))[number::fits] for number in range(fits)])
    return HeldOut(_taken(models.Scores.joined(pieces), numpy.argsort(order)), fits, kept)


def _behind_functions(
    composition: models.Composition, frame: pandas.DataFrame
) -> tuple[models.Composition, pandas.DataFrame]:
    """The steps from the first one on that can be fitted, and the rows as it is given them."""
    while composition.front and composition.front[0].is_function:
        made = composition.front[0].value(frame[list(composition.inputs)])
        if not isinstance(made, pandas.DataFrame):
            break
        composition = models.Composition(tuple(made.columns), composition.steps[1:], composition.handings[1:])
        frame = made
    return composition, frame


def _scored(made: models.Composition, frame: pandas.DataFrame) -> models.Scores | models.NotRefitted:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return made.score(frame)
        except Exception as error:
            # A category that only these rows have, or anything else that the steps have not seen.
            return models.NotRefitted(made.steps[0].label, f"rows left out of the fit raised {type(error).__name__}")


def _kept(before: models.Composition, made: models.Composition) -> tuple[str, ...]:
    pairs = zip(before.front, made.front, strict=True)
    return tuple(old.label for old, new in pairs if old.value is new.value and not old.is_function)


def _taken(scores: models.Scores, places: Array) -> models.Scores:
    probabilities = None if scores.probabilities is None else scores.probabilities[places]
    return models.Scores(scores.predictions[places], probabilities, scores.classes)
