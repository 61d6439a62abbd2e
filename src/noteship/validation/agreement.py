"""How far a bundle and the clone that is judged for it differ, and whether the bundle is worse."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy
import pandas

from noteship import models
from noteship.models.columns import plain
from noteship.validation.disturbing import slightly
from noteship.validation.judgement import Agreement, Estimate
from noteship.validation.metrics import Array, Classified, Regressed
from noteship.validation.paired import LEVEL
from noteship.validation.robustness import Held
from noteship.validation.swapping import compare_by

__all__ = ["LEAST_UNITS", "Answered", "agree"]

# With fewer rows or groups, by chance even a bundle that is worse on every one is so more often than the level says.
LEAST_UNITS = 8
# Answers of a regression that are closer than this share of the target's spread are alike.
ALIKE = 0.01
# Held-out rows that are changed, and how often each is.
MOST_ROWS, TIMES = 2_000, 3


@dataclass(frozen=True, eq=False)
class Answered:
    """A composition with its answers to the held-out rows."""

    composition: models.Composition
    answers: Classified | Regressed


def agree(
    clone: Answered, bundle: Answered, held: Held, signature: models.Signature, metric: str, difference: Estimate
) -> Agreement:
    """Compare them twice: on the held-out rows, and on the same rows changed a little.

    The bundle may have been fitted on the held-out rows. A model that knows rows by heart is right on them, whatever it
    makes of others; of rows that are a little different it knows none by heart. There the answers still hold mostly,
    and what is left of a memory is in favour of the bundle alone. So by either test a bundle that is as good as its
    clone is called worse as rarely as the level says, or less often.

    Of too few groups no test by groups can find anything. There each row is taken for evidence of its own: that finds
    what is worthless, and may call a bundle worse that is so for some groups alone. Who is stopped wrongly reads why,
    and can override it; who is let through wrongly never knows.
    """
    groups, seed = held.resampling.groups, held.resampling.seed
    units = len(held.frame) if groups is None else len(numpy.unique(groups))
    if units < LEAST_UNITS:
        groups = None
    plainly = compare_by(metric, bundle.answers, clone.answers, groups, seed)
    better = compare_by(metric, clone.answers, bundle.answers, groups, seed).p_worse
    changed = _on_changed((clone.composition, bundle.composition), held, signature, metric, by_group=groups is not None)
    p = plainly.p_worse
    if changed is not None:
        p = min(1.0, 2 * min(p, changed[0]))
    same, apart = _apart(clone.answers, bundle.answers)
    return Agreement(
        rows=len(held.frame),
        same=same,
        mean_difference=apart,
        better=plainly.better,
        worse=plainly.worse,
        p=p,
        is_worse=p < LEVEL,
        difference=difference,
        changed=None if changed is None else changed[1],
        knows=better < LEVEL,
        is_testable=units >= LEAST_UNITS,
    )


def _on_changed(
    both: tuple[models.Composition, models.Composition],
    held: Held,
    signature: models.Signature,
    metric: str,
    *,
    by_group: bool,
) -> tuple[float, tuple[float, float]] | None:
    """How likely so much a worse bundle is by chance on changed rows, and both values; None where none are scored."""
    (clone, bundle), some = both, held.some(MOST_ROWS)
    used = [column for column in signature.inputs if column.name not in bundle.unused]
    try:
        frame = pandas.concat([_changed(some, used, number) for number in range(TIMES)], ignore_index=True)
        answers = pandas.concat([some.answers] * TIMES, ignore_index=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, own = (some.answering.judged(answers, each.score(frame)) for each in (clone, bundle))
    except Exception:
        # Steps raise anything for what they have not seen.
        return None
    groups = some.resampling.groups if by_group else None
    one = numpy.arange(len(some.frame)) if groups is None else groups
    p = compare_by(metric, own, theirs, numpy.tile(one, TIMES), some.resampling.seed).p_worse
    whole = numpy.ones((1, len(answers)))
    values = tuple(float(each.measure(whole).get(metric, [numpy.nan])[0]) for each in (own, theirs))
    return p, (values[0], values[1])


def _changed(held: Held, used: list[models.Column], number: int) -> pandas.DataFrame:
    frame = held.frame
    for column in used:
        series = held.frame[column.name]
        values = [plain(value) for value in series.tolist()]
        seed = f"{held.resampling.seed} {column.name} slightly {number}"
        decoded = column.decode(slightly(column, series)(values, series, seed)).set_axis(series.index)
        frame = frame.assign(**{column.name: decoded})
    return frame


def _apart(clone: Classified | Regressed, bundle: Classified | Regressed) -> tuple[float, float]:
    """The share of rows that are answered alike, and how far apart the answers are."""
    if isinstance(clone, Regressed) or isinstance(bundle, Regressed):
        off: Array = numpy.abs(clone.predicted - bundle.predicted)
        return float((off <= ALIKE * clone.true.std()).mean()), float(off.mean())
    same = float((clone.predicted == bundle.predicted).mean())
    if clone.probabilities is None or bundle.probabilities is None:
        return same, 1 - same
    return same, float(numpy.abs(clone.probabilities - bundle.probabilities).sum(axis=1).mean() / 2)
