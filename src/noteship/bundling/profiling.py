"""The profile of a model: its inputs, its predictions and its work, taken of the raw rows that it was made with."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship import models, monitor
from noteship.bundling.holding_out import HeldOut, hold_out
from noteship.models import work
from noteship.monitor import streams

__all__ = ["Wanted", "profiler"]

# Rows that are profiled; of more, as many are drawn. The reference's means are then known to 0.7 % of a spread, far
# within any tolerance, and scoring, counting and profiling them takes seconds.
MOST_ROWS = 20_000
# Rows whose work is counted at once: some counters walk every tree for each.
PIECE = 2_048

Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True)
class Wanted:
    """How a profile is to be made.

    - seed: the digest of the bundle's inputs
    - target: the column of answers, None where none is known
    - folds: into how many parts the rows are cut, to predict each with a model fitted on the others; 0: not at all
    - tolerance: how far means may move, in standard deviations
    """

    seed: str
    target: str | None = None
    folds: int = 5
    tolerance: float = 0.10


@dataclass(frozen=True, eq=False)
class _Predicted:
    """What the profiled rows were predicted as, and what bundle.json says of how."""

    predictions: monitor.Predictions
    told: dict[str, Any]


def profiler(wanted: Wanted) -> models.Profiler:
    """What makes the profile of a scorer and the raw rows.

    Predictions are out of fold where the steps can be fitted anew: of rows that it was fitted on a model is surer than
    of any others. Work is that of the model as it is: of rows that it was fitted on it takes what others take, within
    3 % of a standard deviation in trees, while trees of fewer rows are less deep, by half of one.

    The part of bundle.json has "digest"; "rows"; "predictions", "out of fold" or "in sample", with "why"; "fits", of
    how many fits they are, and "kept", the steps that were not fitted anew; "uncounted", why work is not counted.
    Where there can be no profile, the model is as good as it was, and the bundle says why it cannot be monitored.
    Guarantee: equal rows, steps and seed give equal bytes.
    """
    return functools.partial(_profiled, wanted)


def _profiled(wanted: Wanted, scorer: models.ComposedScorer, raw: pandas.DataFrame) -> models.Baseline:
    if raw.empty:
        return models.Baseline(b"", {"why": "the data has no rows"})
    try:
        return _profile(wanted, scorer, raw.reset_index(drop=True))
    except Exception as error:
        # The steps' own code, and rows of any kind, may raise anything.
        return models.Baseline(b"", {"why": f"taking it raised {type(error).__name__}"})


def _profile(wanted: Wanted, scorer: models.ComposedScorer, raw: pandas.DataFrame) -> models.Baseline:
    frame = scorer.signature.conform(raw)
    drawn = numpy.argsort(streams.integers(wanted.seed, "drawn", len(frame)), kind="stable")[:MOST_ROWS]
    predicted = _predicted(wanted, scorer, frame, None if wanted.target is None else raw[wanted.target], drawn)
    rows = models.Rows.of_frame(scorer.signature, frame.iloc[drawn])
    counts, uncounted = _work(scorer, rows.frame)
    observed = monitor.Observed(rows.numbers, rows.others, predicted.predictions, counts)
    fields = [
        monitor.Field(column.name, column.type, column.is_plain_number, column.nulls == "allowed")
        for column in scorer.signature.inputs
    ]
    made = monitor.Profile.build(observed, fields, wanted.seed, wanted.tolerance)
    part = {"digest": made.digest, "rows": len(drawn), **predicted.told, "uncounted": uncounted}
    return models.Baseline(made.to_bytes(), part)


def _predicted(
    wanted: Wanted,
    scorer: models.ComposedScorer,
    frame: pandas.DataFrame,
    target: pandas.Series[Any] | None,
    drawn: Array,
) -> _Predicted:
    """Out of fold, or else by the model itself, with the reason."""
    why = "no [service] target is named" if target is None else "" if wanted.folds else "[monitor] folds = 0"
    if target is not None and not why:
        held = hold_out(scorer.composition, frame, target, drawn, wanted.folds, wanted.seed)
        if isinstance(held, HeldOut):
            told = {"predictions": "out of fold", "why": "", "fits": held.fits, "kept": list(held.kept)}
            return _Predicted(_predictions(held.scores), told)
        why = f"{held.step}: {held.why}"
    return _Predicted(_predictions(scorer.score(frame.iloc[drawn])), {"predictions": "in sample", "why": why})


def _predictions(scores: models.Scores) -> monitor.Predictions:
    return monitor.Predictions(scores.predictions, scores.probabilities, scores.classes)


def _work(scorer: models.ComposedScorer, frame: pandas.DataFrame) -> tuple[Array | None, str]:
    """The work of each row, or why it is not counted."""
    counter = work.counter(scorer)
    if isinstance(counter, work.Unknown):
        return None, f"{counter.step}: {counter.why}"
    pieces = [counter.count(frame.iloc[start : start + PIECE]) for start in range(0, len(frame), PIECE)]
    return numpy.concatenate(pieces).astype(numpy.float64), ""
