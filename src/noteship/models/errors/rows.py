"""What can go wrong with tables, their columns and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, WorkFailed, cut
from noteship.models.errors.wording import FIELD_LIMIT, listed
from noteship.nearest import nearest

__all__ = ["BadRows", "MissingColumns", "UnfitColumn", "UnreadableTable"]


@dataclass(eq=False)
class BadRows(WorkFailed):
    """Rows that the signature refuses; says types and never values. `row` counts from 0."""

    row: int | None
    field: str | None
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        places = []
        if self.row is not None:
            places.append(f"row {self.row}")
        if self.field is not None:
            places.append(f"field '{cut(self.field, FIELD_LIMIT)}'")
        return Parts(
            fact=f"expected {self.expected}, got {self.got}",
            where=", ".join(places),
            remedy="send rows as the model's signature describes them",
        )

    @classmethod
    def example(cls) -> Self:
        """A text where a number belongs."""
        return cls(row=3, field="age", expected="an integer", got="text")


@dataclass(eq=False)
class MissingColumns(WorkFailed):
    """A table lacks columns that are named as inputs or target."""

    table: str
    missing: tuple[str, ...]
    present: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        near = tuple(dict.fromkeys(filter(None, (nearest(name, self.present) for name in self.missing))))
        there = f"it has {listed(self.present)}" if self.present else "it has no columns"
        return Parts(
            fact=f"{self.table} has no column {listed(self.missing)}",
            where=self.table.rstrip(","),
            nearest=f"{listed(near)}; {there}" if near else there,
            remedy="correct the names under [service], or write the columns in the stage that makes the table",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt input."""
        return cls(table="data/training.parquet", missing=("txt",), present=("text", "label"))


@dataclass(eq=False)
class UnfitColumn(WorkFailed):
    """A column's values have no form in JSON, so that no client could send them."""

    column: str
    holds: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"column '{self.column}' holds {self.holds}, which a service cannot be sent",
            where=f"column '{self.column}' of [service] data",
            remedy="store it as text, numbers, booleans, dates with times or categories, or leave it out of inputs",
        )

    @classmethod
    def example(cls) -> Self:
        """A column of lists."""
        return cls(column="tags", holds="mixed values")


@dataclass(eq=False)
class UnreadableTable(WorkFailed):
    """A file that should hold a table cannot be read as one."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} cannot be read as a table",
            where=self.path,
            nearest=cut(self.reason),
            remedy="name a Parquet, CSV, Feather, JSON lines or pickled table, or correct the stage that writes it",
        )

    @classmethod
    def example(cls) -> Self:
        """A truncated file."""
        return cls(path="data/training.parquet", reason="the file's end is missing")
