"""Rows of texts, as CSV has them, made the values that a signature's columns take in JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from noteship import models

__all__ = ["values"]

# As pandas, spreadsheets and R write a number that is not there.
NO_NUMBER = frozenset({"", "NaN", "nan", "NA", "N/A", "<NA>", "null", "NULL", "None", "NaT"})
TRUTHS = {"true": True, "false": False}


def values(column: models.Column, texts: Sequence[str]) -> Any:
    """The JSON values of a CSV column; what is no such value stays a text, which the column refuses.

    An empty field is null; in a text that may not be null it is the empty text.
    """
    if column.is_plain_number and column.type == "number":
        quick = _floats(texts)
        if quick is not None:
            return quick
    return [_VALUES[column.type](column, text) for text in texts]


def _floats(texts: Sequence[str]) -> Any:
    """All as finite numbers, or None where one wants a closer look."""
    try:
        found = numpy.array(texts, dtype=numpy.float64)
    except ValueError:
        return None
    # Python's numbers may have underscores; those of files have none.
    return found if numpy.isfinite(found).all() and not any("_" in text for text in texts) else None


def _number(_: models.Column, text: str) -> Any:
    if text in NO_NUMBER:
        return None
    if "_" in text:
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _text(column: models.Column, text: str) -> Any:
    return None if not text and column.nulls == "allowed" else text


def _truth(_: models.Column, text: str) -> Any:
    return TRUTHS.get(text.lower(), text or None)


def _moment(_: models.Column, text: str) -> Any:
    return None if text in NO_NUMBER else text


def _category(column: models.Column, text: str) -> Any:
    if not column.categories or any(isinstance(known, str) for known in column.categories):
        return _text(column, text)
    if all(isinstance(known, bool) for known in column.categories):
        return _truth(column, text)
    return _number(column, text)


_VALUES: dict[str, Callable[[models.Column, str], Any]] = {
    "boolean": _truth,
    "integer": _number,
    "number": _number,
    "text": _text,
    "category": _category,
    "datetime": _moment,
}
