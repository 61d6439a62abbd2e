"""What Prometheus is to reckon by itself, so that alerts can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from noteship.alerting.declared import Declared

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """A series that is reckoned from others, called level:metric:operations. `is_slow`: it looks at days."""

    name: str
    expression: str
    is_slow: bool = False

    def to_rule(self, declared: Declared) -> dict[str, Any]:
        """As a rules file has it."""
        labels = {"release": declared.release, "model": declared.model}
        return {"record": self.name, "expr": self.expression, "labels": labels}

    def now(self, declared: Declared) -> str:
        """Its series of this model."""
        return declared.series(self.name)

    def ago(self, declared: Declared, days: int) -> str:
        """The same some days ago."""
        return f"{self.now(declared)} offset {days}d"
