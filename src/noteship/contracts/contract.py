"""A contract: what a data file must look like, as frozen values."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from noteship import digests

__all__ = ["TYPES", "Bounds", "ColumnContract", "Contract", "Freshness", "Severity", "Value", "rule_name"]

Severity = Literal["stop", "warn"]
Value = str | int | float | bool | datetime.date | datetime.datetime
TYPES = ("text", "whole", "number", "bool", "date", "time", "binary", "list", "other")
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# Goes up when the same contract would judge the same file otherwise: remembered verdicts then count no more.
VERSION = 3


@dataclass(frozen=True)
class Bounds:
    """From and to, both included; None is open."""

    least: Any = None
    most: Any = None

    def to_json(self) -> list[Any]:
        """As a plain value."""
        return [_plain(self.least), _plain(self.most)]


@dataclass(frozen=True)
class Freshness:
    """How old the newest value of a column may be when the file is used."""

    column: str
    most_s: float
    written: str


@dataclass(frozen=True)
class ColumnContract:
    """What is said of one column; what is None is not asked."""

    name: str
    type: str | None = None
    optional: bool = False
    missing: float | None = None
    range: Bounds | None = None
    categories: tuple[Value, ...] | None = None
    length: Bounds | None = None
    pattern: str | None = None
    unique: bool = False
    distinct: Bounds | None = None


@dataclass(frozen=True)
class Contract:
    """What is said of one file. `severities` are of single rules and columns, `lines` where each stands, by name."""

    file: str
    columns: tuple[ColumnContract, ...] = ()
    severity: Severity = "stop"
    rows: Bounds | None = None
    duplicates: float | None = None
    key: tuple[str, ...] = ()
    freshness: Freshness | None = None
    closed: bool = False
    leave_out: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    path: str = field(default="", compare=False)

    def leaving_out(self, names: Collection[str]) -> Contract:
        """With these, too, among the columns of which no value is shown."""
        return replace(self, leave_out=tuple(dict.fromkeys((*self.leave_out, *names))))

    def column(self, name: str) -> ColumnContract | None:
        """What is said of a column, if anything."""
        return next((each for each in self.columns if each.name == name), None)

    def severity_of(self, rule: str, column: str = "") -> Severity:
        """How grave a breach of a rule is: its own word, else its column's, else the contract's."""
        whole = self.severities.get(rule_name(column), self.severity) if column else self.severity
        return self.severities.get(rule, whole)

    def line(self, rule: str) -> int:
        """The line of a rule, or of the nearest thing above it that has one; 0 where the contract is in no file."""
        while rule not in self.lines and "." in rule:
            rule = rule.rpartition(".")[0]
        return self.lines.get(rule, 0)

    def place(self, rule: str) -> str:
        """File and line of a rule."""
        line = self.line(rule)
        return f"{self.path}, line {line}" if line else self.path

    @property
    def digest(self) -> digests.Digest:
        """SHA-256 of what it says, in canonical JSON (keys are the fields' names): comments and order do not count."""
        return digests.of_value({"contract": VERSION, **_plain_fields(self)})


def rule_name(column: str, rule: str = "") -> str:
    """The name of a column's rule, as a dotted key of TOML.

    >>> rule_name("age", "range"), rule_name("sepal length")
    ('columns.age.range', 'columns."sepal length"')
    """
    bare = column.isascii() and column.replace("_", "a").replace("-", "a").isalnum()
    quoted = column if bare else json.dumps(column, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"columns.{quoted}" + (f".{rule}" if rule else "")


def _plain_fields(contract: Contract) -> dict[str, Any]:
    fields = {name: _plain(value) for name, value in vars(contract).items() if name not in ("lines", "path", "columns")}
    columns = sorted(contract.columns, key=lambda each: each.name)
    fields["columns"] = [{name: _plain(value) for name, value in vars(each).items()} for each in columns]
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, Bounds):
        return value.to_json()
    if isinstance(value, Freshness):
        return [value.column, value.most_s]
    if isinstance(value, datetime.date):
        return {"time": value.isoformat()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value
