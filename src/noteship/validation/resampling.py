"""Intervals of measures, by resampling rows, or groups where these were held out whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy

from noteship.monitor import streams
from noteship.validation import intervals
from noteship.validation.judgement import Estimate
from noteship.validation.metrics import Array, Measurer, Share

__all__ = ["BLOCKS", "Draws", "Resampling", "blocks"]

# Weights that stand in memory at once: 16 MB.
CELLS = 2_000_000
# Leaving out one part of so many tells how skewed a measure is as well as leaving out each row.
JACKKNIFE = 200
# An interval needs most resamples: of few rows of a class, some resamples have none, and the measure does not exist.
DEFINED = 0.9
# Resamples of one row are all alike; of fewer groups nothing is known of how groups differ.
LEAST_ROWS, LEAST_GROUPS = 2, 5
# Resamples of fewer groups differ too little, and leaving groups out in turn tells more.
FEW_GROUPS = 30
# Rows that follow one another in time: so many stretches are as good as independent, and tell how they differ.
BLOCKS = 20
# From where to where a measure can be; of those between 0 and 1 one at its limit is known as a share is.
OF_ONE = (
    *("accuracy", "balanced_accuracy", "f1", "precision", "recall"),
    *("roc_auc", "average_precision", "brier"),
)
LIMITS = {"mcc": (-1.0, 1.0), "r2": (-numpy.inf, 1.0), "bias": (-numpy.inf, numpy.inf)}
# A median has no smooth dependence on any row, so leaving rows out says nothing of its skewness.
ROUGH = ("median_ae",)


@dataclass(frozen=True, eq=False)
class Draws:
    """A measurer's values on the rows as they are, on each resample, and with each of some parts left out."""

    point: Mapping[str, float]
    resampled: Mapping[str, Array]
    left_out: Mapping[str, Array]

    def less(self, other: Draws) -> Draws:
        """The differences to what was drawn of another model on the same resamples, of what both have."""
        names = [name for name in self.point if name in other.point]
        return Draws(
            {name: self.point[name] - other.point[name] for name in names},
            {name: self.resampled[name] - other.resampled[name] for name in names},
            {name: self.left_out[name] - other.left_out[name] for name in names},
        )


