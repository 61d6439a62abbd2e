"""The values that rules may have in TOML; each function raises ValueError with what was expected."""

from __future__ import annotations

import datetime
import math
from typing import Any

from noteship import quantities
from noteship.contracts.contract import SEVERITIES, TYPES, Bounds, Freshness, Severity, Value

__all__ = [
    "bounds",
    "counts",
    "freshness",
    "names",
    "pattern",
    "severity",
    "share",
    "text",
    "truth",
    "type_name",
    "values",
]

RANGE = "two bounds such as [0, 120], or one such as { min = 0 }"
COUNTS = "whole numbers from 0 on, such as [1, 500], or one such as { min = 1 }"


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def severity(value: object) -> Severity:
    """How grave a breach is."""
    for each in SEVERITIES:
        if value == each:
            return each
    raise ValueError('"stop" or "warn"')


def type_name(value: object) -> str:
    """A plain type."""
    if value not in TYPES:
        raise ValueError(f"one of {', '.join(TYPES)}")
    return str(value)


def share(value: object) -> float:
    """A part of the rows."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a share from 0 to 1, such as 0.02")
    return float(value)


def names(value: object) -> tuple[str, ...]:
    """Names of columns."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError('a list of columns, such as ["id"]')
    return tuple(value)


def pattern(value: object) -> str:
    """A regular expression."""
    if not isinstance(value, str) or not value:
        raise ValueError("a regular expression that whole values match, such as '[A-Z]{2}-\\d+'")
    return value


def values(value: object) -> tuple[Value, ...]:
    """The values that there may be."""
    if not isinstance(value, list) or not value or not all(_is_value(each) for each in value):
        raise ValueError('a list of values, such as ["ham", "spam"]')
    return tuple(_moment(each) for each in value)


def bounds(value: object) -> Bounds:
    """From and to, of numbers, dates or times."""
    found = _bounds(value, RANGE)
    for each in (found.least, found.most):
        if isinstance(each, bool | str) or not (each is None or _is_value(each)):
            raise ValueError(RANGE)
    return found


def counts(value: object) -> Bounds:
    """From and to, of whole numbers."""
    found = _bounds(value, COUNTS)
    for each in (found.least, found.most):
        if each is not None and (isinstance(each, bool) or not isinstance(each, int) or each < 0):
            raise ValueError(COUNTS)
    return found


def freshness(value: object) -> Freshness:
    """A column and the age that its newest value may have."""
    expected = 'a column and an age such as { column = "date", most = "7d" }'
    if not isinstance(value, dict) or set(value) != {"column", "most"}:
        raise ValueError(expected)
    column, most = value["column"], value["most"]
    if not isinstance(column, str) or not isinstance(most, str) or not most.strip()[-1:].isalpha():
        raise ValueError(expected)
    return Freshness(column, quantities.duration_s(most), most.strip())


def _bounds(value: object, expected: str) -> Bounds:
    if isinstance(value, list) and len(value) == 2:
        least, most = value
    elif isinstance(value, dict) and value and set(value) <= {"min", "max"}:
        least, most = value.get("min"), value.get("max")
    else:
        raise ValueError(expected)
    return Bounds(_moment(least), _moment(most))


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | datetime.date) or (isinstance(value, float) and math.isfinite(value))


def _moment(value: Any) -> Any:
    """Times with a zone are those of UTC, as tables have them."""
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value
