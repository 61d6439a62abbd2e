"""How much room inferred bounds leave: pure arithmetic from what was seen in a good run.

The rules of thumb are held to simulations in the tests: samples as large as the first, of normal, uniform, exponential,
lognormal and discrete distributions, keep all of a contract's bounds in 99 of 100 cases or more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Tails", "share_most", "tail_rank", "widened"]

# Standard errors: one of 30,000 samples exceeds that of a single rule, so that a hundred rules stay quiet together.
Z = 4.0
# A tail's length again, this many times, lies beyond the last value that was seen.
AGAIN = 4.0
# Where a tail is five times as long as all that lies between the tails, it is one of those that have hardly an end,
# such as Cauchy's, of which the next sample's is ten times as long in one of ten cases.
ENDLESS, ENDLESS_AGAIN = 5.0, 40.0
# A column with a tail that much longer than the other, and never negative, is extended by factors, not by differences.
SKEWED = 10.0
# The most that such an extension comes to: of a Pareto tail of index 2, one sample in a hundred goes beyond.
FACTOR = 10.0


@dataclass(frozen=True)
class Tails:
    """A column's least and greatest value, and the values that are `tail_rank` from either end."""

    least: float
    low: float
    high: float
    greatest: float


def tail_rank(rows: int) -> int:
    """How far from its end a tail is measured: the root of the number of rows.

    From there to the end an exponential tail is as long as all of it before, whatever its scale.
    """
    return max(2, math.isqrt(rows))


def widened(tails: Tails, *, whole: bool) -> tuple[float, float]:
    """Bounds that fresh values of the same distribution stay in, rounded outwards to three digits of their distance.

    A tail is made longer by four times its length. Where values pile up at an end, that end is a bound by itself, and
    gets no room. What was never negative stays so.
    """
    low_tail, high_tail = tails.low - tails.least, tails.greatest - tails.high
    body = tails.high - tails.low
    least = tails.least - _again(low_tail, body) * low_tail
    greatest = tails.greatest + _again(high_tail, body) * high_tail
    if tails.least >= 0:
        least = max(least, 0.0)
        if high_tail > SKEWED * low_tail and tails.high > 0:
            greatest = max(greatest, tails.greatest * min(FACTOR, (tails.greatest / tails.high) ** AGAIN))
    step = _step(greatest - least)
    step = max(1.0, step) if whole else step
    lower = tails.least if not low_tail else math.floor(least / step) * step
    upper = tails.greatest if not high_tail else math.ceil(greatest / step) * step
    return (max(lower, 0.0) if tails.least >= 0 else lower), upper


def _again(tail: float, body: float) -> float:
    """Without a body, as of a column that is nearly always 0, a few rows are all that is known of the tail."""
    return ENDLESS_AGAIN if tail > ENDLESS * body else AGAIN


def share_most(seen: int, rows: int, *, even_of_none: bool = False) -> float | None:
    """The share that a fresh sample of at least half as many rows stays below; None where it says nothing any more.

    None seen: none allowed, unless `even_of_none`. Otherwise the share with Agresti's and Coull's correction (1998),
    which is that of Wilson's interval, and four standard errors of the difference between two samples, rounded up to
    two digits.
    """
    if not rows or (not seen and not even_of_none):
        return 0.0
    corrected = (seen + Z * Z / 2) / (rows + Z * Z)
    error = math.sqrt(corrected * (1 - corrected) * 3 / rows)
    most = corrected + Z * error
    if most >= 1:
        return None
    step = 10.0 ** (math.floor(math.log10(most)) - 1)
    return min(1.0, round(math.ceil(most / step) * step, 10))


def _step(distance: float) -> float:
    """A round number that three digits of a distance are multiples of."""
    return 10.0 ** (math.floor(math.log10(distance)) - 2) if distance > 0 and math.isfinite(distance) else 1.0
