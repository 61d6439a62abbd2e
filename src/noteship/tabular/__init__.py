"""Tables as files: read piece by piece, more than memory holds, and surveyed."""

from __future__ import annotations

from noteship.tabular.column import Column, PlainType, plain_type
from noteship.tabular.engine import Table, opened
from noteship.tabular.errors import NoSuchColumn, NotATable, TableNeedsMemory, TableUnreadable
from noteship.tabular.places import Files, form_of, found

__all__ = [
    "Column",
    "Files",
    "NoSuchColumn",
    "NotATable",
    "PlainType",
    "Table",
    "TableNeedsMemory",
    "TableUnreadable",
    "form_of",
    "found",
    "opened",
    "plain_type",
]
