"""What can be wrong with a notebook or script before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut, stage_section

__all__ = ["CellSyntaxError", "NotJson", "NotReadable", "OtherLanguage", "UnknownParameter", "UnknownStage"]

LINE_LIMIT = 120


@dataclass(eq=False)
class NotJson(WorkFailed):
    """A notebook file that is no JSON, or JSON that is no notebook."""

    path: str
    line: int
    reason: str

    def parts(self) -> Parts:
        """Where the JSON ends being JSON, and the usual cause."""
        return Parts(
            fact=f"{self.path} is not a notebook: {cut(self.reason, LINE_LIMIT)}",
            where=f"{self.path}, line {self.line} of the file",
            nearest="a merge conflict, a download cut short, or a file that is no notebook",
            remedy="restore it, or name it under [notebooks] exclude",
        )

    @classmethod
    def example(cls) -> Self:
        """A file with a merge conflict."""
        return cls("02-clean.ipynb", 14, "Expecting property name enclosed in double quotes")


@dataclass(eq=False)
class OtherLanguage(WorkFailed):
    """A notebook whose kernel is not Python."""

    path: str
    language: str

    def parts(self) -> Parts:
        """Which language it is."""
        return Parts(
            fact=f"{self.path} is written in {cut(self.language, 40)}, and noteship reads Python",
            where=f"{self.path}, metadata",
            remedy="name it under [notebooks] exclude, and what it makes under another stage's reads",
        )

    @classmethod
    def example(cls) -> Self:
        """An R notebook."""
        return cls("report.ipynb", "R")


@dataclass(eq=False)
class CellSyntaxError(WorkFailed):
    """A code cell or script that Python cannot parse."""

    path: str
    cell: int | None
    line: int
    text: str
    reason: str

    def parts(self) -> Parts:
        """The line, and what the parser said."""
        place = f"{self.path}, " + (f"cell {self.cell}, " if self.cell is not None else "") + f"line {self.line}"
        shown = cut(self.text.strip(), LINE_LIMIT)
        return Parts(
            fact=f"{self.path} does not parse: {cut(self.reason, LINE_LIMIT)}",
            where=place + (f": {shown}" if shown else ""),
            nearest=self._nearest(),
            remedy="correct the cell, or name the file under [notebooks] exclude",
        )

    def _nearest(self) -> str:
        stripped = self.text.strip()
        if stripped.startswith(("print ", "exec ")):
            return "this looks like Python 2"
        if stripped.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            return "a merge conflict was left in the cell"
        return ""

    @classmethod
    def example(cls) -> Self:
        """Python 2 in a cell."""
        return cls("old.ipynb", 3, 2, 'print "rows:", n', "Missing parentheses in call to 'print'")


@dataclass(eq=False)
class NotReadable(WorkFailed):
    """A notebook or script that is no UTF-8 text, or that the system does not let noteship read."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """What the system or the decoder said."""
        return Parts(
            fact=f"{self.path} cannot be read: {cut(self.reason, LINE_LIMIT)}",
            where=self.path,
            remedy="mend the file or its permissions, or name it under [notebooks] exclude",
        )

    @classmethod
    def example(cls) -> Self:
        """A file in an old encoding."""
        return cls("src/train.py", "byte 0xe9 at position 120 is not UTF-8")


@dataclass(eq=False)
class UnknownStage(UsageError):
    """A `[stage.NAME]` section for which there is no notebook or script."""

    name: str
    nearest_name: str

    def parts(self) -> Parts:
        """The name and the nearest stage."""
        return Parts(
            fact=f"there is no stage {self.name!r}",
            where=f"noteship.toml, {stage_section(self.name)}",
            nearest=self.nearest_name,
            remedy="name the notebook's path from the project's root, without its suffix",
        )

    @classmethod
    def example(cls) -> Self:
        """A mistyped section."""
        return cls("04-tran", "04-train")


@dataclass(eq=False)
class UnknownParameter(UsageError):
    """A parameter for which the notebook has no literal at its top level."""

    path: str
    name: str
    nearest_name: str

    def parts(self) -> Parts:
        """The name and the nearest one that the notebook assigns."""
        return Parts(
            fact=f"{self.path} assigns no literal to {self.name!r} at its top level",
            where=self.path,
            nearest=self.nearest_name,
            remedy="correct the name, or assign it a number, text, list or the like at the top level of a cell",
        )

    @classmethod
    def example(cls) -> Self:
        """A mistyped parameter."""
        return cls("04-train.ipynb", "bucket", "buckets")
