"""What can be wrong with a project's folder and its stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, NoteshipError, Parts, UsageError, WorkFailed, cut

__all__ = [
    "FolderNotEmpty",
    "InputOfUnreadable",
    "LinkLeadsNowhere",
    "NoAlternatives",
    "NoRecord",
    "NothingReadable",
    "NothingToRun",
]


@dataclass(eq=False)
class LinkLeadsNowhere(EnvironmentLacks):
    """A stage reads what is behind a link of the project whose folder is not there."""

    link: str
    target: str
    stage: str
    file: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"`{self.link}` is a link to a folder that is not there: {cut(self.target, 200)}",
            where=f"stage '{self.stage}' reads {self.file}",
            remedy="mount the disk that has it, or let the link lead to where the folder is now",
        )

    @classmethod
    def example(cls) -> Self:
        """A disk that is not mounted."""
        return cls("data", "/mnt/disk/data", "02-clean", "data/raw.csv")


@dataclass(eq=False)
class NoRecord(UsageError):
    """A stage has no executed notebook in a run."""

    stage: str
    run: str
    state: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"run {self.run} has no executed notebook of {self.stage}"
            + (f": it was {self.state}" if self.state else ""),
            nearest=self.near,
            remedy=f"`noteship show {self.run}` lists what happened in it",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-trian", "20260102T030405Z-a1b2c3", "", "04-train")


@dataclass(eq=False)
class NoAlternatives(UsageError):
    """Alternatives are to be compared, and no two stages of the project write the same files."""

    stages: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there are no alternatives among the {self.stages} stages",
            nearest="two stages are alternatives when both write a file that another stage, or the service, reads",
            remedy="run it without --alternatives; to compare parameters, see noteship tune --help",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(5)


@dataclass(eq=False)
class NothingToRun(UsageError):
    """A folder in which no notebook and no script is a stage."""

    folder: str
    below: tuple[str, ...]
    above: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "there is no notebook here, and no script that reads or writes data files",
            where=self.folder,
            nearest=self.above or ", ".join(f"{each}/noteship.toml" for each in self.below[:3]),
            remedy="name the project's folder with --project, or make one with noteship new",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("/home/ada", ("mail",))


@dataclass(eq=False)
class NothingReadable(WorkFailed):
    """Several notebooks, and none of them can be read; a single one raises its own fault."""

    facts: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        shown = [cut(fact, 200) for fact in self.facts[:5]]
        more = [f"and {len(self.facts) - 5} more"] if len(self.facts) > 5 else []
        return Parts(
            f"none of the {len(self.facts)} notebooks and scripts can be read",
            where="\n".join([*shown, *more]),
            remedy="correct them; noteship graph tells more of each",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(("01-clean.ipynb does not parse: invalid syntax", "02-plots.ipynb is written in R"))


@dataclass(eq=False)
class FolderNotEmpty(UsageError):
    """A new project would be written over something."""

    path: str
    found: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} is not empty, so no project is written there",
            where=f"{self.path}, which has {cut(self.found, 100)}",
            remedy="name a folder that is empty or not there yet",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("churn", "notes.txt")


@dataclass(eq=False)
class InputOfUnreadable(UsageError):
    """A stage reads what nobody is known to write, beside a notebook that cannot be read and may well write it."""

    stage: str
    file: str
    place: str
    path: str
    fault: NoteshipError
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        fault = self.fault.parts()
        where = f" ({fault.where})" if fault.where and fault.where != self.path else ""
        return Parts(
            f"stage '{self.stage}' reads {self.file}, which is not in the project and which no other stage is known"
            " to write",
            where=self.place,
            nearest=f"{fault.fact}{where}" + (f"\nor {self.near}" if self.near else ""),
            remedy=f"{fault.remedy}; then it is known what {self.path} writes",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        fault = FolderNotEmpty.example()
        return cls("02-clean", "raw.csv", "02-clean.ipynb, cell 2, line 1", "01-collect.ipynb", fault)
