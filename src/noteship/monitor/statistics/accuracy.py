"""How often the model is right, from its own scores, while nobody has said what was right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["ExpectedAccuracy", "expected_accuracy"]


@dataclass(frozen=True)
class ExpectedAccuracy:
    """The expected share of right answers, and one standard error of the share that will have been right."""

    value: float
    standard_error: float


def expected_accuracy(scores: ArrayLike, *, effect: float = 1.0) -> ExpectedAccuracy | None:
    """From `scores` (2, bins): the sums of p and of 1 - p, p being the predicted label's score; None without rows.

    It is right only where scores are calibrated, and stay so: a change of what the labels mean does not show in it.
    Within a bin scores count as equal, which makes the standard error slightly larger, never smaller.

    Source: NannyML's confidence-based performance estimation (2022) has the same mean; the standard error is that of
    independent trials, times the root of the design effect.

    >>> expected_accuracy([[9.0, 6.0], [1.0, 4.0]])
    ExpectedAccuracy(value=0.75, standard_error=0.0908...)
    """
    right, wrong = np.asarray(scores, float)
    each = right + wrong
    rows = float(each.sum())
    if not rows > 0:
        return None
    variance = float(np.divide(right * wrong, each, out=np.zeros_like(each), where=each > 0).sum())
    return ExpectedAccuracy(float(right.sum()) / rows, math.sqrt(effect * variance) / rows)
