"""One alert, before it is written as a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship.alerting.declared import Declared, span

__all__ = ["Alert"]

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class Alert:
    """A condition in PromQL, how long it has to hold, and what is said to a person.

    - severity: critical, somebody is to look now; warning, today; info, whenever something else asks for it
    - summary, description, runbook: what is said in one line, what it means, and what to do
    """

    name: str
    severity: Severity
    condition: str
    summary: str
    description: str
    runbook: str
    held_s: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    def to_rule(self, declared: Declared) -> dict[str, Any]:
        """As a rules file has it."""
        return {
            "alert": self.name,
            "expr": self.condition,
            **({"for": span(self.held_s)} if self.held_s else {}),
            "labels": {
                "severity": self.severity,
                "release": declared.release,
                "model": declared.model,
                **self.labels,
            },
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook": self.runbook,
                "dashboard": f"/d/{declared.uid}",
            },
        }
