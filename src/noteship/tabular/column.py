"""A column of a table, and the plain type that its values have in whatever form they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "PlainType", "plain_type"]

PlainType = Literal["text", "whole", "number", "bool", "date", "time", "binary", "list", "other"]

WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
PLAIN: dict[str, PlainType] = {
    **dict.fromkeys(WHOLE, "whole"),
    **dict.fromkeys((f"U{name}" for name in WHOLE), "whole"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("VARCHAR", "ENUM", "UUID", "JSON", '"NULL"', "NULL"), "text"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "time"),
    "TIMESTAMP WITH TIME ZONE": "time",
    "BOOLEAN": "bool",
    "DATE": "date",
    "BLOB": "binary",
}


@dataclass(frozen=True)
class Column:
    """A column: its name, its plain type, and the engine's own name of the type."""

    name: str
    type: PlainType
    sql_type: str


def plain_type(sql_type: str) -> PlainType:
    """The plain type of one of the engine's.

    >>> plain_type("UINTEGER"), plain_type("DECIMAL(10,2)"), plain_type("VARCHAR[]"), plain_type("STRUCT(a INTEGER)")
    ('whole', 'number', 'list', 'other')
    """
    if sql_type.endswith("]"):
        return "list"
    return PLAIN.get(re.sub(r"\(.*", "", sql_type, flags=re.DOTALL), "other")
