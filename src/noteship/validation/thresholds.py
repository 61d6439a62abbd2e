"""What other thresholds on the probability of a class would give."""

from __future__ import annotations

import numpy

from noteship.validation.judgement import Threshold, Thresholds
from noteship.validation.metrics import Array, Classified

__all__ = ["thresholds"]

# Round ones, and as many quantiles of the scores: where a class is rare, all that matters is below a tenth.
STEPS = 21
QUANTILES = 40
# Two classes are told apart at a half; a model that rounds otherwise in a row of a thousand still does so.
AGREEING = 0.999


def thresholds(judged: Classified, words: tuple[str, ...]) -> Thresholds | None:
    """Precision, recall and what is flagged, at round thresholds and at quantiles of the scores.

    None without a positive class, and without probabilities.
    """
    if judged.positive is None or judged.probabilities is None:
        return None
    scores = judged.probabilities[:, judged.positive]
    within = judged.true == judged.positive
    points = _points(scores, within)
    best = max(points, key=lambda each: (numpy.nan_to_num(each.f1), each.threshold))
    at_half = numpy.mean((scores >= 0.5) == (judged.predicted == judged.positive)) >= AGREEING
    chosen = 0.5 if judged.classes == 2 and at_half else None
    return Thresholds(words[judged.positive], points, best.threshold, chosen)


def _points(scores: Array, within: Array) -> tuple[Threshold, ...]:
    shares = numpy.linspace(0, 1, QUANTILES)
    quantiles = [numpy.quantile(each, shares, method="lower") for each in (scores, scores[within]) if len(each)]
    tried = numpy.unique(numpy.concatenate([numpy.linspace(0, 1, STEPS).round(2), *quantiles]))
    flagged = _above(scores, tried)
    hits = _above(scores[within], tried)
    truly, others = int(within.sum()), int((~within).sum())
    with numpy.errstate(divide="ignore", invalid="ignore"):
        columns = (
            tried,
            hits / flagged,
            hits / truly,
            2 * hits / (flagged + truly),
            flagged / len(scores),
            (flagged - hits) / others,
        )
    return tuple(Threshold(*(float(each) for each in row)) for row in zip(*columns, strict=True))


def _above(scores: Array, tried: Array) -> Array:
    """How many are at least so high."""
    below: Array = numpy.searchsorted(numpy.sort(scores), tried, side="left")
    return len(scores) - below
