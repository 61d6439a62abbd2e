"""Sums of numbers that are known by their logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_mean_exp"]


def log_mean_exp(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the mean of exp(logs) over the last axis; minus infinity stays, nothing overflows."""
    return np.asarray(np.logaddexp.reduce(logs, axis=-1) - np.log(logs.shape[-1]))
