"""What can stand in the way of a validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut
from noteship.validation.errors import HOLDOUT

__all__ = ["DataGone", "MadeEarlier", "NoCardText", "NoHoldoutFile", "NoTarget", "RowsChanged"]


@dataclass(eq=False)
class DataGone(WorkFailed):
    """The rows that a bundle was made of are neither in the store nor in the project any more."""

    bundle: str
    path: str
    is_there: bool

    def parts(self) -> Parts:
        """The message."""
        now = "has changed since" if self.is_there else "is not there any more"
        return Parts(
            f"bundle {self.bundle} cannot be judged on its own rows: {self.path} {now}",
            where=self.path,
            remedy="make a bundle of the rows that are there, and validate that one: noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3fa9c81b02d4", "data/training.parquet", True)


@dataclass(eq=False)
class NoCardText(UsageError):
    """The file in which people say what a model is for cannot be read."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"what the model card is to say of the model's use cannot be read: {self.path}: {cut(self.reason)}",
            where="[project] card in noteship.toml",
            remedy="write that file, in Markdown, or delete the setting",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("docs/model.md", "No such file or directory")


@dataclass(eq=False)
class MadeEarlier(UsageError):
    """A bundle was made by a version of noteship that did not note yet what a validation needs."""

    bundle: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"bundle {self.bundle} cannot be judged: an earlier version of noteship made it and noted no rows",
            where="bundle.json in the bundle",
            remedy="make it anew, and validate that one: noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3fa9c81b02d4")


@dataclass(eq=False)
class NoTarget(UsageError):
    """A model is to be judged, and nobody says which column has the right answers."""

    bundle: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"bundle {self.bundle} cannot be judged: it does not say which column of its rows has the right answers",
            where="[service] in noteship.toml",
            remedy='name the column, as in target = "label", and make the bundle again: noteship run',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3fa9c81b02d4")


@dataclass(eq=False)
class RowsChanged(WorkFailed):
    """Somebody saved the rows of a validation between its first look at them and its copy."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(f"{self.path} changed while the validation began", where=self.path, remedy="run it again")

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data/test.parquet")


@dataclass(eq=False)
class NoHoldoutFile(UsageError):
    """The file with the rows that are held out is not there."""

    path: str
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the rows to judge on are to come from {self.path}, which is not there",
            where=self.where,
            remedy="correct the path; it is relative to the project's folder",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data/test.parquet")
