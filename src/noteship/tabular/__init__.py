"""Tables as files: read piece by piece, more than memory holds, and surveyed."""

from __future__ import annotations

from noteship.tabular.column import Column, PlainType, plain_type, row_hash
from noteship.tabular.engine import Table, opened, pattern_fault
from noteship.tabular.errors import NoSuchColumn, NoTableThere, NotATable, TableNeedsMemory, TableUnreadable
from noteship.tabular.places import PATTERN_LETTERS, Files, form_of, found
from noteship.tabular.quoting import identifier, moment, said_truth, text

__all__ = [
    "PATTERN_LETTERS",
    "Column",
    "Files",
    "NoSuchColumn",
    "NoTableThere",
    "NotATable",
    "PlainType",
    "Table",
    "TableNeedsMemory",
    "TableUnreadable",
    "form_of",
    "found",
    "identifier",
    "moment",
    "opened",
    "pattern_fault",
    "plain_type",
    "row_hash",
    "said_truth",
    "text",
]
