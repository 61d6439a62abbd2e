"""What can stand in the way of inferring and checking contracts."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError

__all__ = ["NoContract", "NoContractFolder", "NothingToContract", "OutsideOfProject"]


@dataclass(eq=False)
class NoContract(UsageError):
    """A file is asked about that has no contract."""

    file: str
    near: str
    folder: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.file} has no contract" if self.file else "the project has no contract",
            where=self.folder,
            nearest=self.near,
            remedy=f"make one from a good file: noteship data infer{f' {self.file}' if self.file else ''}",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt file."""
        return cls("data/mesages.parquet", "data/messages.parquet", "contracts")


@dataclass(eq=False)
class NoContractFolder(UsageError):
    """The declaration names a folder of contracts that is not there, so that nothing would be held against any."""

    folder: str
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        make = f"make the folder: mkdir {shlex.quote(self.folder)}"
        return Parts(
            f"there is no folder {self.folder} for contracts",
            where="noteship.toml, [contracts] folder",
            nearest=self.near,
            remedy=f"correct the folder, or {make}",
        )

    @classmethod
    def example(cls) -> Self:
        """A letter too few."""
        return cls("contract", "contracts")


@dataclass(eq=False)
class NothingToContract(UsageError):
    """No stage has made a table that a contract could be inferred from."""

    stages: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "there is no table that a stage has made",
            nearest=f"{self.stages} stage{'' if self.stages == 1 else 's'}, and none has a result with a table in it",
            remedy="run first: noteship run; or name a file: noteship data infer data/messages.parquet",
        )

    @classmethod
    def example(cls) -> Self:
        """A project before its first run."""
        return cls(3)


@dataclass(eq=False)
class OutsideOfProject(UsageError):
    """A contract is asked for of a file that is not in the project."""

    file: str
    root: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.file} is not in the project, and contracts are of its own files",
            where=self.root,
            remedy="name a file of the project; `noteship data check FILE --against CONTRACT` looks at any other",
        )

    @classmethod
    def example(cls) -> Self:
        """A download."""
        return cls("/home/ana/Downloads/people.csv", "/home/ana/mail")
