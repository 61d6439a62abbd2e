"""Frames and Arrow files as one of Arrow's own kinds, of which the engine reads as much as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from noteship.tabular import faults
from noteship.tabular.errors import NotATable, TableUnreadable

__all__ = ["dataset", "is_read_once", "spoken"]


def spoken(source: object, name: str) -> object:
    """What speaks Arrow, as a table, a dataset or a reader. Raises: NotATable, TableUnreadable."""
    import pyarrow  # type: ignore[import-untyped]

    known = isinstance(source, pyarrow.Table | pyarrow.RecordBatchReader)
    # A dataset has these two; its class is in a module of Arrow's that need not be there.
    if known or (hasattr(source, "scanner") and hasattr(source, "schema")):
        return source
    if not hasattr(source, "__arrow_c_stream__"):
        raise NotATable(name, f"it is of the type {type(source).__name__}, which does not speak Arrow")
    try:
        return pyarrow.table(source)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise TableUnreadable(name, _of_one_type(error)) from error


def dataset(paths: Sequence[Path], name: str) -> object:
    """Arrow files as one dataset. Raises: TableUnreadable."""
    import pyarrow
    from pyarrow import dataset as datasets

    try:
        return datasets.dataset([str(path) for path in paths], format="ipc")
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise TableUnreadable(name, faults.without_values(str(error))) from error


def is_read_once(frame: object) -> bool:
    """Whether it is a reader of record batches, which is at its end after the first question."""
    import pyarrow

    return isinstance(frame, pyarrow.RecordBatchReader)


def _of_one_type(error: Exception) -> str:
    """What is wrong with a frame: nearly always a column that holds values of several types."""
    column = error.args[-1] if len(error.args) > 1 and "for column" in str(error.args[-1]) else ""
    return faults.without_values(str(column) or str(error.args[0]) if error.args else type(error).__name__)
