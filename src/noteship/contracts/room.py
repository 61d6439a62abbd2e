"""How much room inferred bounds leave: pure arithmetic from what was seen in a good run.

The rules of thumb are held to simulations in the tests: samples as large as the first, of normal, uniform, exponential
and lognormal distributions, of normal ones rounded to whole numbers, of Poisson's and of geometric ones, keep a
column's bounds in 99 of 100 cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Ends", "Tails", "share_most", "tail_rank", "widened"]

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
# Values that pile up at an end end there, where the last is at least half as frequent as the one before. Counts that
# become fewer and fewer go on: as far as a geometric law would hold one fresh value in a thousand samples.
WALL, ONE_IN = 0.5, 0.001
# Unless so many more should have been seen already, which none is with a probability of e⁻¹⁰.
EXPECTED = 10.0
# Without a third value, as of a flag, the next step is as of Poisson's law at its beginning: half the ratio before.
POISSON = 0.5
# A bound that somebody meant is a whole number, or has so few digits. What is scaled by the mean and the spread of a
# sample has others, and moves with the sample. Numbers of 32 bits are that near to those that were written.
DIGITS, BITS_32 = 3, 6e-8
# How far it moves: a flag's value that so many rows have by at most half their root, of the distance to the other one;
# and two samples differ by the root of two times that.
MOVES = Z * math.sqrt(2) / 2
# Of seven missing values of two files of one kind and size, all are in the second one with a probability of 2⁻⁷.
NONE_SEEN = 6

Ends = tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class Tails:
    """A column's least and greatest value, and the values that are `tail_rank` from either end.

    first, last: at either end the three outermost values with their rows, from the end inwards; asked for only where
    the value at the rank is the end itself, which is a bound where they are not known.
    """

    least: float
    low: float
    high: float
    greatest: float
    first: Ends = ()
    last: Ends = ()


def tail_rank(rows: int) -> int:
    """How far from its end a tail is measured: the root of the number of rows.

    From there to the end an exponential tail is as long as all of it before, whatever its scale.
    """
    return max(2, math.isqrt(rows))


def widened(tails: Tails, *, whole: bool) -> tuple[float, float]:
    """Bounds that fresh values of the same distribution stay in, rounded outwards to three digits of their distance.

    A tail is made longer by four times its length. Where values pile up at an end that a person may have meant, that
    end is a bound by itself, and gets no room, unless they become fewer towards it. An end with more digits is taken to
    be reckoned from the sample, and gets room by how many rows have it. What was never negative stays so.
    """
    low_tail, high_tail = tails.low - tails.least, tails.greatest - tails.high
    body = tails.high - tails.low
    inner = body or tails.greatest - tails.least
    beneath = _again(low_tail, body) * low_tail if low_tail else _beyond(tails.first, inner)
    above = _again(high_tail, body) * high_tail if high_tail else _beyond(tails.last, inner)
    least, greatest = tails.least - beneath, tails.greatest + above
    if tails.least >= 0:
        least = max(least, 0.0)
        if high_tail > SKEWED * low_tail and tails.high > 0:
            greatest = max(greatest, tails.greatest * min(FACTOR, (tails.greatest / tails.high) ** AGAIN))
    step = _step(greatest - least)
    step = max(1.0, step) if whole else step
    lower = math.floor(least / step) * step if beneath else tails.least
    upper = math.ceil(greatest / step) * step if above else tails.greatest
    return (max(lower, 0.0) if tails.least >= 0 else lower), upper


def _again(tail: float, body: float) -> float:
    """Without a body, as of a column that is nearly always 0, a few rows are all that is known of the tail."""
    return ENDLESS_AGAIN if tail > ENDLESS * body else AGAIN


def _beyond(ends: Ends, body: float) -> float:
    """The room beyond a value that many rows have."""
    if not ends or _is_meant(ends[0][0]):
        return _decayed(ends)
    return max(_decayed(ends), MOVES * body / math.sqrt(ends[0][1]))


def _is_meant(value: float) -> bool:
    """Whether a person may have written it."""
    return value.is_integer() or math.isclose(value, float(f"{value:.{DIGITS}g}"), rel_tol=BITS_32)


def _decayed(ends: Ends) -> float:
    """How far beyond a value that was seen often fresh ones may be; nothing where it is a wall."""
    if len(ends) < 2:
        return 0.0
    (end, count), (beside, before) = ends[:2]
    ratio = count / before
    slowing = min(1.0, ratio * ends[2][1] / before) if len(ends) > 2 else POISSON
    if ratio >= WALL or count * ratio * slowing >= EXPECTED:
        return 0.0
    steps = math.ceil(math.log(ONE_IN * (1 - ratio) / count) / math.log(ratio)) - 1
    return max(1, steps) * abs(end - beside)


def share_most(seen: int, rows: int, *, even_of_none: bool = False) -> float | None:
    """The share that a fresh sample of at least half as many rows stays below; None where it says nothing any more.

    None seen: six in as many rows. With `even_of_none` and otherwise the share with Agresti's and Coull's correction
    (1998), which is that of Wilson's interval, and four standard errors of the difference between two samples. Rounded
    up to two digits.
    """
    if not rows:
        return 0.0
    if not seen and not even_of_none:
        return _rounded_up(NONE_SEEN / rows) if rows > NONE_SEEN else None
    corrected = (seen + Z * Z / 2) / (rows + Z * Z)
    error = math.sqrt(corrected * (1 - corrected) * 3 / rows)
    most = corrected + Z * error
    return None if most >= 1 else _rounded_up(most)


def _rounded_up(share: float) -> float:
    step = 10.0 ** (math.floor(math.log10(share)) - 1)
    # What is a multiple of the step but for its binary rounding is not rounded up.
    return min(1.0, round(math.ceil(round(share / step, 6)) * step, 12))


def _step(distance: float) -> float:
    """A round number that three digits of a distance are multiples of."""
    return 10.0 ** (math.floor(math.log10(distance)) - 2) if distance > 0 and math.isfinite(distance) else 1.0
