"""What windows leave for the ones after them: which way they were off, and how alike rows of a request are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy

from noteship.monitor import arrays
from noteship.monitor.likeness import Likeness
from noteship.monitor.reference import Reference
from noteship.monitor.sketch import Sketch
from noteship.monitor.streams import Array

__all__ = ["Memory", "counted"]

# About so many rows are remembered, or two windows if these have more: fewer say little of where to look, more hold
# back what has just begun. Changes of a mean, a correlation and a prediction in windows of 100 and 500 rows were found
# a window sooner than with 2,000, and two than with 4,000.
ROWS = 1_000.0
LEAST_KEPT = 0.5


def counted(sketch: Sketch) -> Array:
    """Rows by bin of all features and then all detectors, (bins,)."""
    detectors = [sketch.counts(name).sum(axis=0) for name in sketch.shape.detectors]
    return numpy.concatenate([sketch.features.sum(axis=0).ravel(), *detectors])


@dataclass(frozen=True, eq=False)
class Memory:
    """Discounted sums over the windows that were judged.

    - counts: rows by bin, (bins,), as `counted` has them
    - products: what the sums of products were beyond the reference's; rows: of how many rows
    """

    counts: Array
    products: Array
    rows: float
    likeness: Likeness

    @classmethod
    def empty(cls, sketch: Sketch) -> Self:
        """Of no window."""
        nothing = numpy.zeros(sketch.shape.total, numpy.float32), numpy.zeros(len(sketch.products), numpy.float32)
        return cls(*nothing, 0.0, Likeness.unknown(sketch))

    def after(self, sketch: Sketch, reference: Reference) -> Self:
        """After one more window."""
        kept = max(LEAST_KEPT, 1 - sketch.rows / ROWS)
        off = sketch.products - sketch.rows * reference.moments.means[0]
        # In the precision that is written, so that it does not matter who goes on.
        return type(self)(
            (kept * self.counts + counted(sketch)).astype(numpy.float32),
            (kept * self.products + off).astype(numpy.float32),
            kept * self.rows + sketch.rows,
            self.likeness.after(sketch),
        )

    def features(self, sketch: Sketch) -> Array:
        """Rows by bin of each feature, (features, width)."""
        shape = sketch.shape
        return self.counts[: shape.features * shape.width].reshape(shape.features, shape.width).astype(float)

    def detector(self, sketch: Sketch, name: str) -> Array:
        """Rows by bin of a detector, (bins,)."""
        return self.counts[sketch.shape.detectors[name]].astype(float)

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "counts": arrays.to_json(self.counts, "<f4"),
            "products": arrays.to_json(self.products, "<f4"),
            "rows": self.rows,
            "likeness": self.likeness.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        counts, products = arrays.from_json(value["counts"]), arrays.from_json(value["products"])
        return cls(counts, products, float(value["rows"]), Likeness.from_json(value["likeness"]))
