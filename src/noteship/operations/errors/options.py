"""What can be wrong with options: parameters that are set, and what does not go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, cut

__all__ = ["BadParameter", "Contradiction", "ForcedInVain", "NoSuchParameter", "NotWritten", "OpenToAll", "SetInVain"]


@dataclass(eq=False)
class BadParameter(UsageError):
    """A `--set` that is not STAGE.NAME=VALUE."""

    text: str
    reason: str
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--set {self.text}: {self.reason}",
            nearest=self.near,
            remedy="write it as STAGE.NAME=VALUE, for example --set 04-train.depth=8",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("depth=8", "it names no stage")


@dataclass(eq=False)
class NoSuchParameter(UsageError):
    """A parameter for which the notebook has no literal at its top level; `called` is a call that has it as a word."""

    path: str
    name: str
    near: str
    known: tuple[str, ...]
    called: str = ""
    origin: str = ""

    def parts(self) -> Parts:
        """The message."""
        if self.called:
            return Parts(
                f"'{self.name}' of {self.path} is a word of its call, which --set and `params` do not replace",
                where=f"{self.origin}: {cut(self.called, 200)}",
                nearest=self.near,
                remedy=f"change it in {self.origin}",
            )
        there = f"it assigns {', '.join(self.known[:12])}" if self.known else "it assigns no literal at its top level"
        return Parts(
            f"{self.path} assigns no literal to '{self.name}' at its top level",
            where=self.path,
            nearest=self.near,
            remedy=f"correct the name; {there}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-train.ipynb", "bucket", "buckets", ("buckets", "seed"))


@dataclass(eq=False)
class ForcedInVain(UsageError):
    """A stage is forced to run that the run leaves out."""

    stage: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{self.stage}' is forced to run, and this run leaves it out",
            nearest="the stages that were named do not need it, or another alternative is chosen",
            remedy=f"name it too: noteship run {self.stage} --force {self.stage}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("01-collect")


@dataclass(eq=False)
class SetInVain(UsageError):
    """A parameter is set of a stage that the run leaves out."""

    text: str
    stage: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--set {cut(self.text)}: this run leaves '{self.stage}' out",
            nearest="the stages that were named do not need it, or another alternative is chosen, or it cannot be read",
            remedy=f"leave it out, or name the stage too: noteship run {self.stage}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04b-forest.depth=8", "04b-forest")


@dataclass(eq=False)
class OpenToAll(UsageError):
    """A service would answer whoever reaches it, and others than this machine do."""

    host: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "whoever reaches this machine could call the service, without being asked who it is",
            where=f"--host {cut(self.host, 100)}",
            nearest="only on this machine's own address, 127.0.0.1, is nobody asked",
            remedy="--tokens FILE, with tokens of `noteship token`; in a pod, --token-review; or --no-auth,"
            " where something in front of the service asks",
        )

    @classmethod
    def example(cls) -> Self:
        """All addresses."""
        return cls("0.0.0.0")  # noqa: S104 - told, not listened on


@dataclass(eq=False)
class Contradiction(UsageError):
    """Options that do not go together."""

    fact: str
    remedy: str
    where: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(self.fact, self.where, remedy=self.remedy)

    @classmethod
    def example(cls) -> Self:
        """Nobody is asked, and callers are named."""
        return cls("--no-auth leaves nobody out", "leave --no-auth out, or --tokens and --token-review")


@dataclass(eq=False)
class NotWritten(EnvironmentLacks):
    """A file cannot be written where it was asked for."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} cannot be written",
            nearest=self.reason,
            remedy="name a file in a folder that can be written; one that is there is replaced",
        )

    @classmethod
    def example(cls) -> Self:
        """For the page of errors."""
        return cls("/etc/prometheus/rules.yml", "Permission denied")
