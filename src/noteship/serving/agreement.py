"""Whether a canary takes what clients send for the default, and a shadow what the default has answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from noteship import models
from noteship.errors import cut
from noteship.serving.errors import FieldsDiffer
from noteship.serving.plan import Plan, Role
from noteship.serving.served import Served

__all__ = ["check_fields", "differences"]

NAME_LIMIT = 60
# A value of each type, to be told in words.
OF_TYPES: Mapping[str, Any] = {"boolean": False, "integer": 0, "number": 0.5, "text": ""}
INTEGER, NUMBER = models.type_word(0), models.type_word(0.5)


def check_fields(plan: Plan, served: Mapping[str, Served]) -> None:
    """Raise FieldsDiffer where a version would refuse rows for which clients, who know the default, are not to blame.

    A shadow is given the default's fields by name, and may leave some out. A canary is asked as the default is: it has
    all of its fields, in the same order.
    """
    for entry in plan.entries:
        if entry.role not in ("canary", "shadow"):
            continue
        default = next(each for each in plan.of(entry.name) if each.role == "default")
        known, asked = (served[each.digest].model.signature for each in (default, entry))
        found = tuple(_differences(known, asked, entry.role))
        if found:
            raise FieldsDiffer(entry.name, entry.version, entry.role, default.version, found)


def differences(known: models.Signature, asked: models.Signature) -> tuple[str, ...]:
    """What a canary would refuse that callers of the default send, in words."""
    return tuple(_differences(known, asked, "canary"))


def _differences(known: models.Signature, asked: models.Signature, role: Role) -> Iterator[str]:
    """What the default's clients would be refused for, in words."""
    columns = {column.name: column for column in known.inputs}
    for column in asked.inputs:
        name, default = cut(column.name, NAME_LIMIT), columns.get(column.name)
        if default is None:
            yield f"'{name}' ({_words(column)}) is no field of the default"
        elif not _takes(column, default):
            yield f"'{name}' is {_words(column)}, and in the default {_words(default)}"
        elif role == "canary" and (column.nulls, default.nulls) == ("refused", "allowed"):
            yield f"'{name}' may not be null, and in the default it may"
    if role == "canary":
        names = [column.name for column in asked.inputs]
        yield from (f"it has no field '{cut(name, NAME_LIMIT)}'" for name in columns if name not in names)
        if sorted(names) == sorted(columns) and names != list(columns):
            yield "its fields come in another order, by which rows are read that are lists"


def _takes(column: models.Column, default: models.Column) -> bool:
    """Whether a field takes the kind of values that it has in the default; where numbers go, integers do."""
    asked, known = _words(column), _words(default)
    return asked == known or (asked, known) == (NUMBER, INTEGER)


def _words(column: models.Column) -> str:
    """What a field's values are; what is a category in one version may be plain text in the next."""
    if column.type == "datetime":
        # As pandas writes a type with a zone: datetime64[ns, UTC].
        return f"a date and time {'with' if ',' in column.dtype else 'without'} an offset from UTC"
    if column.type == "category":
        words = {models.type_word(value) for value in column.categories} or {models.type_word("")}
        return " or ".join(sorted({NUMBER if each == INTEGER else each for each in words}))
    return models.type_word(OF_TYPES[column.type])
