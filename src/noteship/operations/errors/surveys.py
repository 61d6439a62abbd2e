"""What can be wrong with a table that is to be shown, beside the table itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, cut
from noteship.nearest import nearest

__all__ = ["NoSuchOutput"]

NAMES_SHOWN = 8


@dataclass(eq=False)
class NoSuchOutput(UsageError):
    """No stage of a run made a file of this name. `tables`: those that were made."""

    file: str
    run: str
    tables: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        made = ", ".join(cut(each, 80) for each in self.tables[:NAMES_SHOWN])
        more = len(self.tables) - NAMES_SHOWN
        listed = f"it made {made}" + (f" and {more} more" if more > 0 else "") if made else "it made no table"
        return Parts(
            f"no stage of run {self.run} made {cut(self.file, 120)}",
            nearest=nearest(self.file, self.tables) or listed,
            remedy=f"correct the name, or see what was made: noteship show {self.run} STAGE",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt file."""
        return cls("data/feature.parquet", "20260301-101500-a1b2", ("data/features.parquet", "data/split.csv"))
