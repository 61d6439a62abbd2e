"""A bet on one direction of the joint law: what no bins show, a correlation, is seen by it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from noteship.monitor.statistics import tolerance as tolerances
from noteship.monitor.statistics.logarithms import log_mean_exp

__all__ = ["ReferenceMoments", "Witness", "log_e_witness"]

# Stakes, as shares of the largest that no row can ruin. Half of them suit small excesses, half large ones.
_STAKES = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 0.9])
# Deviations beyond this many standard deviations say nothing more.
_CUT = 8.0


@dataclass(frozen=True, eq=False)
class ReferenceMoments:
    """What the reference says of the features: the means of two halves, and the largest parts of the covariance.

    `rows` and `means` (2, D) are of the halves. `factor` (r, D) has the covariance's eigenvectors, times the roots of
    their eigenvalues, from the largest; `rest` is what the other eigenvalues add up to.
    """

    rows: tuple[int, int]
    means: NDArray[np.float64]
    factor: NDArray[np.float64]
    rest: float

    def spread(self, direction: NDArray[np.float64]) -> float:
        """At least the standard deviation of features @ direction: what is not kept is taken as large as it can be."""
        values = (self.factor**2).sum(axis=1)
        along = self.factor @ direction
        kept = np.divide(along**2, values, out=np.zeros_like(values), where=values > 0).sum()
        ceiling = min(float(values.min(initial=np.inf)), self.rest)
        return float(np.sqrt(along @ along + ceiling * max(0.0, float(direction @ direction - kept))))

    @property
    def spreads(self) -> NDArray[np.float64]:
        """`spread` of each feature by itself, (D,)."""
        squares = self.factor**2
        values = squares.sum(axis=1)
        kept = np.divide(squares, values[:, None], out=np.zeros_like(squares), where=values[:, None] > 0).sum(axis=0)
        ceiling = min(float(values.min(initial=np.inf)), self.rest)
        spreads: NDArray[np.float64] = np.sqrt(squares.sum(axis=0) + ceiling * np.maximum(0.0, 1 - kept))
        return spreads


@dataclass(frozen=True, eq=False)
class Witness:
    """The direction in which windows differed from the reference, frozen: later rows are bet to lie further along it.

    For a row's features phi, h = phi @ direction - baseline is in standard deviations of the reference, and cut at
    ±`cut`. Within the tolerance E h <= allowance, so that a row's multiple 1 + stake (h - allowance) has a mean of at
    most 1. Windows that it was learned from are not judged by it.

    Cutting from below raises the mean of h; with a cut of at least 1 / tolerance it stays allowed. For l = max(0, -cut
    - h), e = E l in the reference and f = max(h, -cut): E f = e and Var f = 1 - 2 cut e - E l^2 - e^2 <= (1 - cut e)^2,
    so E f + tolerance sd(f) <= tolerance. Cutting from above only lowers the mean.

    `direction` (D,) is in float32, as it is published; `identity` is a digest of all the rest: sums of evidence with
    different witnesses add up only under their own.
    """

    direction: NDArray[np.float32]
    baseline: float
    allowance: float
    cut: float

    @classmethod
    def learn(
        cls,
        feature_sum: NDArray[np.float64],
        rows: float,
        moments: ReferenceMoments,
        tolerance: float = tolerances.DEFAULT_TOLERANCE,
    ) -> Self | None:
        """From what `rows` rows of earlier windows add up to, discounted or not; None where there is nothing to see.

        The direction is the difference to the reference's first half; its baseline is the second half's. So the
        direction's noise is not in the baseline, whose error is that of any one number.

        Source: Podkopaev, Blöbaum, Kasiviswanathan and Ramdas (2023), "Sequential kernelized independence testing", and
        Shekhar and Ramdas (2023), "Nonparametric two-sample testing by betting", for the bet on a witness learned from
        the past. Changed: the reference is fixed and known by its moments, the null has a tolerance, and the unit is
        the reference's standard deviation, not the range of the features, next to which any shift is small.
        """
        delta = feature_sum / rows - moments.means[0] if rows > 0 else np.zeros(moments.means.shape[1])
        spread = moments.spread(delta)
        if not spread > 0:
            return None
        direction = (delta / spread).astype(np.float32)
        cut = max(_CUT, 1 / tolerance if tolerance > 0 else 0.0)
        baseline = float(moments.means[1] @ direction.astype(np.float64))
        return cls(direction, baseline, tolerances.allowance(moments.rows[1], tolerance), cut)

    @property
    def identity(self) -> str:
        """Sixteen hexadecimal digits: of SHA-256 of the direction's bytes, little-endian, and of the three numbers."""
        numbers = np.array([self.baseline, self.allowance, self.cut], "<f8").tobytes()
        return hashlib.sha256(self.direction.astype("<f4").tobytes() + numbers).hexdigest()[:16]

    @property
    def stakes(self) -> NDArray[np.float64]:
        """The stakes that are tried side by side."""
        return _STAKES / (self.cut + self.allowance)

    def log_wealth(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """The rows' logarithmic multiples added up, for each stake: (n, D) to (stakes,). Such sums of rows add up."""
        return self.log_wealth_of(features @ self.direction)

    def log_wealth_of(self, along: NDArray[np.floating]) -> NDArray[np.float64]:
        """The same from features @ direction (n,), for who gets at it without the features."""
        excess = np.clip(along - self.baseline, -self.cut, self.cut).astype(np.float64) - self.allowance
        return np.asarray(np.log1p(self.stakes[:, None] * excess).sum(axis=1))


def log_e_witness(wealth: ArrayLike, *, effect: float = 1.0) -> float:
    """The logarithm of an e-value from sums of `Witness.log_wealth` over a window's rows: the stakes' mean.

    `effect` is the design effect, by which the evidence of dependent rows is divided. Witnesses that were in use one
    after the other each have sums; their logarithms are added before.
    """
    return float(log_mean_exp(np.asarray(wealth, float) / effect))
