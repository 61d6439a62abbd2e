"""How likely a joint distance as large as this is without any change: shown, never ringing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["joint_distance", "tail_probability"]

_STEPS = 100


def joint_distance(
    feature_sum: NDArray[np.float64], rows: float, reference_mean: NDArray[np.float64], reference_rows: float
) -> float:
    """The squared maximum mean discrepancy T = |s / n - mean|^2 / (1 / n + 1 / N).

    Without a change it is about a sum of squared normals, weighted by the eigenvalues of the features' covariance.

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), "A kernel two-sample test".
    """
    difference = feature_sum / rows - reference_mean
    return float(difference @ difference / (1 / rows + 1 / reference_rows))


def tail_probability(distance: float, eigenvalues: ArrayLike, rest: float = 0.0) -> float:
    """P(sum of eigenvalue * chi2_1 > distance), by the saddlepoint.

    `rest` is what eigenvalues that are not given add up to. They count as so many of the smallest given one, perhaps
    not a whole number, as make up the sum: none is larger, so far out the tail is not made lighter. Eigenvalues are
    cheap to keep; with only a tenth of them the probability is said to be a multiple of what it is.

    Accuracy: from all eigenvalues within 10 % of the probability, from 0.9 to 1e-6; the tests compare with Imhof's
    (1961) exact integral.
    Source: Lugannani and Rice (1980), "Saddle point approximation for the distribution of the sum of independent random
    variables"; Kuonen (1999), "Saddlepoint approximations for distributions of quadratic forms in normal variables".
    """
    weights, counts = _blocks(np.asarray(eigenvalues, float), rest)
    mean = float(counts @ weights)
    if not mean > 0 or not distance > 0:
        return 1.0
    # In units of the mean: what is compared with 1 has no unit.
    weights, ratio = weights / mean, distance / mean
    s = _saddlepoint(ratio, weights, counts)
    curvature: float = 2 * float(counts @ (weights / (1 - 2 * s * weights)) ** 2)
    skewness: float = 8 * float(counts @ (weights / (1 - 2 * s * weights)) ** 3) / curvature**1.5
    u = s * math.sqrt(curvature)
    if abs(u) < 1e-3:
        # Both terms below grow without bounds near the mean, and their difference tends to this.
        return min(1.0, max(0.0, 0.5 - skewness / (6 * math.sqrt(2 * math.pi)) - u / math.sqrt(2 * math.pi)))
    generating = -0.5 * float(counts @ np.log1p(-2 * s * weights))
    w = math.copysign(math.sqrt(max(0.0, 2 * (s * ratio - generating))), s)
    density = math.exp(-w * w / 2) / math.sqrt(2 * math.pi)
    return min(1.0, max(0.0, math.erfc(w / math.sqrt(2)) / 2 + density * (1 / u - 1 / w)))


def _blocks(eigenvalues: NDArray[np.float64], rest: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights that are not zero, and how many there are of each."""
    weights = eigenvalues[eigenvalues > 0]
    if not rest > 0:
        return weights, np.ones(len(weights))
    smallest = float(weights.min()) if len(weights) else rest
    return np.append(weights, smallest), np.append(np.ones(len(weights)), rest / smallest)


def _saddlepoint(ratio: float, weights: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """The s at which the tilted mean, which rises with s from 0 to infinity, is `ratio`: by halving."""
    high = 0.5 / float(weights.max())
    low = -0.5 * float(counts.sum()) / ratio
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if float(counts @ (weights / (1 - 2 * middle * weights))) < ratio:
            low = middle
        else:
            high = middle
    return (low + high) / 2 if (low + high) / 2 < 0.5 / float(weights.max()) else low
