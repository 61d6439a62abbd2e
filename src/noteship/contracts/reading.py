"""A contract's file read into its values, every key and value checked, every fault with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from noteship.contracts import values
from noteship.contracts.contract import ColumnContract, Contract, Severity, rule_name
from noteship.contracts.contradictions import contradictions
from noteship.contracts.errors import BadRule, ContractUnreadable, RulesContradict, UnknownRule
from noteship.nearest import nearest
from noteship.toml_lines import Source

__all__ = ["read"]

Parse = Callable[[object], Any]
FILE_RULES: dict[str, Parse] = {
    "rows": values.counts,
    "duplicates": values.share,
    "key": values.names,
    "freshness": values.freshness,
    "closed": values.truth,
}
SAID: dict[str, Parse] = {"file": values.text, "severity": values.severity, "leave_out": values.names}
COLUMN_RULES: dict[str, Parse] = {
    "type": values.type_name,
    "missing": values.share,
    "range": values.bounds,
    "categories": values.values,
    "length": values.counts,
    "pattern": values.pattern,
    "unique": values.truth,
    "distinct": values.counts,
}
COLUMN_SAID: dict[str, Parse] = {"optional": values.truth, "severity": values.severity}
# In a rule's table beside its severity: the value itself, under the name that reads best.
INNER = ("is", "most")


def read(path: str, text: str) -> Contract:
    """The contract that a text is; `path` is how messages call it.

    Raises: ContractUnreadable, UnknownRule, BadRule, RulesContradict.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractUnreadable(path, str(error)) from error
    contract = _Reading(Source(path, text)).contract(table)
    for rule, fact, remedy in contradictions(contract):
        raise RulesContradict(fact, contract.place(rule), remedy)
    return contract


@dataclass
class _Reading:
    source: Source
    severities: dict[str, Severity] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def contract(self, table: Mapping[str, Any]) -> Contract:
        found = self._table({k: v for k, v in table.items() if k != "columns"}, "", {**SAID, **FILE_RULES}, SAID)
        if "file" not in found:
            raise BadRule("file", self.source.name, 'a file, such as file = "data/messages.parquet"', "missing")
        columns = table.get("columns", {})
        if not isinstance(columns, dict):
            raise BadRule("columns", self.source.place("columns"), "tables such as [columns.age]", repr(columns))
        read = tuple(self._column(name, each) for name, each in columns.items())
        return Contract(
            **{**found, "file": PurePosixPath(found["file"]).as_posix()},
            columns=read,
            severities=self.severities,
            lines=self.lines,
            path=self.source.name,
        )

    def _column(self, name: str, table: object) -> ColumnContract:
        dotted = rule_name(name)
        self._note(dotted)
        if not isinstance(table, dict):
            raise BadRule(dotted, self.source.place(dotted), 'a table such as { type = "whole" }', repr(table))
        found = self._table(table, dotted, {**COLUMN_SAID, **COLUMN_RULES}, COLUMN_SAID)
        if "severity" in found:
            self.severities[dotted] = found.pop("severity")
        return ColumnContract(name, **found)

    def _table(
        self, table: Mapping[str, Any], within: str, known: Mapping[str, Parse], said: Mapping[str, Parse]
    ) -> dict[str, Any]:
        found = {}
        for key, value in table.items():
            dotted = f"{within}.{key}" if within else key
            self._note(dotted)
            if key not in known:
                beside = (*known, "columns") if not within else tuple(known)
                raise UnknownRule(dotted, self.source.place(dotted), nearest(key, beside), tuple(sorted(beside)))
            try:
                bare = value if key in said else self._without_severity(dotted, value)
                found[key] = known[key](bare)
            except ValueError as error:
                raise BadRule(dotted, self.source.place(dotted), str(error), repr(value)) from error
        return found

    def _without_severity(self, rule: str, value: object) -> object:
        """A rule's value, taken out of its table if it has one for the sake of a severity."""
        if not isinstance(value, dict):
            return value
        rest = dict(value)
        if "severity" in rest:
            self.severities[rule] = values.severity(rest.pop("severity"))
        (only, *more) = rest or ("",)
        return rest[only] if only in INNER and not more else rest

    def _note(self, dotted: str) -> None:
        if line := self.source.line(dotted):
            self.lines[dotted] = line
