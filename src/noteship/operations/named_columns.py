"""Names of columns that a judging is asked to part and cut its rows by, looked at before anything is loaded."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from noteship import tabular
from noteship.errors import NoteshipError
from noteship.validation import errors
from noteship.validation.asking import JudgeRequest

__all__ = ["check_columns"]

FORMS = ("parquet", "arrow", "csv")


def check_columns(asked: JudgeRequest) -> None:
    """That the files have the columns; of other forms, such as pickles, the judging finds out once it reads them.

    Raises NoHoldoutColumn, UnknownSlice.
    """
    by = asked.holdout.column
    if by is not None:
        present = _columns(asked.data)
        if present and not _has(present, by):
            raise errors.NoHoldoutColumn(by, present)
    if asked.slices:
        present = _columns(asked.held or asked.data)
        for column in asked.slices:
            if present and not _has(present, column):
                raise errors.UnknownSlice(column, present)


def _columns(path: str) -> tuple[str, ...]:
    """Those of a file; nothing where it does not say them."""
    # What is wrong with a file is told by who reads its rows.
    with suppress(NoteshipError, OSError):
        if tabular.form_of(path) in FORMS:
            with tabular.opened(Path(path)) as table:
                return tuple(each.name for each in table.columns)
    return ()


def _has(present: tuple[str, ...], column: str) -> bool:
    # The second of two equal names is "name.1" to who reads the rows, and an empty one is "Unnamed: 3".
    return column in present or column.rpartition(".")[0] in present or column.startswith("Unnamed: ")