@dataclass(frozen=True, eq=False)
class Resampling:
    """How n rows are resampled: `count` times, with repetition, by `groups` where there are some.

    Guarantee: equal arguments give equal resamples, so that two models can be compared on the same ones.
    Accuracy: of rows, what is a share, and F1 of one class, has Wilson's interval (1927; of F1 by way of the Jaccard
    index, whose rows are those flagged or of the class); balanced accuracy one from those of its classes, and the area
    under ROC of a class with fewer than 30 rows Newcombe's (2006). All else, and all of 30 whole groups and more, has
    that of the bias-corrected and accelerated bootstrap (Efron 1987), with the skewness from 200 parts left out in
    turn; of 5 to 29 groups that of the jackknife with Student's quantile, of fewer none. Where all resamples give one
    value, a measure from 0 to 1 at its limit has Wilson's for the rows of the rarest class, and any other has none.
    Cost: 1,000 resamples of 20,000 rows take some seconds.
    """

    rows: int
    count: int
    seed: int
    groups: Array | None = None
    confidence: float = 0.95

    def part(self, places: Array, most: int | None = None) -> Resampling:
        """That of some of the rows, with no more than so many resamples."""
        groups = None if self.groups is None else self.groups[places]
        count = self.count if most is None else min(self.count, most)
        return Resampling(len(places), count, self.seed, groups, self.confidence)

    def draw(self, measurer: Measurer) -> Draws:
        """Measure the rows, and every resample of them."""
        pieces = [measurer.measure(weights) for weights in self._weights()]
        point = {name: float(values[0]) for name, values in measurer.measure(numpy.ones((1, self.rows))).items()}
        left_out = [measurer.measure(weights) for weights in self._left_out()]
        return Draws(point, _joined(pieces, point), _joined(left_out, point))

    def estimates(self, measurer: Measurer, draws: Draws | None = None) -> dict[str, Estimate]:
        """Every measure with its interval; of one row, or one group, there is none."""
        if self._units[1] < (LEAST_ROWS if self.groups is None else LEAST_GROUPS):
            point = measurer.measure(numpy.ones((1, self.rows)))
            return {name: Estimate(float(values[0])) for name, values in point.items()}
        made = self.intervals(draws or self.draw(measurer))
        told = {name: self._told(name, estimate, measurer) for name, estimate in made.items()}
        if self.groups is None:
            reckoned = measurer.reckoned(self.confidence)
            told |= {name: Estimate(made[name].value, *reckoned[name]) for name in reckoned if name in made}
            told |= {name: self.share(share) for name, share in measurer.shares().items() if name in made}
        return told

    def _told(self, name: str, estimate: Estimate, measurer: Measurer) -> Estimate:
        """What resamples say, where they say something, and what can be."""
        if name in measurer.unsure:
            return Estimate(estimate.value)
        shares = measurer.shares()
        is_share = name in shares or name in OF_ONE
        if estimate.low == estimate.high:
            # All of n, or none: as if the measure were the share of the rarest class that was right.
            of = min(self._units[1], shares[name].of if name in shares else measurer.rests_on)
            if is_share and estimate.value in (0.0, 1.0):
                return self.share(Share(of if estimate.value else 0, of))
            if name == "mcc" and estimate.value == 1:
                return Estimate(1.0, 2 * self.share(Share(of, of)).low - 1, 1.0)
            return Estimate(estimate.value)
        least, most = (0.0, 1.0) if is_share else LIMITS.get(name, (0.0, numpy.inf))
        return Estimate(estimate.value, *(float(numpy.clip(end, least, most)) for end in (estimate.low, estimate.high)))

    def intervals(self, draws: Draws) -> dict[str, Estimate]:
        """What was drawn, with intervals from the resamples alone, or from what is left out of few groups."""
        if self.groups is not None and self._units[1] < FEW_GROUPS:
            return {
                name: Estimate(value, *intervals.jackknife(value, draws.left_out[name], self.confidence))
                for name, value in draws.point.items()
            }
        return {
            name: Estimate(
                value,
                *_interval(value, draws.resampled[name], None if name in ROUGH else draws.left_out[name], self._tail),
            )
            for name, value in draws.point.items()
        }

    def share(self, share: Share) -> Estimate:
        """A share of rows."""
        if not share.of:
            return Estimate(numpy.nan)
        ends = (share.count / share.of, *intervals.wilson(share.count, share.of, self.confidence))
        return Estimate(*(2 * each / (1 + each) for each in ends) if share.is_f1 else ends)

    @property
    def units(self) -> int:
        """How many rows, or groups, there are."""
        return self._units[1]

    @property
    def _tail(self) -> float:
        return (1 - self.confidence) / 2

    @property
    def _units(self) -> tuple[Array, int]:
        """The unit of each row, and how many there are."""
        if self.groups is None:
            return numpy.arange(self.rows), self.rows
        codes = numpy.unique(self.groups, return_inverse=True)[1]
        return codes, int(codes.max()) + 1

    def _weights(self) -> Iterator[Array]:
        """How often each row is in each resample, some resamples at a time."""
        codes, units = self._units
        random = numpy.random.Generator(numpy.random.PCG64(int(streams.integers(str(self.seed), "resamples", 1)[0])))
        step = max(1, CELLS // self.rows)
        for start in range(0, self.count, step):
            count = min(step, self.count - start)
            drawn = random.integers(units, size=(count, units)) + numpy.arange(count)[:, None] * units
            times = numpy.bincount(drawn.ravel(), minlength=count * units).reshape(count, units)
            yield times[:, codes].astype(numpy.float64)

    def _left_out(self) -> Iterator[Array]:
        codes, units = self._units
        order = numpy.argsort(streams.integers(str(self.seed), "left out", units), kind="stable")
        parts = min(units, JACKKNIFE)
        of_unit = numpy.empty(units, dtype=numpy.intp)
        of_unit[order] = numpy.arange(units) % parts
        of_row = of_unit[codes]
        step = max(1, CELLS // self.rows)
        for start in range(0, parts, step):
            numbers = numpy.arange(start, min(parts, start + step))
            yield (of_row[None, :] != numbers[:, None]).astype(numpy.float64)


def blocks(moments: Array) -> Array:
    """Stretches of time with as many rows each, as groups; rows of one moment are in one.

    >>> blocks(numpy.array([3, 1, 2, 2]))
    array([15,  0,  5,  5])
    """
    _, places, counts = numpy.unique(moments, return_inverse=True, return_counts=True)
    before = numpy.cumsum(counts) - counts
    numbers: Array = before[places] * BLOCKS // len(moments)
    return numbers


def _interval(value: float, resampled: Array, left_out: Array | None, tail: float) -> tuple[float, float]:
    defined = resampled[numpy.isfinite(resampled)]
    if not numpy.isfinite(value) or len(defined) < DEFINED * len(resampled):
        return numpy.nan, numpy.nan
    if numpy.ptp(defined) == 0:
        return float(defined[0]), float(defined[0])
    normal = NormalDist()
    below = (numpy.mean(defined < value) + numpy.mean(defined <= value)) / 2
    edge = 0.5 / len(defined)
    bias = normal.inv_cdf(float(numpy.clip(below, edge, 1 - edge)))
    skew = 0.0 if left_out is None else _skew(left_out)
    ends = []
    for share in (tail, 1 - tail):
        shifted = bias + normal.inv_cdf(share)
        # Far from normal, the correction has no end; half is as far as it is followed.
        ends.append(normal.cdf(bias + shifted / max(0.5, 1 - skew * shifted)))
    low, high = numpy.quantile(defined, ends)
    return float(low), float(high)


def _skew(left_out: Array) -> float:
    known = left_out[numpy.isfinite(left_out)]
    if not len(known):
        return 0.0
    off = known.mean() - known
    squares = float((off**2).sum())
    return float((off**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0


def _joined(pieces: list[Mapping[str, Array]], point: Mapping[str, float]) -> dict[str, Array]:
    return {name: numpy.concatenate([piece[name] for piece in pieces]) for name in point}
