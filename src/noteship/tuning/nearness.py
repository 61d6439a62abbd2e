"""Which trials are not told apart from the best one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from noteship.tuning.trials import Trial

__all__ = ["near"]

CONFIDENCE = 0.95


def near(best: Trial, trials: Sequence[Trial]) -> tuple[list[Trial], int]:
    """Of the other trials with the same folds those whose values differ by no more than chance, and of how many.

    Each is compared fold by fold, by Student's t: what makes a fold easy is the same for both. The variance of the mean
    difference is widened as that of `best.error` is, for folds that are fitted on the same rows.
    Source: Nadeau and Bengio (2003), Inference for the generalization error, the corrected resampled t-test.
    """
    spread = statistics.stdev(best.steps.values()) if len(best.steps) > 1 else 0.0
    if not spread or best.error is None:
        return [], 0
    done = (each for each in trials if each.is_done and each.number != best.number)
    others = [each for each in done if each.steps.keys() == best.steps.keys()]
    limit = _quantile(len(best.steps) - 1) * best.error / spread
    return [each for each in others if _is_near(best, each, limit)], len(others)


def _is_near(best: Trial, other: Trial, limit: float) -> bool:
    differences = [best.steps[fold] - value for fold, value in other.steps.items()]
    return math.fabs(statistics.fmean(differences)) <= limit * statistics.stdev(differences)


def _quantile(freedom: int) -> float:
    # Loaded where there are folds to be compared.
    from scipy.special import stdtrit  # type: ignore[import-untyped]

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
