"""What Prometheus is to reckon by itself, so that alerts can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from noteship.alerting.declared import Declared

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """A series that is reckoned from others: of a level, a metric, and what was done to it."""

    name: str
    expression: str

    def to_rule(self, declared: Declared) -> dict[str, Any]:
        """As a rules file has it."""
        labels = {"release": declared.release, "model": declared.model}
        return {"record": self.name, "expr": self.expression, "labels": labels}

    def now(self, declared: Declared) -> str:
        """Its series of this model."""
        return declared.series(self.name)

    def a_day_ago(self, declared: Declared) -> str:
        """The same a day ago."""
        return f"{self.now(declared)} offset 1d"
