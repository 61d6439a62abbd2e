"""The columns of what will be collected, told by the model before there are any rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pytest

from collecting.collected import COLUMNS, FIRST, ROW, SIGNATURE, collector, pieces, shelf_of
from noteship import collecting, models
from noteship.models.columns import Column

OTHERS = (
    Column("flag", "boolean", "object", "allowed"),
    Column("count", "integer", "Int64", "allowed"),
    Column("small", "integer", "int8"),
    Column("half", "number", "float32"),
    Column("size", "category", "category ordered", "refused", (1, 2, 3)),
    Column("place", "category", "object", "allowed", ("north", "south")),
    Column("mixed", "category", "category", "allowed", ("a", 1)),
    Column("sent", "datetime", "datetime64[us, UTC]"),
    Column("version", "text", "object nan", "allowed"),
)
OTHER_ROW = (True, 3, 4, 0.5, 2, "north", "a", "2026-11-23T10:00:00+01:00", "own")


def of(columns: Sequence[Column], *classes: Any) -> models.Signature:
    kind = "classification" if classes else "regression"
    return models.Signature(tuple(columns), models.Output("y", kind, classes), {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signature", "row", "predicted"),
    [
        (SIGNATURE, ROW, "spam"),
        (of(OTHERS, 0, 1), OTHER_ROW, 1),
        (of(OTHERS, False, True), OTHER_ROW, True),
        (of(COLUMNS), ROW, 0.5),
    ],
)
@pytest.mark.parametrize("leave_out", [(), ("sent",)])
def test_rows_have_the_columns_that_were_expected(
    signature: models.Signature, row: Sequence[Any], predicted: Any, leave_out: tuple[str, ...], tmp_path: Path
) -> None:
    """With their names, types and order, whatever the inputs are: also of labels, and without what is left out."""
    one = collector(leave_out=leave_out)
    encoded = models.Rows.of_columns(signature, [[each] for each in row])
    moments, sure = numpy.array([float(FIRST)]), numpy.array([0.75])
    one.add("mail", "ab" * 32, collecting.Taken(encoded, ("r1",), (0,), moments, (predicted,), sure, 100))
    one.label("mail", "ab" * 32, FIRST, collecting.KeptLabel("r1", 0, predicted, FIRST + 10.0))
    one.close(5)
    shelf = shelf_of(one)
    found = collecting.join(shelf, pieces(shelf), collecting.Period(), tmp_path, lambda _: None)
    expected = collecting.expected(signature, leave_out)
    assert expected.equals(found.schema), (expected, found.schema)
    assert not {*leave_out} & {*expected.names}


def test_without_a_model_there_are_the_own_columns() -> None:
    """Of which nobody knows yet what is predicted."""
    found = collecting.expected(None)
    own = ["request", "row", "time", "version", "prediction", "probability", "label", "label_time"]
    assert found.names == own
    assert {name for name in own if found.field(name).type == pyarrow.null()} == {"prediction", "label"}


def test_a_version_of_none_is_of_its_columns() -> None:
    """Another one when they are others, and told from those of rows."""
    versions = [
        collecting.version_of_none(collecting.expected(each, leave_out))
        for each, leave_out in ((None, ()), (SIGNATURE, ()), (SIGNATURE, ("sent",)), (of(COLUMNS), ()))
    ]
    assert len(set(versions)) == 4
    assert all(map(collecting.is_of_none, versions))
    assert versions[1] == collecting.version_of_none(collecting.expected(SIGNATURE))
    assert not collecting.is_of_none(collecting.version_of([], collecting.Period()))
