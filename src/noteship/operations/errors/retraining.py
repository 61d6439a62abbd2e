"""What can stand in the way of learning a model anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError

__all__ = ["NothingScheduled", "NothingToRetrain"]


@dataclass(eq=False)
class NothingScheduled(UsageError):
    """Nothing is to begin by the clock, and nothing does."""

    named: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"nothing of {self.named} begins by the clock",
            where="noteship.toml",
            nearest="neither [kubernetes.run] schedule nor [retrain] says when",
            remedy='write one of them, such as schedule = "15 3 * * *" in [kubernetes.run]',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a")


@dataclass(eq=False)
class NothingToRetrain(UsageError):
    """A project that makes no bundle has no model to learn anew."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "there is no model to learn anew: the project makes no bundle",
            where="[service] in noteship.toml",
            remedy="name the model's steps there; noteship run proposes them",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()
