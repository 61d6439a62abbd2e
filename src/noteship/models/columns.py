"""One input column: what its values are in JSON, and as what the steps were fitted with them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy
import pandas

from noteship.models import errors

__all__ = ["Column", "plain", "type_word"]

Kind = Literal["boolean", "integer", "number", "text", "category", "datetime"]

WORDS: dict[Kind, str] = {
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a finite number",
    "text": "text",
    "category": "a category",
    "datetime": "a date and time in ISO 8601",
}
ACCEPTED: dict[Kind, frozenset[type]] = {
    "boolean": frozenset({bool}),
    "integer": frozenset({int, float}),
    "number": frozenset({int, float}),
    "text": frozenset({str}),
    "category": frozenset({str, int, float, bool}),
    "datetime": frozenset({str, datetime.datetime, pandas.Timestamp}),
}
# datetime64[ns] reaches from September 1677 to April 2262.
FIRST_YEAR_NS, LAST_YEAR_NS = 1678, 2261
# Fields of the written form that are left out where they say nothing.
OPTIONAL = {"categories": (), "unseen": "accepted", "minimum": None, "maximum": None}


def type_word(value: Any) -> str:
    """What a JSON value is, in words, without the value.

    >>> type_word(True), type_word([1])
    ('a boolean', 'a list')
    """
    words = {
        type(None): "null",
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "text",
        list: "a list",
        tuple: "a list",
        dict: "an object",
    }
    return words.get(type(value), f"a {type(value).__name__}")


@dataclass(frozen=True)
class Column:
    """An input column.

    `dtype` is the pandas type the steps were fitted with; "object nan" is object with NaN rather than None for null.
    `categories` are those that the raw data held; `minimum` and `maximum` what it held, as JSON values, not limits.
    """

    name: str
    type: Kind
    dtype: str
    nulls: Literal["allowed", "refused"] = "refused"
    categories: tuple[Any, ...] = ()
    unseen: Literal["accepted", "refused"] = "accepted"
    minimum: Any = None
    maximum: Any = None

    def decode(self, values: Sequence[Any]) -> pandas.Series[Any]:
        """The pandas column of JSON values, in `dtype`. Raises BadRows."""
        kinds = set(map(type, values))
        if type(None) in kinds and self.nulls == "refused":
            raise self._bad(list(values).index(None), "null or nothing")
        if not kinds <= ACCEPTED[self.type] | {type(None)}:
            self._refuse(values, lambda value: type(value) not in ACCEPTED[self.type])
        return pandas.Series(BUILDERS[self.type](self, values))

    def conform(self, series: pandas.Series[Any]) -> pandas.Series[Any]:
        """A table's column in `dtype`, with its index. Raises BadRows."""
        same = str(series.dtype) == self.dtype and self.dtype != "object"
        if same and (self.nulls == "allowed" or not series.hasnans) and self.unseen == "accepted":
            return series
        values = [plain(value) for value in series.tolist()]
        return self.decode(values).set_axis(series.index)

    def count_unseen(self, series: pandas.Series[Any]) -> int:
        """How many values of an encoded column are categories that the raw data did not hold."""
        known = set(self.categories)
        return sum(plain(value) not in known for value in series.dropna().tolist())

    def to_json(self) -> dict[str, Any]:
        """The written form; what says nothing is left out."""
        value: dict[str, Any] = {"name": self.name, "type": self.type, "dtype": self.dtype, "nulls": self.nulls}
        for field, empty in OPTIONAL.items():
            given = getattr(self, field)
            if given != empty:
                value[field] = list(given) if isinstance(given, tuple) else given
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        fields = dict(value)
        fields["categories"] = tuple(fields.get("categories", ()))
        return cls(**fields)

    def _bad(self, row: int, got: str, expected: str = "") -> errors.BadRows:
        return errors.BadRows(row, self.name, expected or WORDS[self.type], got)

    def _refuse(self, values: Sequence[Any], is_bad: Callable[[Any], bool], expected: str = "", got: str = "") -> None:
        """Raise for the first value that is not null and bad; return when there is none."""
        for row, value in enumerate(values):
            if value is not None and is_bad(value):
                raise self._bad(row, got or type_word(value), expected)

    @property
    def _null(self) -> Any:
        return math.nan if self.dtype == "object nan" else None

    @property
    def _pandas_dtype(self) -> Any:
        return self.dtype.removesuffix(" nan").removesuffix(" ordered")


