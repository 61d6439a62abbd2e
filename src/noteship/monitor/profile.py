"""The profile of a bundle: how rows are encoded, and what the reference's rows are like."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy

from noteship import digests
from noteship.monitor import arrays, errors, statistics, streams
from noteship.monitor.encoder import Encoder
from noteship.monitor.fields import Field, Observed
from noteship.monitor.fourier import FEATURES, Fourier, Moments, median_distance
from noteship.monitor.layout import Layout
from noteship.monitor.sketch import Shape, Sketch
from noteship.monitor.streams import Array

__all__ = ["Profile", "Sums"]

VERSION = 1
# Rows that a profile is made of; of more, as many are drawn. The reference's own error is then 0.3 % of a spread.
MOST_ROWS = 200_000
PIECE = 4_096
# Eigenvectors of the products' covariance that are kept. It is nearly flat: without correlations, products vary alike.
KEPT = 32


class Profile:
    """What every window is compared with. Not to be changed.

    - encoder, fourier: from rows to bins and Fourier features
    - rows: of the reference, by half, (2,)
    - counts: rows of the reference by bin of features and detectors, in halves, (2, bins)
    - moments: of the Fourier features; pairs: of the products of pairs of dimensions, with directions
    """

    def __init__(
        self, seed: str, fields: Sequence[Field], encoder: Encoder, fourier: Fourier, reference: dict[str, Any]
    ) -> None:
        self.seed, self.fields, self.encoder, self.fourier = seed, tuple(fields), encoder, fourier
        self._counts: Array = reference["counts"]
        self.moments: Moments = reference["moments"]
        self.pairs: Moments = reference["pairs"]
        self.rows = self.moments.rows

    @functools.cached_property
    def digest(self) -> digests.Digest:
        """Of the written form."""
        return digests.of_bytes(self.to_bytes())

    def sketch(self) -> Sketch:
        """A sketch of no rows yet."""
        return Sketch(self._shape)

    def read_sketch(self, data: bytes) -> Sketch:
        """A sketch that was written. Raises OtherEncoding and DamagedSketch."""
        return Sketch.from_bytes(data, self._shape)

    @functools.cached_property
    def _shape(self) -> Shape:
        return Shape(self.digest, self.encoder)

    def counts(self, detector: str) -> Array:
        """Rows of the reference by bin of a detector, in halves, (2, bins)."""
        return self._counts[:, self._shape.detectors[detector]]

    @property
    def features(self) -> Array:
        """Rows of the reference by bin of each feature, in halves, (2, features, width)."""
        features, width = self._shape.features, self._shape.width
        return self._counts[:, : features * width].reshape(2, features, width)

    def masses(self, detector: str) -> Array:
        """The share of the reference in each bin of a detector; half a row is added to each that a row can be in."""
        possible = numpy.ones(self.encoder.bins[detector], dtype=bool)
        if detector == "work":
            place = [feature.group for feature in self.encoder.layout.features].index("work")
            possible = self.encoder.layout.possible()[place]
        smoothed = (self.counts(detector).sum(axis=0) + 0.5) * possible
        return numpy.asarray(smoothed / smoothed.sum())

    @functools.cached_property
    def feature_masses(self) -> Array:
        """The same for the features, (features, width)."""
        smoothed = (self.features.sum(axis=0) + 0.5) * self.encoder.layout.possible()
        return numpy.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))

    @classmethod
    def build(
        cls, observed: Observed, fields: Sequence[Field], seed: str, tolerance: float = statistics.DEFAULT_TOLERANCE
    ) -> Self:
        """The profile of the rows of the reference. `seed`: the digest of the inputs.

        Guarantee: equal rows, fields and seed give equal bytes. Raises NoReference.
        Cost: about 50 microseconds a row, and some 20 MB beside the rows.
        """
        if not len(observed):
            raise errors.NoReference()
        # In random order, so that halves are, and rows that are drawn, and what trees are grown from.
        order = numpy.argsort(streams.integers(seed, "order", len(observed)), kind="stable")[:MOST_ROWS]
        drawn = observed.taken(order)
        layout = Layout.learn(fields, drawn, seed)
        bins = statistics.bins_for(len(drawn), tolerance)
        encoder = Encoder.learn(layout, drawn, bins)
        sample = layout.place(drawn.part(0, PIECE)).z
        fourier = Fourier(layout.dimensions, median_distance(sample, seed), seed)
        return cls(seed, fields, encoder, fourier, _reference(encoder, fourier, drawn))

    def to_bytes(self) -> bytes:
        """The written form: canonical JSON, with "profile" for its version."""
        return digests.canonical_json({
            "profile": VERSION,
            "seed": self.seed,
            "fields": [field.to_json() for field in self.fields],
            "encoder": self.encoder.to_json(),
            "median_distance": self.fourier.median_distance,
            "counts": arrays.to_json(self._counts, "<u4"),
            "moments": self.moments.to_json(),
            "pairs": self.pairs.to_json(),
        })  # fmt: skip

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The inverse of `to_bytes`. Raises DamagedProfile and ProfileTooNew."""
        try:
            value = json.loads(data)
            version = value["profile"]
        except (ValueError, KeyError, TypeError) as error:
            raise errors.DamagedProfile("it is cut, or not a profile") from error
        if version != VERSION:
            raise errors.ProfileTooNew(str(version)[:20], VERSION)
        try:
            return cls._of_json(value)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise errors.DamagedProfile("a part of it is missing or changed") from error

    @classmethod
    def _of_json(cls, value: Mapping[str, Any]) -> Self:
        seed, fields = str(value["seed"]), [Field.from_json(field) for field in value["fields"]]
        encoder = Encoder.from_json(value["encoder"], fields, seed)
        fourier = Fourier(encoder.layout.dimensions, value["median_distance"], seed)
        reference = {
            "counts": arrays.from_json(value["counts"]).astype(numpy.int64),
            "moments": Moments.from_json(value["moments"]),
            "pairs": Moments.from_json(value["pairs"]),
        }
        return cls(seed, fields, encoder, fourier, reference)


