"""Products of rows with a matrix, in pieces."""

from __future__ import annotations

import numpy
import pytest

from noteship.monitor import multiplying

SIZE = multiplying.ONE_THREAD // (30 * 128)


@pytest.mark.parametrize("rows", [0, 1, SIZE - 1, SIZE, SIZE + 1, 5 * SIZE, 5 * SIZE + 7])
def test_products_in_pieces_are_products(rows: int) -> None:
    """Whatever the number of rows: with a matrix, with none of its columns, and with themselves."""
    random = numpy.random.default_rng(rows)
    given = random.normal(size=(rows, 30)).astype(numpy.float32)
    matrix = random.normal(size=(30, 128)).astype(numpy.float32)
    assert multiplying.times(given, matrix) == pytest.approx(given @ matrix, abs=1e-4)
    assert multiplying.times(given, matrix).dtype == numpy.float32
    assert multiplying.times(given[:, :0], matrix[:0]) == pytest.approx(numpy.zeros((rows, 128)))
    assert multiplying.gram(given) == pytest.approx(given.T @ given, abs=2e-2)
