"""Counts and sums of rows, which add up over batches, workers, replicas and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy

from noteship.monitor import counts, errors, multiplying, statistics, streams
from noteship.monitor.encoder import Encoded, Encoder
from noteship.monitor.fourier import FEATURES
from noteship.monitor.streams import Array

__all__ = ["Bet", "Embedding", "Shape", "Sketch"]

VERSION = 1
# The histogram of work: eight bins for each doubling, up to 2^48 multiplications.
WORK_BINS_PER_OCTAVE, WORK_BINS = 8, 384
CONFIDENCE_BINS = 20
# Probabilities are added up as whole numbers, in units of 2^-30, so that sums are the same in any order.
UNIT = 2.0**30


class Bet(Protocol):
    """A direction of the joint law that earlier windows have chosen to bet on."""

    @property
    def identity(self) -> str:
        """Which one it is, so that only its own sums add up."""
        ...

    def log_wealth(self, z: Array) -> Array:
        """Sums over rows z, (n, dimensions), of what each of several stakes makes of them, (stakes,)."""
        ...


class Embedding(Protocol):
    """Gives the Fourier features of rows."""

    def embed(self, z: Array) -> Array:
        """Of z, (n, dimensions): (n, FEATURES)."""
        ...


class Shape:
    """What a sketch counts: the profile's digest, and the bins that its encoder gives."""

    def __init__(self, digest: str, encoder: Encoder) -> None:
        self.digest = digest
        self.features, self.width = len(encoder.layout.features), encoder.layout.width
        self.total, self.dimensions = encoder.total, encoder.layout.dimensions
        self.products = len(statistics.fold(self.gram()))
        self.detectors = {
            name: slice(encoder.places[name], encoder.places[name] + encoder.bins[name]) for name in encoder.bins
        }

    def zeros(self) -> dict[str, Array]:
        """The arrays of a sketch of no rows. "beyond" is what squares are beyond counts: 0 for requests of one row."""
        shapes = {
            "totals": (len(TOTALS),),
            "counts": (2, self.total),
            "beyond": (self.total - self.features * self.width,),
            "features_beyond": (self.features,),
            "work": (WORK_BINS,),
            "confidence": (2, CONFIDENCE_BINS),
        }
        arrays = {name: numpy.zeros(shape, dtype=numpy.int64) for name, shape in shapes.items()}
        return arrays | {"fourier": numpy.zeros(FEATURES), "products": numpy.zeros(self.products)}

    def gram(self) -> Array:
        """The sum of z z^T over no rows, z having a 1 at its end."""
        return numpy.zeros((self.dimensions + 1, self.dimensions + 1))


TOTALS = ("rows", "requests", "rows_squared", "worked_rows", "work")


