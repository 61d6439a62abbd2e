"""Predictions of numbers against the truth: where they lie, and how far off they are."""

from __future__ import annotations

import numpy

from noteship.validation.judgement import ErrorsBySize, Regression
from noteship.validation.metrics import Array, Regressed
from noteship.validation.resampling import Resampling

__all__ = ["residuals"]

BINS = 40
SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# What lies beyond these shares goes into the outermost bins: one row far away would empty all the others.
MOST = (0.005, 0.995)
PARTS = 5


def residuals(judged: Regressed, resampling: Resampling) -> Regression:
    """Bins of both axes alike, of residuals, and errors by fifths of the predictions."""
    edges = _edges(numpy.concatenate([judged.true, judged.predicted]))
    counts = numpy.zeros((BINS, BINS), dtype=numpy.intp)
    numpy.add.at(counts, (_places(judged.true, edges), _places(judged.predicted, edges)), 1)
    off = _edges(judged.errors)
    return Regression(
        edges=tuple(edges.tolist()),
        counts=tuple(tuple(row) for row in counts.tolist()),
        residuals={f"{share:g}": float(numpy.quantile(judged.errors, share)) for share in SHARES},
        histogram_edges=tuple(off.tolist()),
        histogram=tuple(numpy.bincount(_places(judged.errors, off), minlength=BINS).tolist()),
        by_size=_by_size(judged, resampling),
    )


def _edges(values: Array) -> Array:
    low, high = numpy.quantile(values, MOST)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return numpy.linspace(low, high, BINS + 1)


def _places(values: Array, edges: Array) -> Array:
    places: Array = numpy.clip(numpy.searchsorted(edges, values, side="right") - 1, 0, BINS - 1)
    return places


def _by_size(judged: Regressed, resampling: Resampling) -> tuple[ErrorsBySize, ...]:
    cuts = numpy.unique(numpy.quantile(judged.predicted, numpy.linspace(0, 1, PARTS + 1)))
    of_row = numpy.clip(numpy.searchsorted(cuts, judged.predicted, side="right") - 1, 0, max(0, len(cuts) - 2))
    made = []
    for number in range(max(1, len(cuts) - 1)):
        places = numpy.flatnonzero(of_row == number)
        if not len(places):
            continue
        part = judged.part(places)
        found = resampling.part(places).estimates(part)
        low, high = float(part.predicted.min()), float(part.predicted.max())
        made.append(ErrorsBySize(low, high, len(places), found["mae"], found["bias"]))
    return tuple(made)
