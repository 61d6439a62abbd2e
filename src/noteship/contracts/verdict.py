"""What came of a check: a finding for each rule, of plain values, so that it can be kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from noteship.contracts.contract import Severity

__all__ = ["Example", "Finding", "Verdict"]


@dataclass(frozen=True)
class Example:
    """A row that breaks a rule: its number from 0, and values as texts, foreign ones made plain and cut."""

    row: int
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        told = ", ".join(f"{name} = {value}" for name, value in self.values)
        return f"row {self.row}" + (f": {told}" if told else "")


@dataclass(frozen=True)
class Finding:
    """What came of one rule.

    `said` is what the rule asks in words and `seen` what there is; `bad` of `of` rows do not keep it, where it is about
    rows. `state` is "unchecked" where another breach makes the question vain, or there are no rows yet.
    """

    rule: str
    column: str
    said: str
    state: str
    severity: Severity
    bad: int = 0
    of: int = 0
    seen: str = ""
    examples: tuple[Example, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether the rule is broken."""
        return self.state == "broken"

    def sentence(self) -> str:
        """The breach in words."""
        about = f"{self.column}: " if self.column else ""
        is_said = self.said in self.seen or (not self.column and self.rule.startswith("columns."))
        return f"{about}{self.seen}" + ("" if is_said else f" ({self.said})")

    def to_json(self) -> dict[str, Any]:
        """As a plain value; the values of an example are a list, since their order says what is told first."""
        examples = [{"row": each.row, "values": [list(pair) for pair in each.values]} for each in self.examples]
        return {**vars(self), "examples": examples}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Finding:
        """From its plain value."""
        examples = tuple(
            Example(int(each["row"]), tuple((str(name), str(shown)) for name, shown in each["values"]))
            for each in value["examples"]
        )
        return cls(**{**value, "examples": examples})


@dataclass(frozen=True)
class Verdict:
    """What came of one file. `newest` is the time that freshness is about, in ISO 8601 and UTC, if it is asked."""

    file: str
    rows: int
    findings: tuple[Finding, ...]
    newest: str = ""

    def broken(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of broken rules of that severity."""
        return tuple(each for each in self.findings if each.is_broken and each.severity == severity)

    def unchecked(self) -> Verdict:
        """The same rules, of which none was looked at."""
        rest = (replace(each, state="unchecked", bad=0, seen="", examples=()) for each in self.findings)
        return replace(self, findings=tuple(rest))

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        findings = [each.to_json() for each in self.findings]
        return {"file": self.file, "rows": self.rows, "newest": self.newest, "findings": findings}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Verdict:
        """From its plain value. Raises: KeyError, TypeError, ValueError, AttributeError."""
        findings = tuple(Finding.from_json(each) for each in value["findings"])
        return cls(str(value["file"]), int(value["rows"]), findings, str(value["newest"]))
