"""Random Fourier features: means in which the joint law of all dimensions shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy

from noteship.monitor import arrays, multiplying, streams
from noteship.monitor.streams import Array

__all__ = ["FEATURES", "Fourier", "Moments", "median_distance"]

FEATURES = 256
# Changes of the whole and changes of the fine show at different distances.
BANDWIDTHS = (0.5, 1.0, 2.0)
PAIRS = 4_096
# Decimal places of eigenvalues and of sums: beyond what the reference knows, and the same on every machine.
PLACES, SUM_PLACES = 9, 6


class Fourier:
    """phi(z) = sqrt(2 / D) [cos z·w, sin z·w], D = 256, for normal w of three bandwidths.

    Source: Rahimi and Recht (2007), "Random features for large-scale kernel machines". The kernel is the mean of three
    Gaussian ones, with 1/2, 1 and 2 times the median distance of two rows of the reference.
    """

    def __init__(self, dimensions: int, median_distance: float, seed: str) -> None:
        self.median_distance = median_distance
        count = FEATURES // 2
        widths = numpy.resize(BANDWIDTHS, count) * median_distance
        self._precise = streams.normals(seed, "frequencies", dimensions * count).reshape(dimensions, count) / widths
        self._frequencies = self._precise.astype(numpy.float32)

    def embed(self, z: Array) -> Array:
        """phi of z, (n, dimensions) in float32: (n, FEATURES) in float32."""
        return _waves(multiplying.times(z, self._frequencies))

    def embed_precisely(self, z: Array) -> Array:
        """The same in float64, for the reference, whose means must not depend on the machine."""
        return _waves(z.astype(numpy.float64) @ self._precise)


def _waves(angles: Array) -> Array:
    rows, count = angles.shape
    phi = numpy.empty((rows, 2 * count), dtype=angles.dtype)
    numpy.cos(angles, out=phi[:, :count])
    numpy.sin(angles, out=phi[:, count:])
    phi *= angles.dtype.type(math.sqrt(1 / count))
    return phi


def median_distance(z: Array, seed: str) -> float:
    """The median distance of random pairs of rows, rounded; 1 where more than half of the pairs are the same."""
    pairs = streams.integers(seed, "pairs", 2 * PAIRS).reshape(2, PAIRS) % len(z)
    first, second = (z[places.astype(numpy.intp)].astype(numpy.float64) for places in pairs)
    distance = float(numpy.median(numpy.sqrt(((first - second) ** 2).sum(axis=1))))
    return round(distance, 6) or 1.0


@dataclass(frozen=True, eq=False)
class Moments:
    """What the reference says of D features.

    - sums: by half, (2, D); rows: by half, (2,)
    - values: the eigenvalues of the covariance of both halves together, all, falling
    - vectors: those of the largest, (kept, D)
    """

    sums: Array
    rows: Array
    values: Array
    vectors: Array

    @property
    def means(self) -> Array:
        """By half, (2, D)."""
        return numpy.asarray(self.sums / self.rows[:, None])

    @property
    def factor(self) -> Array:
        """The vectors times the roots of their eigenvalues, (kept, D)."""
        return numpy.asarray(self.vectors * numpy.sqrt(self.values[: len(self.vectors), None]))

    @property
    def rest(self) -> float:
        """The variance in directions of which there is no vector."""
        return float(self.values[len(self.vectors) :].sum())

    @classmethod
    def of_sums(cls, sums: Array, rows: Array, products: Array, kept: int) -> Self:
        """From the sums of the features by half, and the sum of their products with each other over all rows."""
        total = rows.sum()
        mean = sums.sum(axis=0) / total
        values, vectors = numpy.linalg.eigh(products / total - numpy.outer(mean, mean))
        values = numpy.maximum(arrays.rounded(values[::-1], PLACES), 0)
        vectors = vectors.T[::-1][:kept]
        largest = vectors[numpy.arange(len(vectors)), numpy.abs(vectors).argmax(axis=1)]
        # In 16 bits, as they are written: errors of rounding on one machine or another hardly ever show.
        vectors = (vectors * numpy.sign(largest)[:, None]).astype(numpy.float16).astype(numpy.float64) + 0.0
        return cls(arrays.rounded(sums, SUM_PLACES), rows, values, vectors)

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        kinds = {"sums": "<f8", "rows": "<i8", "values": "<f8", "vectors": "<f2"}
        return {name: arrays.to_json(getattr(self, name), kind) for name, kind in kinds.items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        sums, rows, values, vectors = (arrays.from_json(value[name]) for name in ("sums", "rows", "values", "vectors"))
        return cls(sums, rows, values, vectors.astype(numpy.float64))
