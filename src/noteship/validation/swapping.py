"""Whether one model's measure is worse than another's on the same rows, by more than chance."""

from __future__ import annotations

from typing import cast

import numpy

from noteship.validation.measures import MEASURES, goodness
from noteship.validation.metrics import Array, Classified, Measurer, Regressed
from noteship.validation.paired import CELLS, FLIPS, Paired, coins, compare

__all__ = ["compare_by"]

# Of many rows fewer draws, as each takes longer; levels down to 0.002 can be told.
MANY_ROWS, FEWER = 5_000, 499


def compare_by(metric: str, first: Measurer, second: Measurer, groups: Array | None = None, seed: int = 0) -> Paired:
    """Two models' answers to the same rows, compared by one measure; rows of one group are one piece of evidence.

    If neither is better, it is chance which of the two gave which answer to a row. So answers are swapped, row by row
    or group by group, by 1,999 random draws (499 of more than 5,000 rows), and measured again (Fisher's randomisation
    test, 1935): that holds for any measure. A measure that is a mean over the rows needs no measuring for that, and is
    compared by `paired.compare`; so is one that does not exist for one of the two, by wrong answers. Rows that are
    `better` and `worse` are counted by wrong answers, or by how far off they are.
    Cost: 600 rows take some 50 ms, 20,000 some seconds.
    """
    told = compare(first.loss, second.loss, groups, seed)
    losses = _losses(metric, first), _losses(metric, second)
    if losses[0] is not None and losses[1] is not None:
        found = compare(losses[0], losses[1], groups, seed)
        return Paired(found.p_worse, found.p, told.better, told.worse)
    swapped = _Swapped(metric, first, second)
    seen = swapped.shortfall(numpy.zeros((1, len(first))))[0]
    if not numpy.isfinite(seen):
        return told
    p_worse, p_better = _chances(swapped, float(seen), groups, seed)
    return Paired(p_worse, min(1.0, 2 * min(p_worse, p_better)), told.better, told.worse)


def _losses(metric: str, judged: Measurer) -> Array | None:
    """What each row adds to a measure that is a mean over the rows, or rises with one."""
    if metric in ("accuracy", "mae"):
        return judged.loss
    if isinstance(judged, Regressed) and metric in ("rmse", "r2"):
        return cast(Array, judged.errors**2)
    if isinstance(judged, Regressed) and metric == "mape":
        return cast(Array, judged.loss / numpy.abs(judged.true))
    return None


class _Swapped:
    """Two models' answers in one measurer: weights say whose answer to a row is taken."""

    def __init__(self, metric: str, first: Measurer, second: Measurer) -> None:
        self._metric = metric
        self._both = _joined(first, second, label_only=MEASURES[metric].by == "answers")

    def __len__(self) -> int:
        return len(self._both) // 2

    def shortfall(self, swaps: Array) -> Array:
        """By how much the first is worse, for each row of swaps (1 where the answers change sides)."""
        own, other = 1.0 - swaps, swaps
        return self._good(numpy.hstack([other, own])) - self._good(numpy.hstack([own, other]))

    def _good(self, weights: Array) -> Array:
        values = self._both.measure(weights).get(self._metric, numpy.full(len(weights), numpy.nan))
        return numpy.asarray(goodness(self._metric, values))


def _joined(first: Measurer, second: Measurer, *, label_only: bool) -> Measurer:
    if isinstance(first, Classified) and isinstance(second, Classified):
        probabilities = None
        if first.probabilities is not None and second.probabilities is not None and not label_only:
            probabilities = numpy.concatenate([first.probabilities, second.probabilities])
        true, predicted = (
            numpy.concatenate([getattr(each, name) for each in (first, second)]) for name in ("true", "predicted")
        )
        return Classified(true, predicted, probabilities, first.classes, first.positive)
    assert isinstance(first, Regressed)
    assert isinstance(second, Regressed)
    return Regressed(
        numpy.concatenate([first.true, second.true]), numpy.concatenate([first.predicted, second.predicted])
    )


def _chances(swapped: _Swapped, seen: float, groups: Array | None, seed: int) -> tuple[float, float]:
    """The share of random swaps by which the first is as much worse, and better; what was seen counts as one."""
    rows = len(swapped)
    codes = numpy.arange(rows) if groups is None else numpy.unique(groups, return_inverse=True)[1]
    # The same number, added up in another order.
    near = 1e-12 * max(1.0, abs(seen))
    above = below = 1
    draws = FLIPS if rows <= MANY_ROWS else FEWER
    step = max(1, CELLS // (2 * rows))
    for start in range(0, draws, step):
        swaps = coins(seed, start, min(step, draws - start), int(codes.max()) + 1)[:, codes]
        found = swapped.shortfall(swaps.astype(numpy.float64))
        # Where the measure does not exist nothing speaks against chance.
        unknown = ~numpy.isfinite(found)
        above += int(((found >= seen - near) | unknown).sum())
        below += int(((found <= seen + near) | unknown).sum())
    return above / (draws + 1), below / (draws + 1)
