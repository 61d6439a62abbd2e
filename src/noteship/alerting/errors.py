"""What goes wrong when rules and dashboards are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts

__all__ = ["NotWritten"]


@dataclass(eq=False)
class NotWritten(EnvironmentLacks):
    """A file of rules, or a dashboard, cannot be written where it was asked for."""

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
