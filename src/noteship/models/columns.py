"""One input column: what its values are in JSON, and as what the steps were fitted with them."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy
import pandas

from noteship.models import errors

__all__ = ["WORDS", "Column", "plain", "type_word"]

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
PLAIN = frozenset({"float64", "float32", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))})
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

    @functools.cached_property
    def is_plain_number(self) -> bool:
        """Whether its values are plain machine numbers, to be kept beside those of other columns in one buffer."""
        return self.type in ("number", "integer") and self.dtype in PLAIN

    @functools.cached_property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest number that `dtype` holds, both included."""
        base: Any = getattr(self._empty, "numpy_dtype", self._empty)
        if base.kind in "iu":
            return int(numpy.iinfo(base).min), int(numpy.iinfo(base).max)
        largest = float(numpy.finfo(base if base.kind == "f" else numpy.float64).max)
        return -largest, largest

    def decode(self, values: Sequence[Any]) -> pandas.Series[Any]:
        """The pandas column of JSON values, in `dtype`. Raises BadRows."""
        return self.build(self.check(values))

    def check(self, values: Sequence[Any]) -> Sequence[Any]:
        """JSON values that fit the column, ready to be built. Raises BadRows for the first that does not fit."""
        kinds = set(map(type, values))
        if type(None) in kinds and self.nulls == "refused":
            raise self._bad(list(values).index(None), "null or nothing")
        if not kinds <= ACCEPTED[self.type] | {type(None)}:
            self._refuse(values, lambda value: type(value) not in ACCEPTED[self.type])
        check = CHECKS.get(self.type)
        return values if check is None else check(self, values)

    def build(self, checked: Sequence[Any]) -> pandas.Series[Any]:
        """The pandas column of values that `check` gave."""
        return pandas.Series(BUILDERS.get(self.type, _objects)(self, checked))

    def conform(self, series: pandas.Series[Any]) -> pandas.Series[Any]:
        """A table's column in `dtype`, with its index. Raises BadRows."""
        same = str(series.dtype) == self.dtype and self.dtype != "object"
        if same and (self.nulls == "allowed" or not series.hasnans) and self.unseen == "accepted":
            return series
        values = [plain(value) for value in series.tolist()]
        return self.decode(values).set_axis(series.index)

    def count_unseen(self, values: Sequence[Any]) -> int:
        """How many of checked values are categories that the raw data did not hold."""
        known = {None, *self.categories}
        return sum(value not in known for value in values)

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

    @functools.cached_property
    def _known(self) -> frozenset[Any]:
        """Values that need no further look: the categories of the raw data that are texts."""
        return frozenset(value for value in self.categories if isinstance(value, str) and _encodable(value))

    @functools.cached_property
    def _pandas_dtype(self) -> Any:
        return self.dtype.removesuffix(" nan").removesuffix(" ordered")

    @functools.cached_property
    def _empty(self) -> Any:
        return pandas.Series([], dtype=self._pandas_dtype).dtype


def plain(value: Any) -> Any:
    """A cell of a table as a JSON value; null for NaN, NaT and NA; dates with times stay what they are."""
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, numpy.generic) else value


def _objects(column: Column, values: Sequence[Any]) -> Any:
    return pandas.Series([column._null if value is None else value for value in values], dtype=column._pandas_dtype)


def _check_integers(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    column._refuse(values, lambda value: type(value) is float and not value.is_integer(), got="a fraction")
    whole = [None if value is None else int(value) for value in values]
    if getattr(column._empty, "numpy_dtype", column._empty).kind in "iu":
        low, high = column.limits
        column._refuse(whole, lambda v: not low <= v <= high, f"an integer from {low} to {high}", "one beyond")
    return whole


def _check_numbers(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    low, high = column.limits
    column._refuse(values, lambda value: not low <= value <= high, got="one that is not, or too large")
    return values


def _numbers(column: Column, values: Sequence[Any]) -> Any:
    if column._pandas_dtype == "object":
        return _objects(column, values)
    floats = numpy.array([math.nan if value is None else float(value) for value in values])
    return pandas.Series(floats).astype(column._pandas_dtype)


def _check_texts(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    column._refuse(values, lambda value: not _encodable(value), "text in Unicode", "text with half a surrogate pair")
    return values


def _encodable(text: Any) -> bool:
    if not isinstance(text, str) or text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_categories(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    if column._known.issuperset(values):
        return values
    kinds = {_family(known) for known in column.categories} or {str}
    expected = " or ".join(sorted(type_word(kind()) for kind in kinds))
    column._refuse(values, lambda value: _family(value) not in kinds, expected)
    if column.unseen == "refused":
        known = set(column.categories)
        column._refuse(values, lambda value: value not in known, "one of the known categories", "another")
    return _check_texts(column, values)


def _categories(column: Column, values: Sequence[Any]) -> Any:
    if column._pandas_dtype != "category":
        return _objects(column, values)
    seen = set(column.categories)
    new = [value for value in dict.fromkeys(values) if value is not None and value not in seen]
    ordered = column.dtype.endswith(" ordered")
    return pandas.Categorical(values, categories=[*column.categories, *new], ordered=ordered)


def _family(value: Any) -> type:
    return float if type(value) is int else type(value)


def _check_datetimes(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    aware = _is_aware(column)
    moments = []
    for row, value in enumerate(values):
        moment = _moment(column, row, value)
        if moment is not None and (moment.tzinfo is not None) != aware:
            wanted = "with an offset from UTC" if aware else "without an offset from UTC"
            raise column._bad(row, "one without" if aware else "one with", f"{WORDS['datetime']}, {wanted}")
        if moment is not None and "[ns" in column.dtype and not FIRST_YEAR_NS <= moment.year <= LAST_YEAR_NS:
            raise column._bad(row, "one beyond", f"a year from {FIRST_YEAR_NS} to {LAST_YEAR_NS}")
        moments.append(moment)
    return moments


def _datetimes(column: Column, moments: Sequence[Any]) -> Any:
    aware = _is_aware(column)
    plain_moments = [
        moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment is not None and aware else moment
        for moment in moments
    ]
    series = pandas.Series(numpy.array(plain_moments, dtype="datetime64[us]"))
    return (series.dt.tz_localize("UTC") if aware else series).astype(column._pandas_dtype)


def _is_aware(column: Column) -> bool:
    return isinstance(column._empty, pandas.DatetimeTZDtype)


def _moment(column: Column, row: int, value: Any) -> datetime.datetime | None:
    if value is None or isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        raise column._bad(row, "text that is not one") from None


CHECKS: dict[Kind, Callable[[Column, Sequence[Any]], Sequence[Any]]] = {
    "integer": _check_integers,
    "number": _check_numbers,
    "text": _check_texts,
    "category": _check_categories,
    "datetime": _check_datetimes,
}
BUILDERS: dict[Kind, Callable[[Column, Sequence[Any]], Any]] = {
    "number": _numbers,
    "category": _categories,
    "datetime": _datetimes,
}
