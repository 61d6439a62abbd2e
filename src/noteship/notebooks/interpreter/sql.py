"""Which files a SQL text names, and whether it changes the database."""

from __future__ import annotations

import re

from noteship.notebooks.uses import Action

__all__ = ["files_in", "statement_actions"]

_READERS = re.compile(
    r"(?:read_(?:csv|csv_auto|parquet|json|json_auto|json_objects|ndjson|ndjson_auto|text|blob|xlsx)|parquet_scan|"
    r"parquet_metadata|parquet_schema|csv_scan|sniff_csv|st_read|glob|iceberg_scan|delta_scan)\s*\(\s*(\[[^\]]*\]|'[^']*'|\"[^\"]*\")",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|join|describe|summarize)\s+('[^']+'|\"[^\"\s]+\.[A-Za-z0-9]{2,8}\")", re.IGNORECASE)
_COPY_TO = re.compile(r"\bcopy\b[^;]*?\bto\s+('[^']*'|\"[^\"]*\")", re.IGNORECASE | re.DOTALL)
_COPY_FROM = re.compile(r"\bcopy\s+[\w.\"]+(?:\s*\([^)]*\))?\s+from\s+('[^']*'|\"[^\"]*\")", re.IGNORECASE)
_ATTACH = re.compile(r"\battach\s+(?:database\s+)?(?:if\s+not\s+exists\s+)?('[^']*'|\"[^\"]*\")", re.IGNORECASE)
_EXPORT = re.compile(r"\bexport\s+database\s+('[^']*')", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_CHANGES = re.compile(
    r"^\s*(?:create(?!\s+(?:or\s+replace\s+)?temp)|insert|update|delete|drop|replace|alter|merge|truncate|vacuum|import)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"^\s*(?:select|with|show|describe|summarize|pragma|explain|from|values)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def files_in(sql: str) -> list[tuple[Action, str]]:
    """The files that a text for DuckDB reads and writes, in the order of their places in it."""
    found: list[tuple[int, Action, str]] = []
    written = [(match.start(1), match.group(1)) for match in [*_COPY_TO.finditer(sql), *_EXPORT.finditer(sql)]]
    for place, text in written:
        found.extend((place, "write", name) for name in _names(text))
    taken = {place for place, _ in written}
    for pattern in (_READERS, _FROM, _COPY_FROM, _ATTACH):
        for match in pattern.finditer(sql):
            if match.start(1) not in taken:
                taken.add(match.start(1))
                found.extend((match.start(1), "read", name) for name in _names(match.group(1)))
    return [(action, name) for _, action, name in sorted(found, key=lambda item: item[0])]


def _names(text: str) -> list[str]:
    return [first or second for first, second in _QUOTED.findall(text)]


def statement_actions(sql: str) -> list[Action]:
    """Whether the statements of a text read or change the database, in order; a text that is not understood reads."""
    found: list[Action] = []
    for statement in _COMMENTS.sub(" ", sql).split(";"):
        if _CHANGES.match(statement):
            found.append("write")
        elif _ASKS.match(statement):
            found.append("read")
    return found
