"""What can be wrong with the files that an evaluator is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, cut

__all__ = ["UnusableFile"]


@dataclass(eq=False)
class UnusableFile(UsageError):
    """A file with a token, or with a certificate and its key, cannot be used."""

    purpose: str
    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the file with {self.purpose} cannot be used",
            where=cut(self.path),
            nearest=cut(self.reason),
            remedy="name a file that can be read: a token on one line, or a certificate and its own key in PEM",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("the token", "/etc/noteship/observe-token", "No such file or directory")