def _reference(encoder: Encoder, fourier: Fourier, drawn: Observed) -> dict[str, Any]:
    """Counts, and moments of the Fourier features, of rows in random order: the first half is one half."""
    counts = numpy.zeros((2, encoder.total), dtype=numpy.int64)
    dimensions = encoder.layout.dimensions
    moments = [Sums(FEATURES), Sums(len(statistics.fold(numpy.zeros((dimensions + 1, dimensions + 1)))))]
    middle = len(drawn) - len(drawn) // 2
    for half, start, end in _pieces(len(drawn), middle):
        encoded = encoder.encode(drawn.part(start, end))
        counts[half] += numpy.bincount(encoded.bins.ravel(), minlength=encoder.total + 1)[:-1]
        moments[0].add(half, fourier.embed_precisely(encoded.z))
        moments[1].add(half, statistics.products(encoded.z).astype(numpy.float64))
    rows = numpy.array([middle, len(drawn) - middle], dtype=numpy.int64)
    first, second = (each.moments(rows, kept) for each, kept in zip(moments, (0, KEPT), strict=True))
    return {"counts": counts, "moments": first, "pairs": second}


class Sums:
    """Of features by half, and of their products with each other."""

    def __init__(self, features: int) -> None:
        self._sums, self._products = numpy.zeros((2, features)), numpy.zeros((features, features))

    def add(self, half: int, features: Array) -> None:
        """Of rows of one half, (n, features)."""
        self._sums[half] += features.sum(axis=0)
        self._products += features.T @ features

    def moments(self, rows: Array, kept: int) -> Moments:
        """Of all that was added, with `kept` eigenvectors."""
        return Moments.of_sums(self._sums, rows, self._products, kept)


def _pieces(rows: int, middle: int) -> list[tuple[int, int, int]]:
    """Half, start and end of pieces of bounded size."""
    edges = sorted({*range(0, rows, PIECE), middle, rows})
    return [(int(start >= middle), start, end) for start, end in itertools.pairwise(edges)]
