"""Signatures: inferred from raw rows, written down, and held against rows."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

from noteship import models
from noteship.models import errors, unseen
from noteship.models.describing import describe

ROWS = 40


@pytest.fixture(scope="module")
def frame() -> pandas.DataFrame:
    """A column of each type, with and without nulls."""
    half = ROWS // 2
    return pandas.DataFrame(
        {
            "flag": [True, False] * half,
            "count": range(ROWS),
            "small": numpy.arange(ROWS, dtype="int8"),
            "size": [1.5, None] * half,
            "single": numpy.arange(ROWS, dtype="float32"),
            "text": [f"text {number}" for number in range(ROWS)],
            "city": ["a", "b"] * half,
            "kind": pandas.Categorical(["u", "v"] * half),
            "grade": pandas.Categorical([1, 2] * half, ordered=True),
            "day": pandas.date_range("2020", periods=ROWS),
            "moment": pandas.date_range("2020", periods=ROWS, tz="Europe/Paris"),
            "maybe": pandas.array([1, None] * half, dtype="Int64"),
            "yesno": pandas.array([True, None] * half, dtype="boolean"),
            "loose": pandas.Series(["some", None] * half, dtype=object),
            "odd": pandas.Series([True, numpy.nan] * half, dtype=object),
        }
    )


@pytest.fixture(scope="module")
def signature(frame: pandas.DataFrame) -> models.Signature:
    """The signature of that frame."""
    return describe(frame, list(frame.columns), models.Output("y", "classification", ("a", "b")))


@pytest.fixture(scope="module")
def rows(frame: pandas.DataFrame) -> Any:
    """Its rows as a client sends them."""
    sent = frame.assign(day=frame.day.astype(str), moment=frame.moment.map(lambda moment: moment.isoformat()))
    return json.loads(sent.to_json(orient="records"))


def test_types_nulls_and_categories_are_inferred(signature: models.Signature) -> None:
    """Each column has one of six types, and allows nulls where the raw rows held some."""
    types = {column.name: column.type for column in signature.inputs}
    assert types["flag"] == "boolean" and types["small"] == "integer" and types["single"] == "number"
    assert types["text"] == "text" and types["city"] == "category" and types["moment"] == "datetime"
    assert [column.name for column in signature.inputs if column.nulls == "allowed"] == [
        "size", "maybe", "yesno", "loose", "odd",
    ]  # fmt: skip
    columns = {column.name: column for column in signature.inputs}
    assert columns["kind"].categories == ("u", "v") and columns["count"].maximum == ROWS - 1
    assert signature.example["text"] == "text 0" and signature.example["size"] == 1.5


def test_the_written_form_comes_back(signature: models.Signature) -> None:
    """A signature is equal after a way through JSON."""
    assert models.Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


def test_rows_become_the_frame_that_steps_were_fitted_with(
    signature: models.Signature, frame: pandas.DataFrame, rows: Any
) -> None:
    """Types and nulls are exactly those of the raw rows, also after a way through JSON."""
    pandas.testing.assert_frame_equal(signature.decode(rows), frame, check_freq=False)
    pandas.testing.assert_frame_equal(signature.conform(frame), frame, check_freq=False)


@pytest.mark.parametrize(
    ("change", "expected", "got"),
    [
        ({"flag": 1}, "a boolean", "an integer"),
        ({"count": "7"}, "an integer", "text"),
        ({"count": 1.5}, "an integer", "a fraction"),
        ({"count": True}, "an integer", "a boolean"),
        ({"count": 10**40}, "from -9223372036854775808", "beyond"),
        ({"small": 300}, "from -128 to 127", "beyond"),
        ({"size": float("nan")}, "a finite number", "not"),
        ({"size": 10**400}, "a finite number", "too large"),
        ({"single": 1e300}, "a finite number", "too large"),
        ({"text": None}, "text", "null or nothing"),
        ({"text": ["a"]}, "text", "a list"),
        ({"text": "\ud800"}, "Unicode", "surrogate"),
        ({"loose": "\ud800"}, "Unicode", "surrogate"),
        ({"city": 3}, "text", "an integer"),
        ({"kind": {"a": 1}}, "category", "an object"),
        ({"grade": "one"}, "a number", "text"),
        ({"day": "yesterday"}, "ISO 8601", "text that is not one"),
        ({"day": "2020-01-01T00:00:00+01:00"}, "without an offset", "one with"),
        ({"moment": "2020-01-01"}, "with an offset", "one without"),
        ({"maybe": 2**63}, "an integer from", "beyond"),
        ({"txet": "secret"}, "such as text", "an unknown one"),
    ],
)
def test_bad_values_are_told_by_row_field_and_type(
    signature: models.Signature, rows: Any, change: dict[str, Any], expected: str, got: str
) -> None:
    """The error says which row and field, what was expected, and the type that came, never the value."""
    with pytest.raises(errors.BadRows) as raised:
        signature.decode([rows[0], {**rows[0], **change}])
    assert raised.value.row == 1 and raised.value.field == next(iter(change))
    assert expected in raised.value.expected and got in raised.value.got
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [({"a": 1}, "a list of rows"), ([], "at least one row"), ([3], "an object or a list"), ([[1, 2]], "15 values")],
)
def test_bad_shapes_are_told(signature: models.Signature, sent: Any, expected: str) -> None:
    """What is not a list of rows is refused before any value is looked at."""
    with pytest.raises(errors.BadRows, match=expected):
        signature.decode(sent)


def test_rows_are_all_objects_or_all_lists(signature: models.Signature, rows: Any) -> None:
    """The two forms are not mixed in one batch."""
    with pytest.raises(errors.BadRows, match="like the rows before"):
        signature.decode([rows[0], list(rows[0].values())])


def test_a_row_without_several_fields_is_told_what_a_row_looks_like(signature: models.Signature, rows: Any) -> None:
    """An empty object, or one without several fields, is answered with the fields and their types, in one message."""
    with pytest.raises(errors.BadRows) as raised:
        signature.decode([{}])
    assert (raised.value.row, raised.value.field, raised.value.got) == (0, None, "an empty one")
    assert raised.value.expected.startswith("an object with flag (a boolean), count (an integer), small (an integer)")
    assert "size" not in raised.value.expected  # it may be null
    left = {name: value for name, value in rows[0].items() if name not in ("text", "day")}
    with pytest.raises(errors.BadRows, match="got one without text, day"):
        signature.decode([left])


def test_a_missing_field_is_null(signature: models.Signature, rows: Any) -> None:
    """A field left out is null where nulls are allowed."""
    left = {name: value for name, value in rows[0].items() if name != "size"}
    assert signature.decode([left])["size"].isna().all()


def test_unseen_categories_are_accepted_and_counted(signature: models.Signature, rows: Any) -> None:
    """A category that the raw rows did not hold passes, and is counted."""
    frame = signature.decode([{**rows[0], "kind": "w", "city": "z"}, rows[1]])
    assert frame["kind"].tolist() == ["w", "v"]
    assert models.Rows.of_frame(signature, frame).unseen() == {"kind": 1, "city": 1}


def test_unseen_categories_are_refused_where_the_policy_says_so() -> None:
    """A column may refuse what it does not know."""
    column = models.Column("kind", "category", "str", categories=("u",), unseen="refused")
    with pytest.raises(errors.BadRows, match="one of the known categories"):
        column.decode(["u", "w"])


def test_a_model_is_asked_whether_it_takes_unseen_categories() -> None:
    """The signature refuses them for the columns of an encoder that does, and for no others."""
    frame = pandas.DataFrame({"kind": ["u", "v"] * 20, "site": ["n", "s"] * 20, "size": range(40)})
    parts = [("kind", OneHotEncoder(), ["kind"]), ("site", OneHotEncoder(handle_unknown="ignore"), ["site"])]
    columns = ColumnTransformer(parts, remainder="passthrough").fit(frame)
    asked = unseen.judged(describe(frame, list(frame), models.Output("y", "regression")), columns.transform)
    assert {column.name: column.unseen for column in asked.inputs} == {
        "kind": "refused",
        "site": "accepted",
        "size": "accepted",
    }
    with pytest.raises(errors.BadRows, match="expected one of the known categories, got another"):
        asked.decode([{"kind": "w", "site": "n", "size": 1}])


def test_tables_of_other_types_are_made_to_fit(signature: models.Signature, frame: pandas.DataFrame) -> None:
    """A file that stores whole numbers as floats is encoded; one that lacks a column is refused."""
    floats = frame.assign(count=frame["count"].astype(float))
    assert signature.conform(floats)["count"].dtype == "int64"
    with pytest.raises(errors.MissingColumns, match="text"):
        signature.conform(frame.drop(columns="text"))


@pytest.mark.parametrize("values", [[[1], [2]], [b"a", b"b"], [1, "a"]])
def test_what_json_cannot_send_is_no_input(values: list[Any]) -> None:
    """Lists, bytes and mixtures are refused when the signature is made."""
    frame = pandas.DataFrame({"x": pandas.Series(values, dtype=object)})
    with pytest.raises(errors.UnfitColumn, match="column 'x'"):
        describe(frame, ["x"], models.Output("y", "regression"))


def test_the_example_is_the_first_row_without_nulls_and_short() -> None:
    """Long texts are cut at 200 characters."""
    frame = pandas.DataFrame({"t": [None, "x" * 500, "y"]})
    assert describe(frame, ["t"], models.Output("y", "regression")).example == {"t": "x" * 200}


def test_an_unknown_field_is_answered_with_all_known_ones(signature: models.Signature) -> None:
    """The message lists the model's fields, not only the nearest."""
    with pytest.raises(errors.BadRows) as raised:
        signature.decode([{"txet": "secret"}])
    assert all(column.name in raised.value.expected for column in signature.inputs)
