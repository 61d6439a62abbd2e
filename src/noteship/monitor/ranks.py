"""Numbers through the ranks that they would have in the reference, all columns at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy

from noteship.monitor import arrays
from noteship.monitor.streams import Array

__all__ = ["Ranks"]

# Every 64th of the reference: a rank is known to 1/63 whatever the distribution, and far better where it is smooth.
KNOTS, FEWEST_KNOTS = 64, 16
# Knots of all columns together; 64 each for 100 columns, fewer for more, so that the profile stays small.
ALL_KNOTS = 6_400
# A uniform number's standard deviation is 1 / sqrt(12).
SPREAD = 12.0**0.5
# Differences of numbers up to here do not overflow.
LARGEST = 1e300
# Ranks are written in 16 bits; the middle one is exact.
RANK_STEPS = 65_534
BLOCK = 8
ONES, TOP_BYTE = numpy.uint64(0x0101010101010101), numpy.uint64(56)


class Ranks:
    """Columns of numbers as ranks in the reference, standardised: z = (u - 1/2) * sqrt(12), and as bins.

    Between knots, ranks are interpolated; a value that many rows share has the middle of their ranks. A number beyond
    those of the reference has the rank of its extremes. A column with few distinct values has a bin below and a bin
    above them, so that new values are seen.

    knots, middles: (columns, m), the latter being ranks at the knots; bins: (columns, m + 1), the bin of each interval
    from a knot to the next, and at the end that of a missing value.
    """

    def __init__(self, knots: Array, middles: Array, bins: Array) -> None:
        self.knots, self.middles, self.bins = knots, middles, bins
        columns, count = knots.shape
        z = (middles - 0.5) * SPREAD
        with numpy.errstate(all="ignore"):
            slopes = numpy.diff(z, axis=1) / numpy.diff(knots, axis=1)
        slopes = numpy.where(numpy.isfinite(slopes), slopes, 0.0)
        self._slopes = numpy.hstack([slopes, numpy.zeros((columns, 1))]).ravel()
        self._starts, self._flat = z.ravel(), knots.ravel()
        self._low, self._high = knots[:, 0].copy(), knots[:, -1].copy()
        # Two looks, at the ends of blocks of eight knots and within a block, for all columns at once. A search is slow:
        # what it finds cannot be foreseen, and each wrong guess of the processor costs as much as ten looks.
        blocks = -(-count // BLOCK)
        filled = numpy.concatenate([knots, numpy.full((columns, blocks * BLOCK - count), numpy.inf)], axis=1)
        self._ends = numpy.ascontiguousarray(filled[:, BLOCK - 1 : -1 : BLOCK].T)[:, None, :]
        self._blocks = filled.reshape(-1, BLOCK)
        self._block_shift = numpy.arange(columns) * blocks
        self._knot_shift = numpy.arange(columns) * count - 1
        self._missing = numpy.arange(columns) * (count + 1) + count
        self._shift = numpy.arange(columns)
        # By interval, with one more for missing values after those of each column.
        self._bins = bins.astype(numpy.intp).ravel()

    def __len__(self) -> int:
        return len(self.knots)

    def encode(self, numbers: Array) -> tuple[Array, Array, Array | None]:
        """z, the bins, both of shape (n, columns), and what is missing, None where nothing is; there z is 0.

        Cost: about 1.5 microseconds for a row of 30 columns, in batches of 32.
        """
        missing = numpy.isnan(numbers)
        has_missing = bool(missing.any())
        if has_missing:
            numbers = numpy.where(missing, self._low, numbers)
        numbers = numpy.minimum(numpy.maximum(numbers, self._low), self._high)
        places = self._places(numbers)
        z = numbers - self._flat.take(places)
        z *= self._slopes.take(places)
        z += self._starts.take(places)
        places += self._shift
        if has_missing:
            z[missing] = 0.0
            places = numpy.where(missing, self._missing, places)
        return z, self._bins.take(places), missing if has_missing else None

    def _places(self, numbers: Array) -> Array:
        """Where, among the knots of all columns, the last one stands that is not above each number."""
        block = numpy.add.reduce((numbers >= self._ends).view(numpy.uint8), axis=0, dtype=numpy.uint8)
        near = self._blocks.take(block + self._block_shift, axis=0)
        # Eight truths are one word of eight bytes; their sum is the top byte of its product with eight ones.
        truths = (numbers[:, :, None] >= near).view(numpy.uint64)[..., 0]
        truths *= ONES
        truths >>= TOP_BYTE
        places: Array = truths.astype(numpy.intp)
        places += self._knot_shift
        places += block * numpy.intp(BLOCK)
        return places

    def value(self, column: int, z: float) -> float:
        """The number whose z this is."""
        middles, knots = self.middles[column], self.knots[column]
        return float(numpy.interp(z / SPREAD + 0.5, middles, knots))

    @classmethod
    def learn(cls, numbers: Array, width: int) -> Self:
        """Ranks of the reference's columns, NaN where missing, in at most `width` bins with the one for missing."""
        columns = numbers.shape[1]
        most = max(FEWEST_KNOTS, min(KNOTS, ALL_KNOTS // max(columns, 1)))
        learned = [_learn(numbers[:, column], most, width) for column in range(columns)]
        length = max((len(knots) for knots, _, _ in learned), default=1)
        knots, middles = numpy.zeros((columns, length)), numpy.zeros((columns, length))
        bins = numpy.zeros((columns, length + 1), dtype=numpy.uint8)
        for column, (places, ranks, groups) in enumerate(learned):
            knots[column], middles[column] = _padded(places, length), _padded(ranks, length)
            bins[column] = [*_padded(groups, length), groups[-1] + 1]
        return cls(knots, middles, bins)

    def to_json(self) -> dict[str, Any]:
        """The written form; ranks as 16 bits, which is what is used, too."""
        return {
            "knots": arrays.to_json(self.knots, "<f8"),
            "middles": arrays.to_json(numpy.rint(self.middles * RANK_STEPS), "<u2"),
            "bins": arrays.to_json(self.bins, "|u1"),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        knots, middles, bins = (arrays.from_json(value[name]) for name in ("knots", "middles", "bins"))
        return cls(knots, middles / RANK_STEPS, bins)


def _learn(column: Array, most: int, width: int) -> tuple[Array, Array, Array]:
    """Knots, their ranks, and the bins of the intervals that they begin."""
    present = numpy.sort(numpy.clip(column[~numpy.isnan(column)], -LARGEST, LARGEST)) + 0.0
    if not len(present):
        present = numpy.zeros(1)
    values, counts = numpy.unique(present, return_counts=True)
    middles = (numpy.cumsum(counts) - counts / 2) / len(present)
    is_discrete = len(values) <= most - 2
    if is_discrete:
        values = numpy.array([numpy.nextafter(values[0], -numpy.inf), *values, numpy.nextafter(values[-1], numpy.inf)])
        middles = numpy.array([0.0, *middles, 1.0])
    else:
        chosen = present[numpy.rint(numpy.linspace(0, len(present) - 1, most)).astype(numpy.intp)]
        places = numpy.searchsorted(values, numpy.unique(chosen))
        values, middles = values[places], middles[places]
    # Ranks are what is written of them, so that a profile that was read encodes as the one that was made.
    return values, numpy.rint(middles * RANK_STEPS) / RANK_STEPS, _groups(values, present, width, is_discrete)


def _groups(knots: Array, present: Array, width: int, is_discrete: bool) -> Array:
    """Neighbouring intervals in bins of about equal mass; for few values, what is beyond them apart."""
    inner = knots[1:-1] if is_discrete else knots
    masses = numpy.bincount(numpy.searchsorted(inner, present, side="right") - 1, minlength=len(inner))
    before = numpy.cumsum(masses) - masses / 2
    bins = width - (3 if is_discrete else 1)
    groups = numpy.unique((before * bins / len(present)).astype(numpy.intp), return_inverse=True)[1]
    return numpy.array([0, *(groups + 1), groups[-1] + 2]) if is_discrete else groups


def _padded(values: Array, length: int) -> Array:
    return numpy.concatenate([values, numpy.repeat(values[-1:], length - len(values))])
