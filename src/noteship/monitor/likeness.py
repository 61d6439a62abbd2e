"""How alike the rows of one request are: how much less they say than rows of as many requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy

from noteship.monitor import arrays
from noteship.monitor.sketch import Sketch
from noteship.monitor.streams import Array

__all__ = ["Effects", "Likeness"]

# With fewer requests than these, what rows of a request have in common is a guess.
ENOUGH_REQUESTS = 200.0
# Of what was seen before, this much is kept at each window: some hundred windows count.
KEPT = 0.99


@dataclass(frozen=True, eq=False)
class Effects:
    """Design effects: how many rows of a window say as much as one that is independent of all others.

    - detectors: by name; features: (features,)
    - largest: of the detectors; of_products: of the detectors and the features. Both leave out what is not known
    """

    detectors: Mapping[str, float]
    features: Array
    largest: float
    of_products: float


@dataclass(frozen=True, eq=False)
class Likeness:
    """The correlation of rows of one request, for each detector and then each feature, from windows so far.

    Kish's (1965) design effect is 1 + (m - 1) rho, m being the mean number of rows of the request that a row is in. So
    rho is what is remembered: the sizes of the requests of the window that is judged are known. Of larger requests than
    were seen so far nothing is known, and what is beyond counts as the same row again and again.

    - requests: of several rows, discounted
    - size: the largest m of a window so far
    - excess, pairs: variance between requests beyond that of independent rows, and what it would be for equal rows
    """

    requests: float
    size: float
    excess: Array
    pairs: Array

    @classmethod
    def unknown(cls, sketch: Sketch) -> Self:
        """Nothing is known yet."""
        count = len(sketch.shape.detectors) + sketch.shape.features
        return cls(0.0, 1.0, numpy.zeros(count), numpy.zeros(count))

    def after(self, sketch: Sketch) -> Self:
        """After one more window. Counts are compared with the window's own shares, so that change is no likeness."""
        rows, squared = sketch.rows, sketch.rows_squared
        if squared <= rows or rows * rows < 2 * squared:
            return self
        # So many requests of equal size would have these sums.
        requests = rows * rows / squared
        seen = [
            _variances(sketch.counts(name).sum(axis=0), sketch.squares(name).sum()) for name in sketch.shape.detectors
        ]
        counted, own, squares = numpy.array(seen, float).T
        features = sketch.features.sum(axis=0)
        counted, own = _joined(counted, features.sum(axis=1)), _joined(own, (features.astype(float) ** 2).sum(axis=1))
        squares = _joined(squares, sketch.feature_squares)
        present = numpy.maximum(counted, 1)
        shares = own / present**2
        # Of work, only a part of the requests may have been counted.
        between = (squares - squared * counted / rows * shares) / (1 - 1 / requests)
        independent = counted * (1 - shares)
        return type(self)(
            KEPT * self.requests + requests,
            max(self.size, squared / rows),
            KEPT * self.excess + between - independent,
            KEPT * self.pairs + independent * (squared / rows - 1),
        )

    def effects(self, sketch: Sketch, *, is_known: bool) -> Effects:
        """Of a window.

        As long as too little is known, all rows of a request count as the same. So it stays for a detector whose rows
        have all been in one bin, as where every row takes the same work: that says nothing of the window as a whole.
        """
        rho = numpy.ones(len(self.excess))
        is_told = numpy.ones(len(self.excess), dtype=bool)
        if is_known and self.requests >= ENOUGH_REQUESTS:
            is_told = self.pairs > 0
            numpy.divide(self.excess, self.pairs, out=rho, where=is_told)
        size = max(1.0, sketch.rows_squared / max(sketch.rows, 1))
        known = min(size, self.size)
        effects = 1 + (known - 1) * numpy.clip(rho, 0, 1) + (size - known)
        detectors = list(sketch.shape.detectors)
        count = len(detectors)
        return Effects(
            dict(zip(detectors, effects.tolist(), strict=False)),
            effects[count:],
            float(effects[:count].max(where=is_told[:count], initial=1.0)),
            float(effects.max(where=is_told, initial=1.0)),
        )

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "requests": self.requests,
            "size": self.size,
            "excess": arrays.to_json(self.excess, "<f8"),
            "pairs": arrays.to_json(self.pairs, "<f8"),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        requests, size = float(value["requests"]), float(value["size"])
        return cls(requests, size, arrays.from_json(value["excess"]), arrays.from_json(value["pairs"]))


def _variances(counts: Array, squares: int) -> tuple[float, float, float]:
    return float(counts.sum()), float((counts.astype(float) ** 2).sum()), float(squares)


def _joined(detectors: Array, features: Array) -> Array:
    return numpy.concatenate([detectors, features])
