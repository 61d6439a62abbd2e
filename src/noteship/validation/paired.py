"""Whether one model's answers are worse than another's to the same rows, by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from noteship.monitor import streams

__all__ = ["CELLS", "FLIPS", "LEVEL", "Paired", "coins", "compare"]

Array = numpy.ndarray[Any, Any]

# Of a hundred models that are no worse, one is called so.
LEVEL = 0.01
# Random signs: with 1,999 of them, levels down to 0.0005 can be told.
FLIPS = 1_999
CELLS = 2_000_000


@dataclass(frozen=True)
class Paired:
    """How likely differences like these, or larger, are by chance, if neither is better: one-sided, and two-sided.

    `better` and `worse` count the rows on which the first model has the smaller, and the larger loss.
    """

    p_worse: float
    p: float
    better: int
    worse: int


def compare(first: Array, second: Array, groups: Array | None = None, seed: int = 0) -> Paired:
    """Two models' losses on the same rows, of shape (n,); rows of one group are one piece of evidence.

    By chance each difference has either sign: of wrong answers that is the sign test (McNemar 1947, exact), of all else
    a randomisation test (Fisher 1935) with 1,999 random draws of the signs. Ties say nothing, and are left out.
    """
    differences = first - second
    better, worse = int((differences < 0).sum()), int((differences > 0).sum())
    units = differences if groups is None else numpy.bincount(_codes(groups), weights=differences)
    units = units[units != 0]
    sizes = numpy.abs(units)
    if not len(units):
        p_worse, p_better = 1.0, 1.0
    elif (sizes == sizes[0]).all():
        p_worse, p_better = _signs(int((units > 0).sum()), len(units))
    else:
        p_worse, p_better = _flipped(units, seed)
    return Paired(p_worse, min(1.0, 2 * min(p_worse, p_better)), better, worse)


def _signs(positive: int, count: int) -> tuple[float, float]:
    from scipy.stats import binom  # type: ignore[import-untyped]

    return float(binom.sf(positive - 1, count, 0.5)), float(binom.cdf(positive, count, 0.5))


def _flipped(units: Array, seed: int) -> tuple[float, float]:
    """The share of random signs whose sum is at least, and at most, the one that was seen; itself counts as one."""
    seen = float(units.sum())
    # Sums of the same numbers in another order differ in their last digits, and are ties all the same.
    near = 1e-12 * float(numpy.abs(units).sum())
    step = max(1, CELLS // len(units))
    above = below = 1
    for start in range(0, FLIPS, step):
        count = min(step, FLIPS - start)
        sums = 2 * (coins(seed, start, count, len(units)) @ units) - seen
        above += int((sums >= seen - near).sum())
        below += int((sums <= seen + near).sum())
    return above / (FLIPS + 1), below / (FLIPS + 1)


def coins(seed: int, start: int, count: int, units: int) -> Array:
    """Random draws, each 0 or 1 for every unit, of shape (count, units)."""
    words = -(-units // 64)
    raw = streams.integers(str(seed), f"signs {start}", count * words).astype("<u8")
    bits: Array = numpy.unpackbits(raw.view(numpy.uint8), bitorder="little").reshape(count, -1)[:, :units]
    return bits


def _codes(groups: Array) -> Array:
    codes: Array = numpy.unique(groups, return_inverse=True)[1]
    return codes
