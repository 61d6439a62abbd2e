"""What goes wrong when a page is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts

__all__ = ["PlottingMissing"]


@dataclass(eq=False)
class PlottingMissing(EnvironmentLacks):
    """The library that draws is not installed."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "a report cannot be drawn: matplotlib is not installed",
            nearest="services need no plots, so what is installed for them has none",
            remedy="install it (pip install matplotlib), or draw the report where noteship has all that it depends on",
        )

    @classmethod
    def example(cls) -> Self:
        """For the page of errors."""
        return cls()
