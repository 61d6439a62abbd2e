"""Intervals that are reckoned, not resampled: of shares, of their differences, of means of them, of an area, by groups.

Each is a pair of ends for a confidence such as 0.95.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy

__all__ = ["Interval", "area", "jackknife", "mean_of", "paired", "quantile", "wilson"]

Array = numpy.ndarray[Any, Any]
Interval = tuple[float, float]
# Halvings: to more digits than anybody is told.
HALVINGS = 40


def wilson(count: float, of: float, confidence: float) -> Interval:
    """That of a share (Wilson 1927).

    >>> tuple(round(each, 3) for each in wilson(19, 20, 0.95))
    (0.764, 0.991)
    """
    z = quantile(confidence)
    share, extra = count / of, z * z / of
    middle = (share + extra / 2) / (1 + extra)
    half = z * ((share * (1 - share) / of + extra / (4 * of)) ** 0.5) / (1 + extra)
    return (0.0 if count == 0 else middle - half), (1.0 if count == of else middle + half)


def paired(first: int, second: int, of: int, confidence: float) -> Interval:
    """That of the difference of two shares of the same rows (Tango 1998).

    - first, second: rows that only the one, and only the other has; two models that differ nowhere may differ elsewhere

    >>> tuple(round(each, 3) for each in paired(0, 0, 50, 0.95))
    (-0.071, 0.071)
    """
    z = quantile(confidence)

    def far(apart: float) -> float:
        # The share of the second alone that is likeliest if the shares are so far apart.
        linear = (2 * of - first + second) * apart - first - second
        root = math.sqrt(max(0.0, linear**2 + 8 * of * second * apart * (1 - apart)))
        variance = of * (2 * (root - linear) / (4 * of) + apart * (1 - apart))
        off = first - second - of * apart
        return off / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, off) if off else 0.0

    seen = (first - second) / of
    low = -1.0 if second == of else _crossing(far, -1.0, seen, z)
    return low, (1.0 if first == of else _crossing(far, seen, 1.0, -z))


def _crossing(falling: Callable[[float], float], low: float, high: float, height: float) -> float:
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > height else (low, middle)
    return (low + high) / 2


def mean_of(values: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    """That of a mean of independent quantities, from the interval of each (Zou and Donner 2008).

    >>> tuple(round(each, 3) for each in mean_of([0.9, 0.5], [(0.8, 0.95), (0.4, 0.6)]))
    (0.629, 0.756)
    """
    middle = sum(values) / len(values)
    below = math.hypot(*(value - low for value, (low, _) in zip(values, intervals, strict=True)))
    above = math.hypot(*(high - value for value, (_, high) in zip(values, intervals, strict=True)))
    return middle - below / len(values), middle + above / len(values)


def area(value: float, inside: int, outside: int, confidence: float) -> Interval:
    """That of the area under ROC of so many rows of the class, and of others (Newcombe 2006, method 5).

    >>> tuple(round(each, 3) for each in area(0.9, 12, 578, 0.95))
    (0.764, 0.959)
    """
    z, middle = quantile(confidence), (inside + outside) / 2

    def far(true: float) -> float:
        spread = 1 + (middle - 1) * ((1 - true) / (2 - true) + true / (1 + true))
        variance = true * (1 - true) * spread / (inside * outside)
        return (value - true) / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, value - true)

    return _crossing(far, 0.0, value, z), (1.0 if value == 1 else _crossing(far, value, 1.0, -z))


def jackknife(value: float, left_out: Array, confidence: float) -> Interval:
    """From the values with one of some groups left out in turn, with Student's quantile."""
    count = len(left_out)
    if not numpy.isfinite(left_out).all():
        return math.nan, math.nan
    spread = float(((left_out - left_out.mean()) ** 2).sum()) * (count - 1) / count
    half = _student(confidence, count - 1) * spread**0.5
    return value - half, value + half


def quantile(confidence: float) -> float:
    """How many standard deviations of a normal law hold so much."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _student(confidence: float, degrees: int) -> float:
    # All of scipy.stats takes seconds to come.
    from scipy.special import stdtrit  # type: ignore[import-untyped]

    return float(stdtrit(degrees, (1 + confidence) / 2))
