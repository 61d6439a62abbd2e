"""What can be wrong where the rooms meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError

__all__ = ["BadParameter", "UnknownStageSetting"]


@dataclass(eq=False)
class UnknownStageSetting(UsageError):
    """`noteship.toml` has a `[stage.NAME]` for a stage that there is not."""

    name: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"noteship.toml has [stage.{self.name}], and there is no such stage",
            where="noteship.toml",
            nearest=self.near,
            remedy="correct the name, or delete the section; `noteship graph` lists the stages",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-trian", "04-train")


@dataclass(eq=False)
class BadParameter(UsageError):
    """A `--set` that is not STAGE.NAME=VALUE."""

    text: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--set {self.text}: {self.reason}",
            remedy="write it as STAGE.NAME=VALUE, for example --set 04-train.depth=8",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("depth=8", "it names no stage")
