"""Weights of counted words: tf-idf and the rows' norms, in the order in which scikit-learn computes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.program import Array, Aside, Beyond, Entries, Program, Stack, Wire, Work

__all__ = ["normalized", "normed", "tf_idf"]

# A dense row with a norm below is left as it is.
LEAST_NORM = 10 * float(numpy.finfo(numpy.float64).eps)


def tf_idf(value: Any, given: Stack, program: Program) -> Stack:
    """TfidfTransformer. Raises Beyond."""
    if not given.is_sparse or len(given.parts) != 1 or not given.parts[0].is_entries:
        raise Beyond("tf-idf of anything but counted words")
    weights = numpy.asarray(value.idf_, dtype=numpy.float64) if value.use_idf else None
    work = Work(nonzeros=int(weights is not None), keeps_zeros=weights is None or bool(weights.all()))
    operation = _Weights(weights, is_sublinear=value.sublinear_tf)
    wire = program.add(operation, given.parts, given.width, is_entries=True, work=work)
    if value.norm is not None:
        wire = normed(value.norm, wire, program)
    return Stack((wire,), is_sparse=True)


def normed(norm: str, given: Wire, program: Program) -> Wire:
    """Entries divided by their row's norm."""
    work = Work(nonzeros=1, keeps_zeros=True)
    return program.add(_RowNorm(norm), (given,), given.width, is_entries=True, work=work)


def normalized(value: Any, given: Stack, program: Program) -> Stack:
    """Normalizer. Raises Beyond."""
    if len(given.parts) != 1 or given.parts[0].is_entries != given.is_sparse:
        raise Beyond("norms of rows that are sparse in part")
    if given.is_sparse:
        return Stack((normed(value.norm, given.parts[0], program),), is_sparse=True)
    return Stack((program.add(_DenseNorm(value.norm), given.parts, given.width, work=Work(nonzeros=1)),))


@dataclass(frozen=True, eq=False)
class _Weights:
    """Logarithms of counts, and a factor for each column."""

    weights: Array | None
    is_sublinear: bool

    def __call__(self, given: Entries) -> Entries:
        values = given.values
        if self.is_sublinear:
            if len(values) and values.min() <= 0:
                raise Aside
            values = numpy.log(values) + 1.0
        if self.weights is not None:
            values = values * self.weights.take(given.columns)
        return given.with_values(values)


@dataclass(frozen=True)
class _RowNorm:
    """Entries divided by their row's norm; rows of zeros stay as they are."""

    norm: str

    def __call__(self, given: Entries) -> Entries:
        values = given.values
        if self.norm == "l2" and given.count == 1:
            # A third of the time for the one row that most requests have.
            length = math.sqrt(values @ values)
            return given.with_values(values / length) if length else given
        if self.norm == "l2":
            norms = numpy.sqrt(given.sums(values * values))
        elif self.norm == "l1":
            norms = given.sums(numpy.abs(values))
        else:
            norms = numpy.zeros(given.count)
            numpy.maximum.at(norms, given.places, numpy.abs(values))
        norms[norms == 0] = 1.0
        return given.with_values(values / norms.take(given.places))


@dataclass(frozen=True)
class _DenseNorm:
    norm: str

    def __call__(self, given: Array) -> Array:
        if not numpy.isfinite(given).all():
            raise Aside
        if self.norm == "l2":
            norms = numpy.sqrt(numpy.einsum("ij,ij->i", given, given))
        elif self.norm == "l1":
            norms = numpy.abs(given).sum(axis=1)
        else:
            norms = numpy.abs(given).max(axis=1)
        norms[norms < LEAST_NORM] = 1.0
        divided: Array = given / norms[:, None]
        return divided