def plain(value: Any) -> Any:
    """A cell of a table as a JSON value; null for NaN, NaT and NA; dates with times stay what they are."""
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, numpy.generic) else value


def _booleans(column: Column, values: Sequence[Any]) -> Any:
    return pandas.Series([column._null if value is None else value for value in values], dtype=column._pandas_dtype)


def _integers(column: Column, values: Sequence[Any]) -> Any:
    column._refuse(values, lambda value: type(value) is float and not value.is_integer(), got="a fraction")
    whole = [None if value is None else int(value) for value in values]
    probe = pandas.Series([], dtype=column._pandas_dtype).dtype
    base = getattr(probe, "numpy_dtype", probe)
    if base.kind in "iu":
        limits = numpy.iinfo(base)
        low, high = int(limits.min), int(limits.max)
        column._refuse(whole, lambda v: not low <= v <= high, f"an integer from {low} to {high}", "one beyond")
    return pandas.Series([column._null if value is None else value for value in whole], dtype=column._pandas_dtype)


def _numbers(column: Column, values: Sequence[Any]) -> Any:
    probe = pandas.Series([], dtype=column._pandas_dtype).dtype
    base = getattr(probe, "numpy_dtype", probe)
    largest = float(numpy.finfo(base).max) if base.kind == "f" else float(numpy.finfo(numpy.float64).max)
    column._refuse(values, lambda value: not -largest <= value <= largest, got="one that is not, or too large")
    if column._pandas_dtype == "object":
        return pandas.Series([column._null if value is None else value for value in values], dtype=object)
    floats = numpy.array([math.nan if value is None else float(value) for value in values])
    return pandas.Series(floats).astype(column._pandas_dtype)


def _texts(column: Column, values: Sequence[Any]) -> Any:
    column._refuse(values, lambda value: not _encodable(value), "text in Unicode", "text with half a surrogate pair")
    return pandas.Series([column._null if value is None else value for value in values], dtype=column._pandas_dtype)


def _encodable(text: Any) -> bool:
    if not isinstance(text, str) or text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _categories(column: Column, values: Sequence[Any]) -> Any:
    kinds = {_family(known) for known in column.categories} or {str}
    expected = " or ".join(sorted(type_word(kind()) for kind in kinds))
    column._refuse(values, lambda value: _family(value) not in kinds, expected)
    if column.unseen == "refused":
        known = set(column.categories)
        column._refuse(values, lambda value: value not in known, "one of the known categories", "another")
    if column._pandas_dtype != "category":
        return _texts(column, values)
    column._refuse(values, lambda value: not _encodable(value), "text in Unicode", "text with half a surrogate pair")
    seen = set(column.categories)
    new = [value for value in dict.fromkeys(values) if value is not None and value not in seen]
    ordered = column.dtype.endswith(" ordered")
    return pandas.Categorical(values, categories=[*column.categories, *new], ordered=ordered)


def _family(value: Any) -> type:
    return float if type(value) is int else type(value)


def _datetimes(column: Column, values: Sequence[Any]) -> Any:
    aware = isinstance(pandas.Series([], dtype=column.dtype).dtype, pandas.DatetimeTZDtype)
    moments = []
    for row, value in enumerate(values):
        moment = _moment(column, row, value)
        if moment is not None and (moment.tzinfo is not None) != aware:
            wanted = "with an offset from UTC" if aware else "without an offset from UTC"
            raise column._bad(row, "one without" if aware else "one with", f"{WORDS['datetime']}, {wanted}")
        if moment is not None and "[ns" in column.dtype and not FIRST_YEAR_NS <= moment.year <= LAST_YEAR_NS:
            raise column._bad(row, "one beyond", f"a year from {FIRST_YEAR_NS} to {LAST_YEAR_NS}")
        moments.append(moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment is not None and aware else moment)
    series = pandas.Series(numpy.array(moments, dtype="datetime64[us]"))
    return (series.dt.tz_localize("UTC") if aware else series).astype(column._pandas_dtype)


def _moment(column: Column, row: int, value: Any) -> datetime.datetime | None:
    if value is None or isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        raise column._bad(row, "text that is not one") from None


BUILDERS: dict[Kind, Callable[[Column, Sequence[Any]], Any]] = {
    "boolean": _booleans,
    "integer": _integers,
    "number": _numbers,
    "text": _texts,
    "category": _categories,
    "datetime": _datetimes,
}
