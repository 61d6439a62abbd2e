"""Inferring a signature from raw rows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pandas
from pandas.api import types

from noteship.models import errors
from noteship.models.columns import Column, Kind, plain
from noteship.models.signature import Output, Signature

__all__ = ["describe"]

# More distinct texts than fit a list that a person reads are not categories.
CATEGORIES_LIMIT = 50
# Each category seen ten times on average: identifiers and free text are far from that.
ROWS_PER_CATEGORY = 10
# Longer texts are prose.
CATEGORY_LENGTH = 64
EXAMPLE_LENGTH = 200

# What pandas says of a column of objects, and the type that is; anything else has no form in JSON.
OBJECTS: dict[str, Kind] = {
    "string": "text",
    "boolean": "boolean",
    "integer": "integer",
    "floating": "number",
    "mixed-integer-float": "number",
    "empty": "text",
}


def describe(frame: pandas.DataFrame, inputs: Sequence[str], output: Output) -> Signature:
    """The signature of a model that takes `inputs` of the raw rows and gives `output`.

    Nulls are allowed where the raw rows hold any. The example is the first row without nulls, else the first row, with
    texts cut at 200 characters. Raises MissingColumns, UnfitColumn. Cost: one pass over each input column.
    """
    missing = tuple(name for name in inputs if name not in frame.columns)
    if missing:
        raise errors.MissingColumns("[service] data", missing, tuple(map(str, frame.columns)))
    columns = tuple(_column(name, frame[name]) for name in inputs)
    return Signature(inputs=columns, output=output, example=_example(frame[list(inputs)]))


def _column(name: str, series: pandas.Series[Any]) -> Column:
    kind = _kind(name, series)
    categories: tuple[Any, ...] = ()
    if kind == "category":
        categories = tuple(plain(value) for value in series.cat.categories)
    elif kind == "text":
        categories = _few(series)
        kind = "category" if categories else "text"
    low, high = _range(series, kind)
    return Column(
        name=name,
        type=kind,
        dtype=_dtype(series),
        nulls="allowed" if series.hasnans else "refused",
        categories=categories,
        minimum=low,
        maximum=high,
    )


def _kind(name: str, series: pandas.Series[Any]) -> Kind:
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        if not all(isinstance(plain(value), (str, int, float, bool)) for value in dtype.categories):
            raise errors.UnfitColumn(name, "categories that are neither text nor numbers")
        return "category"
    tests: tuple[tuple[Any, Kind], ...] = (
        (types.is_bool_dtype, "boolean"),
        (types.is_integer_dtype, "integer"),
        (types.is_float_dtype, "number"),
        (types.is_datetime64_any_dtype, "datetime"),
    )
    for is_kind, kind in tests:
        if is_kind(dtype):
            return kind
    found = types.infer_dtype(series, skipna=True)
    if found not in OBJECTS:
        raise errors.UnfitColumn(name, f"{found} values")
    return OBJECTS[found]


def _dtype(series: pandas.Series[Any]) -> str:
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return "category ordered" if dtype.ordered else "category"
    if types.is_object_dtype(dtype) and any(
        isinstance(value, float) for value in series[series.isna()].head(1).tolist()
    ):
        return "object nan"
    return str(dtype)


def _few(series: pandas.Series[Any]) -> tuple[str, ...]:
    """The distinct texts, sorted, where there are few enough of them to be categories."""
    present = series.dropna()
    distinct = present.unique()[: CATEGORIES_LIMIT + 1].tolist()
    few = 0 < len(distinct) <= min(CATEGORIES_LIMIT, len(present) // ROWS_PER_CATEGORY)
    return tuple(sorted(distinct)) if few and max(map(len, distinct)) <= CATEGORY_LENGTH else ()


def _range(series: pandas.Series[Any], kind: Kind) -> tuple[Any, Any]:
    present = series.dropna()
    if kind not in ("integer", "number", "datetime") or present.empty:
        return None, None
    low, high = (_sent(value) for value in (present.min(), present.max()))
    infinite = any(isinstance(value, float) and value in (float("inf"), float("-inf")) for value in (low, high))
    return (None, None) if infinite else (low, high)


def _sent(value: Any) -> Any:
    """A cell as a client would send it."""
    value = plain(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value[:EXAMPLE_LENGTH] if isinstance(value, str) else value


def _example(rows: pandas.DataFrame) -> dict[str, Any]:
    complete = rows.notna().all(axis=1).to_numpy()
    position = int(complete.argmax()) if len(rows) else None
    if position is None:
        return {}
    return {str(name): _sent(rows[name].iloc[position]) for name in rows.columns}
