"""What can be wrong with sources of data, beside their origins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = [
    "NeverFetched",
    "QueryUnreadable",
    "SourceNameTaken",
    "SourceOfProduced",
    "SourceTargetTaken",
    "UnknownSource",
]


@dataclass(eq=False)
class UnknownSource(UsageError):
    """There is no source of this name."""

    name: str
    near: str
    known: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is no source '{cut(self.name, 80)}'",
            nearest=self.near,
            remedy="`noteship data sources` lists them" if self.known else "declare one: [data.NAME] in noteship.toml",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mesages", "messages", 2)


@dataclass(eq=False)
class SourceNameTaken(UsageError):
    """A notebook has the name that a source has as a stage."""

    name: str
    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there are two stages '{self.name}'",
            where=f"{self.path}, and [{self.name}] in noteship.toml",
            remedy="give the notebook or the source another name",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data.messages", "data.messages.ipynb")


@dataclass(eq=False)
class SourceOfProduced(UsageError):
    """A source would fetch what a stage of the project makes."""

    name: str
    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} is made by the project itself, so it is no origin of data",
            where=f"noteship.toml, [{self.name}] from",
            remedy="let the notebooks read it as it is, or name what neither a stage nor a source makes",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data.messages", "data/features.parquet")


@dataclass(eq=False)
class SourceTargetTaken(UsageError):
    """Two sources become one file, or one lies in the folder of the other, which that replaces."""

    name: str
    path: str
    other: str
    other_path: str

    def parts(self) -> Parts:
        """The message."""
        outer, inner = sorted((self.path, self.other_path), key=len)
        where = f"noteship.toml, [{self.name}] to, and [{self.other}] to"
        if inner == outer:
            choice = f"`noteship data fetch {self.name}`, or `noteship run --with {self.name}` where a stage reads it"
            return Parts(
                f"two sources would be {inner}",
                where=where,
                remedy=f"give each a file of its own, or choose one: {choice}",
            )
        return Parts(
            f"a source would be {inner}, and another one the folder {outer} around it",
            where=where,
            remedy="give each a file or a folder of its own",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data.messages", "data/messages.parquet", "data.mail", "data/messages.parquet")


@dataclass(eq=False)
class QueryUnreadable(UsageError):
    """The file of a source's query cannot be read, or holds what it must not."""

    name: str
    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the query in {self.path} cannot be taken",
            where=f"noteship.toml, [{self.name}] query_file",
            nearest=cut(self.reason, 400),
            remedy="correct the file, or name another",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data.messages", "messages.sql", "No such file or directory")


@dataclass(eq=False)
class NeverFetched(WorkFailed):
    """Offline, there is nothing to go on with."""

    names: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{', '.join(self.names)}: nothing has been fetched yet, as it is declared now",
            where="noteship.toml, " + ", ".join(f"[{name}]" for name in self.names),
            remedy="run once without --offline",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(("data.messages",))
