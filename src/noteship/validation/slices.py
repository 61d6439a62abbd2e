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

    A slice is called worse where its losses are larger than those of all other rows: of classes by Fisher's exact test
    (1935), of numbers by that of Mann and Whitney (1947), with groups by the difference of means and the variance
    between groups (Liang and Zeger 1986). The chance is corrected for the number of slices (Holm 1979).
    """
    made, tested = [], []
    for cut in cuts:
        one, p = _slice(judged, cut, resampling, metric)
        made.append(one)
        tested.append(p)
    corrected = _holm(numpy.array(tested))
    return tuple(replace(one, p=p, is_worse=bool(p < LEVEL)) for one, p in zip(made, corrected.tolist(), strict=True))


def _slice(judged: Measurer, cut: Cut, resampling: Resampling, metric: str) -> tuple[Slice, float]:
    groups = None if resampling.groups is None else resampling.groups[cut.places]
    small = len(cut.places) < SMALL_ROWS or (groups is not None and len(numpy.unique(groups)) < SMALL_GROUPS)
    part = judged.part(cut.places, label_only=MEASURES[metric].by == "answers")
    metrics = resampling.part(cut.places, RESAMPLES).estimates(part)
    inside = numpy.zeros(len(judged), dtype=bool)
    inside[cut.places] = True
    can_be_tested = not small and int((~inside).sum()) >= SMALL_ROWS
    p = _worse(judged, inside, resampling.groups) if can_be_tested else numpy.nan
    few = tuple(name for name, rows in part.cases().items() if name in metrics and rows < SMALL_ROWS)
    return Slice(cut.column, cut.value, len(cut.places), metrics, small, few=few), p


def _worse(judged: Measurer, inside: Array, groups: Array | None) -> float:
    loss = judged.loss
    if groups is not None:
        return _by_groups(loss, inside, groups)
    if isinstance(judged, Classified):
        from scipy.stats import hypergeom  # type: ignore[import-untyped]

        wrong_inside, rows = int(loss[inside].sum()), int(inside.sum())
        return float(hypergeom.sf(wrong_inside - 1, len(loss), int(loss.sum()), rows))
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(loss[inside], loss[~inside], alternative="greater", method="asymptotic").pvalue)


def _by_groups(loss: Array, inside: Array, groups: Array) -> float:
    from scipy.stats import norm

    means = loss[inside].mean(), loss[~inside].mean()
    share = numpy.where(inside, (loss - means[0]) / inside.sum(), -(loss - means[1]) / (~inside).sum())
    variance = float((numpy.bincount(numpy.unique(groups, return_inverse=True)[1], weights=share) ** 2).sum())
    if variance == 0:
        return 1.0
    return float(norm.sf((means[0] - means[1]) / variance**0.5))


def _holm(chances: Array) -> Array:
    """The chances, each as if it had been the only one tested; those not tested stay NaN."""
    corrected = numpy.full(len(chances), numpy.nan)
    tested = numpy.flatnonzero(numpy.isfinite(chances))
    highest = 0.0
    for rank, place in enumerate(tested[numpy.argsort(chances[tested], kind="stable")]):
        highest = max(highest, min(1.0, (len(tested) - rank) * chances[place]))
        corrected[place] = highest
    return corrected
