"""The null: how far a window's law may be from the reference's, and what the reference itself does not know.

One meaning for every detector. A law P is within `tolerance` of the reference Q if chi2(P, Q) = E_Q (dP/dQ - 1)^2 is
at most tolerance^2. By Cauchy and Schwarz this is the same as: no quantity's mean has moved by more than `tolerance` of
its standard deviation in the reference. On bins it is a ball; for one direction it is an allowance.
"""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["DEFAULT_TOLERANCE", "allowance", "bins_for", "radius"]

# A tenth of a standard deviation: what a season, a campaign or a new default does to a quantity without harm.
DEFAULT_TOLERANCE = 0.10

# One reference in a thousand may be further from its own population than is allowed for.
_REFERENCE_LEVEL = 0.999
_NORMAL_QUANTILE = NormalDist().inv_cdf(1 - (1 - _REFERENCE_LEVEL) / 2)  # 3.29: either side

_BINS = (64, 48, 32, 24, 16)


def radius(bins: int, rows: int, tolerance: float = DEFAULT_TOLERANCE) -> float:
    """How far, in chi-squared distance, the frequencies on `bins` bins may be from those counted in the reference.

    The distance is a norm, so the tolerance and the reference's own error add up. The error is the 0.999 quantile of
    sqrt(chi2_(bins - 1) / rows), the distance of an empirical law from its own.

    >>> round(radius(32, 20_000), 3)
    0.155
    """
    return tolerance + math.sqrt(_chi_squared_quantile(bins - 1) / rows)


def allowance(rows: int, tolerance: float = DEFAULT_TOLERANCE) -> float:
    """How far, in standard deviations, the mean of one direction may be from that of `rows` rows of the reference.

    The direction must not have been learned from these rows: then its mean is as uncertain as that of any one number.

    >>> round(allowance(10_000), 3)
    0.133
    """
    return tolerance + _NORMAL_QUANTILE / math.sqrt(rows)


def bins_for(rows: int, tolerance: float = DEFAULT_TOLERANCE) -> int:
    """The most bins, of 16 to 64, for which the reference's own error adds at most half of the tolerance to the ball.

    With few rows it is 16 bins and a larger ball.

    >>> bins_for(1_000), bins_for(20_000), bins_for(100_000)
    (16, 24, 64)
    """
    return next((bins for bins in _BINS if radius(bins, rows, tolerance) <= 1.5 * tolerance), _BINS[-1])


def _chi_squared_quantile(freedom: int) -> float:
    """Wilson and Hilferty (1931), "The distribution of chi-square": within 3 % from two degrees of freedom on."""
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + NormalDist().inv_cdf(_REFERENCE_LEVEL) * math.sqrt(spread)) ** 3
