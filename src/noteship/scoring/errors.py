"""What can go wrong with files of rows and what is written of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut
from noteship.nearest import nearest

__all__ = [
    "MissingTarget",
    "NameTaken",
    "NoRows",
    "NoSuchColumn",
    "OtherScores",
    "ParquetMissing",
    "RowDoesNotFit",
    "RowsUnreadable",
    "ScoringFailed",
    "UnknownForm",
]

FORMS = "Parquet (.parquet), CSV (.csv) and JSON lines (.jsonl, .ndjson), the latter two also with .gz"


@dataclass(eq=False)
class UnknownForm(UsageError):
    """A file whose suffix names no form of rows."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the suffix of {self.path} names no form that rows are read or written in",
            where=self.path,
            nearest=f"there are {FORMS}",
            remedy="give the file the suffix of its form, or convert it",
        )

    @classmethod
    def example(cls) -> Self:
        """A workbook."""
        return cls("reviews.xlsx")


@dataclass(eq=False)
class MissingTarget(UsageError):
    """The rows and their scores do not go together: a folder into a file, or a file onto itself."""

    source: str
    target: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the scores of {self.source} cannot be written to {self.target}: {self.reason}",
            where=self.target,
            remedy="name a folder of its own for the scores of a folder, or a file for those of one file",
        )

    @classmethod
    def example(cls) -> Self:
        """A folder into a file."""
        return cls("reviews/", "scores.csv", "one is a folder and the other a file")


@dataclass(eq=False)
class NoRows(UsageError):
    """There is no file of rows where they should be. `found`: what is there; `near`: names of files in that folder."""

    source: str
    found: Literal["", "nothing", "a folder", "no row"] = ""
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        if self.found == "nothing":
            return Parts(f"there is no file {self.source}", self.source, self.near, "correct the path")
        if self.found == "a folder":
            fact = f"{self.source} is a folder, and the rows of one file are asked for"
            return Parts(fact, self.source, self.near, "name one of its files")
        if self.found == "no row":
            fact, remedy = f"{self.source} has no row", "give a file that has rows; a header of columns is none"
            return Parts(fact, self.source, remedy=remedy)
        return Parts(
            f"there are no rows at {self.source}",
            where=self.source,
            nearest=f"looked for {FORMS}; names that begin with _ or . are left out",
            remedy="correct the path",
        )

    @classmethod
    def example(cls) -> Self:
        """An empty folder."""
        return cls("s3://team-a/reviews/")


@dataclass(eq=False)
class NoSuchColumn(WorkFailed):
    """A file lacks columns that the model reads, or that an option names."""

    path: str
    missing: tuple[str, ...]
    present: tuple[str, ...]
    option: str = ""

    def parts(self) -> Parts:
        """The message."""
        has = ", ".join(cut(name, 60) for name in self.present[:20]) or "none"
        near = ", ".join(filter(None, (cut(nearest(name, self.present), 60) for name in self.missing[:5])))
        remedy = f"correct {self.option}" if self.option else "name the columns as the model's signature does"
        return Parts(
            f"{self.path} has no column {', '.join(cut(name, 60) for name in self.missing[:20])}",
            where=self.path,
            nearest=(f"{near}; " if near else "")
            + f"it has {has}"
            + (f" and {len(self.present) - 20} more" if len(self.present) > 20 else ""),
            remedy=remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt input."""
        return cls("reviews.csv", ("text",), ("id", "txt"))


@dataclass(eq=False)
class NameTaken(UsageError):
    """A column that is to be kept is called like one that is written."""

    name: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the column '{cut(self.name, 60)}' cannot be kept: the scores have a column of that name",
            where="--keep",
            remedy="rename it in the file, or leave it out",
        )

    @classmethod
    def example(cls) -> Self:
        """The prediction of another model."""
        return cls("prediction")


@dataclass(eq=False)
class RowDoesNotFit(WorkFailed):
    """A row that the model's signature refuses; says types and never values. `row` counts from 0."""

    path: str
    row: int
    field: str | None
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        field = f", field '{cut(self.field, 60)}'" if self.field is not None else ""
        return Parts(
            f"expected {self.expected}, got {cut(self.got, 100)}",
            where=f"{self.path}, row {self.row} (from 0){field}",
            remedy="correct the row and call again, which goes on from there; --bad-rows FILE sets such rows aside",
        )

    @classmethod
    def example(cls) -> Self:
        """A text where a number belongs."""
        return cls("reviews.csv", 1204, "stars", "an integer", "text")


@dataclass(eq=False)
class RowsUnreadable(WorkFailed):
    """A file is not of the form that its suffix names."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} cannot be read as rows",
            where=self.path,
            nearest=cut(self.reason),
            remedy="write the file again, or give it the suffix of its form",
        )

    @classmethod
    def example(cls) -> Self:
        """A truncated file."""
        return cls("reviews.parquet", "ArrowInvalid: Parquet magic bytes not found in footer")


@dataclass(eq=False)
class ScoringFailed(WorkFailed):
    """The rows fit the signature, and the model's steps failed on them."""

    path: str
    first_row: int
    rows: int
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the model failed on {self.path}: {cut(self.reason, 300)}",
            where=f"{self.path}, rows {self.first_row} to {self.first_row + self.rows - 1} (from 0)",
            remedy="look for a value among them that the notebooks never saw; what was scored before is kept",
        )

    @classmethod
    def example(cls) -> Self:
        """A step that fails on a date."""
        return cls("reviews.csv", 8192, 8192, "ValueError, in step 'model.sav'")


@dataclass(eq=False)
class OtherScores(UsageError):
    """The target holds scores of another model, or with other columns."""

    target: str
    differs: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.target} holds scores that were asked for otherwise: {self.differs}",
            where=self.target,
            remedy="write these scores to another folder, or remove that one",
        )

    @classmethod
    def example(cls) -> Self:
        """Scores of the bundle before."""
        return cls("scores/", "the bundle is another")


@dataclass(eq=False)
class ParquetMissing(EnvironmentLacks):
    """Parquet is asked for where pyarrow is not installed."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} is Parquet, which needs pyarrow",
            where=self.path,
            remedy="install it: python -m pip install pyarrow; or send CSV or JSON lines",
        )

    @classmethod
    def example(cls) -> Self:
        """A small installation."""
        return cls("reviews.parquet")
