"""Checked rows: one buffer for numbers, and the same frame as by the plain way."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship import models

COLUMNS = (
    models.Column("a", "number", "float64", nulls="allowed"),
    models.Column("b", "integer", "int8"),
    models.Column("t", "text", "str"),
    models.Column("c", "category", "category", categories=("u", "v")),
    models.Column("d", "number", "float32"),
    models.Column("day", "datetime", "datetime64[us]", nulls="allowed"),
)
SIGNATURE = models.Signature(COLUMNS, models.Output("y", "regression"), {})
BIG = models.Signature((models.Column("n", "integer", "int64"),), models.Output("y", "regression"), {})
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROW = st.tuples(
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-128, 127),
    TEXT,
    TEXT | st.sampled_from(["u", "v"]),
    st.floats(-1000, 1000, width=32),
    st.none() | st.datetimes(min_value=datetime.datetime(1700, 1, 1)).map(lambda moment: moment.isoformat()),
)


@given(st.lists(ROW, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_all_ways_lead_to_the_same_frame(rows: list[tuple[Any, ...]]) -> None:
    """Tuples, columns, and pieces that are joined give the frame that the signature decodes."""
    wanted = SIGNATURE.decode([list(row) for row in rows])
    quick = models.Rows.of_tuples(SIGNATURE, rows)
    assert quick is not None
    pieces = [models.Rows.of_tuples(SIGNATURE, [row]) for row in rows]
    for got in (
        quick,
        models.Rows.of_columns(SIGNATURE, list(zip(*rows, strict=True))),
        models.Rows.joined([piece for piece in pieces if piece is not None]),
        models.Rows.of_frame(SIGNATURE, wanted),
    ):
        pandas.testing.assert_frame_equal(got.frame, wanted)
        assert len(got) == len(rows) and got.numbers.shape == (len(rows), 3)


@pytest.mark.parametrize(
    "row",
    [
        (1.0, 1.5, "t", "u", 1.0, None),
        (1.0, 128, "t", "u", 1.0, None),
        (1.0, None, "t", "u", 1.0, None),
        (1.0, 1, "t", "u", 1e39, None),
        (math.inf, 1, "t", "u", 1.0, None),
    ],
)
def test_a_number_that_does_not_fit_is_not_taken(row: tuple[Any, ...]) -> None:
    """Fractions of integers, numbers beyond the type, and nulls that are refused: quickly seen, and then named."""
    assert models.Rows.of_tuples(SIGNATURE, [row]) is None
    with pytest.raises(models.errors.BadRows) as refused:
        models.Rows.of_columns(SIGNATURE, [[value] for value in row])
    assert refused.value.row == 0


def test_integers_beyond_floats_stay_what_they_are() -> None:
    """A large integer is held by the frame, and the rows say that they are not to be joined."""
    assert models.Rows.of_tuples(BIG, [(2**53 + 1,)]) is None
    rows = models.Rows.of_columns(BIG, [[2**53 + 1, 7]])
    assert not rows.is_exact and rows.frame.n.tolist() == [2**53 + 1, 7]
    small = models.Rows.of_columns(BIG, [[2**53 - 1]])
    assert small.is_exact and small.frame.n.tolist() == [2**53 - 1]
