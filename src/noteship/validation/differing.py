"""How far two models' measures of the same rows are apart, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy

from noteship.validation import intervals
from noteship.validation.judgement import Estimate
from noteship.validation.measures import MEASURES
from noteship.validation.metrics import Array, Classified, Regressed
from noteship.validation.resampling import Draws, Resampling

__all__ = ["differences"]

# Of fewer rows, or groups, that two models answer otherwise, resamples say too little.
LEAST_DIFFERENT = 10
# As many different scores, and all of them equal to the last digit: it is one model.
LEAST_SCORES = 10

Drawn = tuple[Classified | Regressed, Draws]


def differences(resampling: Resampling, first: Drawn, second: Drawn) -> dict[str, Estimate]:
    """The first model's measures less the second's, on the same resamples of the same rows.

    Accuracy of rows has Tango's interval (1998), and so has the recall of one class; balanced accuracy one from those
    of its classes. Where so few rows, or groups, are answered otherwise that resamples are too much alike, other
    measures of the answers have an interval that leaves room for as many further such rows as Tango's does, and
    measures of scores or numbers, and all of groups, have none. Where the scores of all rows are equal, ten
    different ones or more, there is no difference by scores, and where the answers are equal, too, none at all.
    """
    made = resampling.intervals(first[1].less(second[1]))
    one, other = first[0], second[0]
    unsure = one.unsure | other.unsure
    told = {}
    for name, estimate in made.items():
        by_label = isinstance(one, Classified) and MEASURES[name].by == "answers"
        few = _different(resampling, one, other, by_label=by_label) < LEAST_DIFFERENT
        is_known = name not in unsure and not (few and (resampling.groups is not None or not by_label))
        told[name] = estimate if is_known else Estimate(estimate.value)
    if resampling.groups is None and isinstance(one, Classified) and isinstance(other, Classified):
        told |= {name: _wider(told[name], ends) for name, ends in _room(resampling, one, other) if name in told}
        reckoned = _reckoned(resampling, one, other)
        told |= {name: Estimate(told[name].value, *reckoned[name]) for name in reckoned if name in told}
    if _has_same_scores(one, other):
        same = one.predicted == other.predicted
        alike = [name for name in told if same.all() or MEASURES[name].by == "scores"]
        # Where there is no measure, there is no difference.
        told |= {name: Estimate(0.0, 0.0, 0.0) for name in alike if numpy.isfinite(told[name].value)}
    return told


def _details(judged: Classified | Regressed) -> Array:
    """What tells answers apart: the probability that was given to what is true."""
    if isinstance(judged, Regressed):
        return judged.errors
    if judged.probabilities is None:
        return judged.loss
    given: Array = judged.probabilities[numpy.arange(len(judged)), judged.true]
    return given


def _has_same_scores(one: Classified | Regressed, other: Classified | Regressed) -> bool:
    first, second = _scores(one), _scores(other)
    if first is None or second is None:
        return False
    return numpy.array_equal(first, second) and len(numpy.unique(_details(one))) >= LEAST_SCORES


def _scores(judged: Classified | Regressed) -> Array | None:
    return judged.probabilities if isinstance(judged, Classified) else judged.predicted


def _different(
    resampling: Resampling, one: Classified | Regressed, other: Classified | Regressed, *, by_label: bool
) -> int:
    """How many rows, or groups, are answered otherwise."""
    apart = one.loss != other.loss if by_label else _details(one) != _details(other)
    return int(apart.sum()) if resampling.groups is None else len(numpy.unique(resampling.groups[apart]))


def _reckoned(resampling: Resampling, one: Classified, other: Classified) -> Mapping[str, intervals.Interval]:
    right, theirs = one.loss == 0, other.loss == 0

    def paired(rows: Array) -> tuple[float, intervals.Interval]:
        alone, not_alone = int((right & ~theirs & rows).sum()), int((theirs & ~right & rows).sum())
        of = int(rows.sum())
        return (alone - not_alone) / of, intervals.paired(alone, not_alone, of, resampling.confidence)

    by_class = {place: paired(one.true == place) for place in numpy.unique(one.true).tolist()}
    values, ends = zip(*by_class.values(), strict=True)
    found = {
        "accuracy": paired(numpy.ones(len(one), dtype=bool))[1],
        "balanced_accuracy": intervals.mean_of(values, ends),
    }
    if one.positive in by_class:
        found["recall"] = by_class[one.positive][1]
    return found


def _room(resampling: Resampling, one: Classified, other: Classified) -> Iterator[tuple[str, intervals.Interval]]:
    """What further rows would do that only one model answers rightly, at most: of each class, either way."""
    rows = intervals.quantile(resampling.confidence) ** 2
    before = _apart(one, other)
    there = numpy.unique(one.true).tolist()
    changes = []
    for place, true in enumerate(there):
        # A class that no row has would change averages over classes.
        wrong = there[(place + 1) % len(there)] if len(there) > 1 else (true + 1) % one.classes
        for mine, theirs in ((wrong, true), (true, wrong)):
            after = _apart(_longer(one, true, mine), _longer(other, true, theirs))
            changes.append({name: rows * (after[name] - before[name]) for name in before})
    for name in before:
        several = [0.0, *(each[name] for each in changes if numpy.isfinite(each[name]))]
        yield name, (before[name] + min(several), before[name] + max(several))


def _apart(one: Classified, other: Classified) -> Mapping[str, float]:
    first, second = (each.part(numpy.arange(len(each))).measure(numpy.ones((1, len(each)))) for each in (one, other))
    return {name: float(first[name][0] - second[name][0]) for name in first}


def _longer(judged: Classified, true: int, predicted: int) -> Classified:
    rows = numpy.append(judged.true, true), numpy.append(judged.predicted, predicted)
    return Classified(*rows, None, judged.classes, judged.positive)


def _wider(estimate: Estimate, ends: intervals.Interval) -> Estimate:
    """A missing interval stays missing."""
    if not numpy.isfinite(estimate.low):
        return estimate
    return Estimate(estimate.value, min(estimate.low, ends[0]), max(estimate.high, ends[1]))