class Sketch:
    """What is kept of rows. Guarantee: sketches of parts add up to the sketch of the whole, however it was divided.

    Counts are exact; the sums of features and of bets are so up to rounding. "Half" is one of two that requests are
    divided into by their ids; the rows of a request are together.
    """

    def __init__(self, shape: Shape, arrays: dict[str, Array] | None = None) -> None:
        self.shape = shape
        self._arrays = shape.zeros() if arrays is None else arrays
        self._gram = shape.gram()
        self.wealth: dict[str, Array] = {}

    @property
    def rows(self) -> int:
        """How many there were."""
        return int(self._arrays["totals"][0])

    @property
    def requests(self) -> int:
        """How many there were."""
        return int(self._arrays["totals"][1])

    @property
    def rows_squared(self) -> int:
        """The sum of the squares of the requests' numbers of rows."""
        return int(self._arrays["totals"][2])

    @property
    def worked_rows(self) -> int:
        """Rows whose work was counted."""
        return int(self._arrays["totals"][3])

    @property
    def total_work(self) -> int:
        """Multiplications that these took."""
        return int(self._arrays["totals"][4])

    @property
    def fourier(self) -> Array:
        """Sums of the Fourier features, (FEATURES,)."""
        return self._arrays["fourier"]

    @property
    def products(self) -> Array:
        """Sums of the products of pairs of dimensions, as `statistics.products` has them."""
        # Folding costs more than adding, so it waits until somebody asks.
        if self._gram.any():
            self._arrays["products"] += statistics.fold(self._gram)
            self._gram[:] = 0
        return self._arrays["products"]

    @property
    def work(self) -> Array:
        """Rows by work: bin i holds those of floor(8 log2(work)) = i."""
        return self._arrays["work"]

    @property
    def confidence(self) -> tuple[Array, Array]:
        """Rows by the probability of their likeliest class, in bins of equal width, and the sums of it."""
        rows, sums = self._arrays["confidence"]
        return rows, sums / UNIT

    def counts(self, detector: str) -> Array:
        """Rows by bin of a detector, in halves, (2, bins)."""
        return self._arrays["counts"][:, self.shape.detectors[detector]]

    def squares(self, detector: str) -> Array:
        """By bin of a detector, the sum over requests of the square of its number of rows there, (bins,)."""
        place, start = self.shape.detectors[detector], self.shape.features * self.shape.width
        beyond = self._arrays["beyond"][place.start - start : place.stop - start]
        return numpy.asarray(self.counts(detector).sum(axis=0) + beyond)

    @property
    def features(self) -> Array:
        """Rows by bin of each feature, in halves, (2, features, width)."""
        features, width = self.shape.features, self.shape.width
        return self._arrays["counts"][:, : features * width].reshape(2, features, width)

    @property
    def feature_squares(self) -> Array:
        """By feature, the sum over bins and requests of the square of the number of rows there, (features,)."""
        return numpy.asarray(self.features.sum(axis=(0, 2)) + self._arrays["features_beyond"])

    def add(
        self,
        encoded: Encoded,
        embedding: Embedding,
        request_ids: Sequence[str],
        row_counts: Sequence[int],
        bet: Bet | None = None,
    ) -> None:
        """Count rows: first those of the first request, then those of the second, and so on. Raises UnfitRows."""
        if len(request_ids) != len(row_counts) or sum(row_counts) != len(encoded):
            raise errors.UnfitRows("the requests' rows are not as many as the rows")
        owners = _owners(row_counts, len(encoded))
        half = streams.halves(request_ids)
        halves = half if owners is None else half[owners]
        self._count(encoded, halves, owners)
        squared = len(encoded) if owners is None else sum(count * count for count in row_counts)
        self._arrays["totals"][:3] += (len(encoded), len(request_ids), squared)
        phi = embedding.embed(encoded.z)
        self._arrays["fourier"] += phi.sum(axis=0)
        extended = statistics.with_one(encoded.z)
        self._gram += multiplying.gram(extended)
        if bet is not None:
            self._add_wealth(bet.identity, bet.log_wealth(encoded.z))

    def _count(self, encoded: Encoded, halves: Array, owners: Array | None) -> None:
        # One bin more, for work that was not counted.
        total = self.shape.total + 1
        places = encoded.bins + (halves * total)[:, None]
        found = numpy.bincount(places.ravel(), minlength=2 * total).reshape(2, total)[:, :-1]
        self._arrays["counts"] += found
        if owners is not None:
            self._count_beyond(_squares(encoded.bins, owners, total)[:-1] - found.sum(axis=0))
        if encoded.work is not None and encoded.log_work is not None:
            self._count_work(encoded.work, encoded.log_work)
        if encoded.confidence is not None:
            self._count_confidence(encoded.confidence)

    def _count_beyond(self, squares: Array) -> None:
        end = self.shape.features * self.shape.width
        self._arrays["beyond"] += squares[end:]
        self._arrays["features_beyond"] += squares[:end].reshape(-1, self.shape.width).sum(axis=1)

    def _count_work(self, work: Array, log_work: Array) -> None:
        unknown = numpy.isnan(log_work)
        if unknown.any():
            work, log_work = work[~unknown], log_work[~unknown]
        places = numpy.minimum(log_work * WORK_BINS_PER_OCTAVE, WORK_BINS - 1).astype(numpy.intp)
        self._arrays["work"] += numpy.bincount(places, minlength=WORK_BINS)
        self._arrays["totals"][3:] += len(work), int(work.sum())

    def _count_confidence(self, confidence: Array) -> None:
        unknown = numpy.isnan(confidence)
        if unknown.any():
            confidence = confidence[~unknown]
        places = numpy.minimum(confidence * CONFIDENCE_BINS, CONFIDENCE_BINS - 1).astype(numpy.intp)
        self._arrays["confidence"][0] += numpy.bincount(places, minlength=CONFIDENCE_BINS)
        sums = numpy.bincount(places, weights=numpy.rint(confidence * UNIT), minlength=CONFIDENCE_BINS)
        self._arrays["confidence"][1] += sums.astype(numpy.int64)

    def _add_wealth(self, name: str, sums: Array) -> None:
        self.wealth[name] = self.wealth[name] + sums if name in self.wealth else sums

    def __add__(self, other: Self) -> Self:
        if self.shape.digest != other.shape.digest:
            raise errors.OtherEncoding(self.shape.digest, other.shape.digest)
        mine, others = self._complete(), other._complete()
        added = type(self)(self.shape, {name: array + others[name] for name, array in mine.items()})
        added.wealth = dict(self.wealth)
        for name, sums in other.wealth.items():
            added._add_wealth(name, sums)
        return added

    def _complete(self) -> dict[str, Array]:
        return self._arrays | {"products": self.products}

    def to_bytes(self) -> bytes:
        """The written form; see `counts.pack`."""
        wealth = {f"wealth {name}": sums for name, sums in sorted(self.wealth.items())}
        return counts.pack({"sketch": VERSION, "profile": self.shape.digest}, self._complete() | wealth)

    @classmethod
    def from_bytes(cls, data: bytes, shape: Shape) -> Self:
        """The inverse of `to_bytes`. Raises OtherEncoding and DamagedSketch."""
        try:
            head, arrays = counts.unpack(data)
            version, digest = int(head["sketch"]), str(head["profile"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise errors.DamagedSketch("it is cut or changed") from error
        if version != VERSION:
            raise errors.DamagedSketch(f"it has version {version}, and this noteship reads version {VERSION}")
        if digest != shape.digest:
            raise errors.OtherEncoding(shape.digest, digest)
        sketch = cls(shape)
        sketch.wealth = {name[7:]: arrays.pop(name) for name in list(arrays) if name.startswith("wealth ")}
        sketch._fill(arrays)
        return sketch

    def _fill(self, arrays: Mapping[str, Array]) -> None:
        for name, zeros in self._arrays.items():
            given = arrays.get(name)
            if given is None or given.shape != zeros.shape:
                raise errors.DamagedSketch(f"its {name} are missing, or of another shape")
            self._arrays[name] = given


def _owners(row_counts: Sequence[int], rows: int) -> Array | None:
    """The number of the request of each row; None where each has one row."""
    if len(row_counts) == rows and min(row_counts, default=1) == 1:
        return None
    return numpy.repeat(numpy.arange(len(row_counts)), row_counts)


def _squares(bins: Array, owners: Array, count: int) -> Array:
    """By bin, the sum over owners of the square of the number of theirs in it."""
    pairs, found = numpy.unique(owners[:, None] * count + bins, return_counts=True)
    squares: Any = numpy.bincount(pairs % count, weights=found * found, minlength=count)
    return numpy.asarray(squares, dtype=numpy.int64)
