"""What can be wrong with a command line itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError

__all__ = ["AuthoritiesUnread", "WrongUsage"]


@dataclass(eq=False)
class AuthoritiesUnread(EnvironmentLacks):
    """What pods are to trust beside the system's authorities is not there."""

    where: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        fact = "the certificate authorities to trust beside the system's cannot be read or joined with these"
        return Parts(
            fact, self.where, self.reason, "let NOTESHIP_AUTHORITIES name a file of PEM certificates, or unset it"
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("/etc/noteship/authorities.pem", "No such file or directory")


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
