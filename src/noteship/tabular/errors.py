"""What can be wrong with a table: its form, its bytes, a column that it does not have, more memory than there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut
from noteship.nearest import nearest

__all__ = ["NoSuchColumn", "NoTableThere", "NotATable", "TableNeedsMemory", "TableUnreadable"]

FORMS = (
    "Parquet (.parquet, .pq), CSV (.csv, .tsv), JSON (.jsonl, .ndjson, .json), CSV and JSON also with .gz, "
    "and Arrow (.feather, .arrow)"
)
# A name is shown to be recognised, not to be read.
NAME_LIMIT = 60
NAMES_SHOWN = 20


@dataclass(eq=False)
class NotATable(UsageError):
    """What was named is no table, such as a file of another form. `near`: names of tables beside it."""

    path: str
    reason: str
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} is no table: {self.reason}",
            where=self.path,
            nearest=self.near or f"there are {FORMS}",
            remedy="correct the path" if self.near else "name a file in one of these forms, or convert it",
        )

    @classmethod
    def example(cls) -> Self:
        """A workbook."""
        return cls("data/sales.xlsx", "its suffix names no form that is read", "data/sales.csv")


@dataclass(eq=False)
class NoTableThere(NotATable):
    """Nothing is where a table was named."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} does not exist",
            where=self.path,
            nearest=self.near or "no table lies beside it",
            remedy="correct the path",
        )

    @classmethod
    def example(cls) -> Self:
        """A name of another project."""
        return cls("data/nope.csv", "it does not exist", "beside it are clicks.parquet, sales.csv")


@dataclass(eq=False)
class TableUnreadable(WorkFailed):
    """A file is not of the form that its suffix names. The reason says places, and never values."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} cannot be read as a table: {cut(self.reason, 300)}",
            where=self.path,
            remedy="write the file again, or give it the suffix of its form",
        )

    @classmethod
    def example(cls) -> Self:
        """A row that is too short."""
        return cls("data/sales.csv", "line 1204: expected 12 fields, found 11")


@dataclass(eq=False)
class NoSuchColumn(WorkFailed):
    """A table lacks a column that was named."""

    path: str
    column: str
    present: tuple[str, ...]
    named_by: str = ""

    def parts(self) -> Parts:
        """The message."""
        near = nearest(self.column, self.present)
        has = ", ".join(cut(name, NAME_LIMIT) for name in self.present[:NAMES_SHOWN]) or "none"
        more = len(self.present) - NAMES_SHOWN
        return Parts(
            f"{self.path} has no column '{cut(self.column, NAME_LIMIT)}'",
            where=self.named_by or self.path,
            nearest=cut(near, 2 * NAME_LIMIT) or f"its columns are {has}" + (f" and {more} more" if more > 0 else ""),
            remedy="correct the column's name",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt target."""
        return cls("data/messages.parquet", "lable", ("id", "text", "label"), "--target")


@dataclass(eq=False)
class TableNeedsMemory(EnvironmentLacks):
    """A question about a table needed more memory, or more disk to spill to, than it may take."""

    path: str
    limit_bytes: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"a question about {self.path} needs more than {self.limit_bytes // 2**20:,} MiB of memory",
            where=self.path,
            nearest="many columns or long texts at once, or a full folder for temporary files, into which it spills",
            remedy="set TMPDIR to a folder with more room, or look at a file of fewer columns or rows",
        )

    @classmethod
    def example(cls) -> Self:
        """A full /tmp."""
        return cls("data/clicks.parquet", 512 * 2**20)
