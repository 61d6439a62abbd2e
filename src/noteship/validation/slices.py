"""How good the model is on each slice of the held-out rows, and on which it is worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy

from noteship.validation.judgement import Slice
from noteship.validation.measures import MEASURES
from noteship.validation.metrics import Array, Classified, Measurer
from noteship.validation.paired import LEVEL
from noteship.validation.resampling import Resampling
from noteship.validation.slicing import Cut

__all__ = ["judge_slices"]

# With fewer, an accuracy of 90 % has an interval of 22 %: nothing is said of such a slice.
SMALL_ROWS = 30
SMALL_GROUPS = 10
# Slices are many; their intervals are read for their width.
RESAMPLES = 400


def judge_slices(judged: Measurer, cuts: Sequence[Cut], resampling: Resampling, metric: str) -> tuple[Slice, ...]:
    """Each slice with its measures; those that need probabilities only where the main one does.

    A slice is called worse where its losses are larger than those of all other rows: of classes where it has more wrong
    answers than chance gives it of those to each class (exact: Fisher 1935, by true class), so that having more rows of
    a class that is hard is no reason; of numbers by the test of Mann and Whitney (1947), or, where over half of
    the losses are equal, by how many are larger, as of classes. With groups it is by the
    difference of means, also by true class, the variance between groups (Liang and Zeger 1986) and Student's quantile,
    from ten groups inside and ten outside on. The chance is corrected for the number of slices (Holm 1979).
    """
    made, tested = [], []
    for cut in cuts:
        one, p = _slice(judged, cut, resampling, metric)
        made.append(one)
        tested.append(p)
    corrected = _holm(numpy.array(tested))
    return tuple(replace(one, p=p, is_worse=bool(p < LEVEL)) for one, p in zip(made, corrected.tolist(), strict=True))


def _slice(judged: Measurer, cut: Cut, resampling: Resampling, metric: str) -> tuple[Slice, float]:
    part = judged.part(cut.places, label_only=MEASURES[metric].by == "answers")
    metrics = resampling.part(cut.places, RESAMPLES).estimates(part)
    inside = numpy.zeros(len(judged), dtype=bool)
    inside[cut.places] = True
    small = _is_small(inside, resampling.groups)
    can_be_tested = not small and not _is_small(~inside, resampling.groups)
    p = _worse(judged, inside, resampling.groups) if can_be_tested else numpy.nan
    few = tuple(name for name, rows in part.cases().items() if name in metrics and rows < SMALL_ROWS)
    loss, usual = _compared(judged, inside, resampling.groups) if can_be_tested else (numpy.nan, numpy.nan)
    return Slice(cut.column, cut.value, len(cut.places), metrics, small, few=few, loss=loss, usual=usual), p


def _is_small(inside: Array, groups: Array | None) -> bool:
    few = groups is not None and len(numpy.unique(groups[inside])) < SMALL_GROUPS
    return int(inside.sum()) < SMALL_ROWS or few


def _worse(judged: Measurer, inside: Array, groups: Array | None) -> float:
    loss = judged.loss
    if groups is not None:
        if isinstance(judged, Classified):
            rates = numpy.bincount(judged.true, weights=loss) / numpy.maximum(1, numpy.bincount(judged.true))
            loss = loss - rates[judged.true]
        return _by_groups(loss, inside, groups)
    if isinstance(judged, Classified):
        return _more_wrong(judged.true, loss, inside)
    values, counts = numpy.unique(loss, return_counts=True)
    if 2 * counts.max() > len(loss):
        # Among so many equal losses the normal tail is too thin.
        return _more_wrong(numpy.zeros(len(loss), dtype=int), (loss > values[counts.argmax()]).astype(float), inside)
    from scipy.stats import mannwhitneyu  # type: ignore[import-untyped]

    return float(mannwhitneyu(loss[inside], loss[~inside], alternative="greater", method="asymptotic").pvalue)


def _compared(judged: Measurer, inside: Array, groups: Array | None) -> tuple[float, float]:
    """What answers lack inside, and outside: of classes as shares, those outside weighted as the classes are inside."""
    loss = judged.loss
    if isinstance(judged, Classified):
        outside = 0.0
        for each, rows in zip(*numpy.unique(judged.true[inside], return_counts=True), strict=True):
            of = judged.true == each
            # Where all rows of a class are inside, it is no reason for any difference.
            others = of & ~inside if (of & ~inside).any() else of
            outside += rows * loss[others].mean()
        return float(loss[inside].mean()), float(outside / inside.sum())
    middle = numpy.median if groups is None else numpy.mean
    return float(middle(loss[inside])), float(middle(loss[~inside]))


def _more_wrong(true: Array, loss: Array, inside: Array) -> float:
    """How likely so many wrong answers inside are, if those to each class lie anywhere among the rows of the class."""
    from scipy.stats import hypergeom

    chances = numpy.ones(1)
    for each in numpy.unique(true):
        of = true == each
        rows, wrong, drawn = int(of.sum()), int(loss[of].sum()), int((of & inside).sum())
        chances = numpy.convolve(chances, hypergeom.pmf(numpy.arange(min(wrong, drawn) + 1), rows, wrong, drawn))
    return min(1.0, float(chances[int(loss[inside].sum()) :].sum()))


def _by_groups(loss: Array, inside: Array, groups: Array) -> float:
    from scipy.stats import t

    codes = numpy.unique(groups, return_inverse=True)[1]
    fewest = min(len(numpy.unique(codes[side])) for side in (inside, ~inside))
    means = loss[inside].mean(), loss[~inside].mean()
    share = numpy.where(inside, (loss - means[0]) / inside.sum(), -(loss - means[1]) / (~inside).sum())
    # Residuals of few groups are smaller than what they are of.
    variance = float((numpy.bincount(codes, weights=share) ** 2).sum()) * fewest / (fewest - 1)
    if variance == 0:
        return 1.0
    return float(t.sf((means[0] - means[1]) / variance**0.5, fewest - 1))


def _holm(chances: Array) -> Array:
    """The chances, each as if it had been the only one tested; those not tested stay NaN."""
    corrected = numpy.full(len(chances), numpy.nan)
    tested = numpy.flatnonzero(numpy.isfinite(chances))
    highest = 0.0
    for rank, place in enumerate(tested[numpy.argsort(chances[tested], kind="stable")]):
        highest = max(highest, min(1.0, (len(tested) - rank) * chances[place]))
        corrected[place] = highest
    return corrected
