"""What can be wrong with a command line itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError

__all__ = ["WrongUsage"]


@dataclass(eq=False)
class WrongUsage(UsageError):
    """Words on the command line that make no sense."""

    fact: str
    try_instead: str
    near: str = ""
    where: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(self.fact, self.where, self.near, self.try_instead)

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("there is no verb 'rnu'", "noteship --help", "run")
