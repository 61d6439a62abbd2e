"""What can be wrong where rows are to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = ["ColumnsDiffer", "NoParquet", "UnknownLeftOut"]


@dataclass(eq=False)
class UnknownLeftOut(UsageError):
    """A column that is to be left out is none of the model's: what it was meant for would be kept."""

    column: str
    model: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the model {cut(self.model, 100)} has no column {cut(self.column, 100)} that could be left out",
            where="noteship.toml, [collect] leave_out",
            nearest=f"it has {cut(self.near, 100)}" if self.near else "",
            remedy="correct the name: what it was meant for would be kept",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("sendr", "mail", "sender")


@dataclass(eq=False)
class NoParquet(EnvironmentLacks):
    """Rows are to be kept, and what writes Parquet is not installed."""

    python: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "rows are to be kept as Parquet, and pyarrow is not installed",
            where=self.python,
            nearest="noteship.toml, [collect] share",
            remedy="install pyarrow in the project's environment, and lock it; or leave [collect] out",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/project/.venv/bin/python")


@dataclass(eq=False)
class ColumnsDiffer(WorkFailed):
    """Versions of a model have columns of one name whose values cannot stand in one column."""

    column: str
    kinds: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"what was collected has no one type for the column {cut(self.column, 100)}",
            nearest=f"it is {' and '.join(self.kinds)}, by version",
            remedy="take the rows of one version alone: since = the time from which it served",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("sent", ("string", "timestamp[us]"))
