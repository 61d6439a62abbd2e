"""Products of rows with a matrix, on one thread."""

from __future__ import annotations

import numpy

from noteship.monitor.streams import Array

__all__ = ["gram", "times"]

# OpenBLAS wakes its threads for products of more multiplications than these (its threshold is 4 x 65,536). For a few
# hundred rows they wait for each other longer than they work, and take processors from those who answer.
ONE_THREAD = 262_144


def times(rows: Array, matrix: Array) -> Array:
    """rows @ matrix, (n, k) by (k, m)."""
    pieces, rest = _pieces(rows, matrix.size)
    count, size, _ = pieces.shape
    found = numpy.empty((len(rows), matrix.shape[1]), numpy.result_type(rows, matrix))
    numpy.matmul(pieces, matrix, out=found[: count * size].reshape(count, size, matrix.shape[1]))
    numpy.matmul(rest, matrix, out=found[count * size :])
    return found


def gram(rows: Array) -> Array:
    """rows.T @ rows, (k, k)."""
    pieces, rest = _pieces(rows, rows.shape[1] ** 2)
    return numpy.asarray(numpy.matmul(pieces.transpose(0, 2, 1), pieces).sum(axis=0) + rest.T @ rest)


def _pieces(rows: Array, each: int) -> tuple[Array, Array]:
    """Pieces of the same size, (pieces, rows, k), and what is left; `each`: multiplications of a row."""
    size = max(1, ONE_THREAD // max(1, each))
    count = len(rows) // size
    return rows[: count * size].reshape(count, size, rows.shape[1]), rows[count * size :]
