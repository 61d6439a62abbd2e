"""A column of a table, and the plain type that its values have in whatever form they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from noteship.tabular import quoting

__all__ = ["Column", "PlainType", "plain_type", "row_hash"]

PlainType = Literal["text", "whole", "number", "bool", "date", "time", "binary", "list", "other"]

WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
PLAIN: dict[str, PlainType] = {
    **dict.fromkeys(WHOLE, "whole"),
    **dict.fromkeys((f"U{name}" for name in WHOLE), "whole"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("VARCHAR", "ENUM", "UUID", "JSON", '"NULL"', "NULL"), "text"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "time"),
    **dict.fromkeys(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"), "time"),
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


def row_hash(columns: Iterable[Column]) -> str:
    """A row's values in these columns as 64 bits, in SQL.

    That two different ones of n rows have the same has a probability of n² / 2⁶⁵: one in 10⁷ for a million rows. Nested
    values are hashed as texts, since the engine's hash of [[1], [2]] is that of [[1, 2]].

    >>> print(row_hash([Column("id", "whole", "BIGINT"), Column("tags", "list", "VARCHAR[]")]))
    hash("id", CAST("tags" AS VARCHAR))
    """
    names = [(quoting.identifier(each.name), each.type in ("list", "other")) for each in columns]
    return f"hash({', '.join(f'CAST({name} AS VARCHAR)' if nested else name for name, nested in names)})"
