"""When evidence over windows adds up to an alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["AlarmState", "e_benjamini_hochberg"]


@dataclass(frozen=True)
class AlarmState:
    """One budget of false alarms for several detectors, each with its Shiryaev-Roberts sum R = (1 + R) e.

    Guarantee: as long as every e, given all windows before, has an expectation of at most 1, the first window at which
    the weighted sum of the R reaches A comes on average after at least A windows, however often one looks: R less the
    number of windows is a supermartingale.

    Changed: a window in which a detector bets nothing, so that e is 1, leaves its R as it is, in place of raising it by
    one. With b = 0 for such windows and 1 for others, E (b + R) e = R E e + E e - P(b = 0) <= R + P(b = 1): R grows by
    less than one a window, and where nothing is ever bet it does not ring after A windows for certain.

    `weights` by detector are positive and sum to at most 1; `log_r` are the logarithms of the R so far.

    Source: Shin, Ramdas and Rinaldo (2024), "E-detectors: a nonparametric framework for sequential change detection".

    >>> state = AlarmState({"inputs": 0.5, "work": 0.5}).after({"inputs": 7.0, "work": -1.0})
    >>> state.is_ringing(500), state.is_ringing(25_920)
    (True, False)
    """

    weights: Mapping[str, float]
    log_r: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0 or math.fsum(self.weights.values()) > 1 + 1e-9:
            raise ValueError("the detectors' weights must be positive and sum to at most 1")

    def after(self, log_es: Mapping[str, float]) -> AlarmState:
        """After one more window. A detector that bet nothing in it is left out."""
        unknown = sorted(set(log_es) - set(self.weights))
        if unknown or any(math.isnan(value) for value in log_es.values()):
            raise ValueError(f"not evidence of a detector with a weight: {unknown or log_es}")
        grown = {
            name: float(np.logaddexp(0.0, self.log_r.get(name, -math.inf))) + value for name, value in log_es.items()
        }
        return replace(self, log_r={**self.log_r, **grown})

    @property
    def log_total(self) -> float:
        """The logarithm of the weighted sum; minus infinity before the first window."""
        parts = [self.log_r.get(name, -math.inf) + math.log(weight) for name, weight in self.weights.items()]
        return float(np.logaddexp.reduce(parts))

    def is_ringing(self, threshold: float) -> bool:
        """Whether the sum has reached `threshold`: the windows between two false alarms, on average at least."""
        return self.log_total >= math.log(threshold)


def e_benjamini_hochberg(log_es: ArrayLike, level: float) -> NDArray[np.bool_]:
    """Which of the F e-values (F,) are discoveries, at an expected share of false ones of at most `level`.

    The k largest, for the largest k for which the k-th is at least F / (k level). The e-values may depend on each other
    in any way. Applied to sums over windows it only ranks and cuts: their mean grows with the windows.

    Source: Wang and Ramdas (2022), "False discovery rate control with e-values".
    """
    logs = np.asarray(log_es, float)
    order = np.argsort(-logs, kind="stable")
    ranks = np.arange(1, len(logs) + 1)
    passing = np.flatnonzero(logs[order] >= np.log(len(logs) / (ranks * level)))
    found = np.zeros(len(logs), bool)
    found[order[: passing[-1] + 1 if len(passing) else 0]] = True
    return found
