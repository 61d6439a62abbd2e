"""A contract as the text of its file: a fixed order, and beside the bounds what was seen in the good run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from noteship import digests
from noteship.contracts.contract import Bounds, ColumnContract, Contract, rule_name

__all__ = ["is_as_inferred", "written"]

COLUMN_RULES = ("type", "optional", "missing", "range", "categories", "length", "pattern", "unique", "distinct")
# The last line of a file that noteship wrote: the first 16 digits of the SHA-256 of all text before it.
MARK = "# as inferred: "
MARK_DIGITS = 16


def written(contract: Contract, seen: Mapping[str, str] = {}) -> str:
    """The text of a contract's file, which ends with a mark that tells whether it was changed by hand since."""
    lines = [f"# What {contract.file} has to look like. A line that is taken out is not asked any more."]
    lines += _of_file(contract, seen)
    for column in contract.columns:
        lines += ["", f"[{rule_name(column.name)}]", *_of_column(column, contract, seen)]
    text = "\n".join(lines) + "\n"
    return f"{text}\n{MARK}{_digits(text)}\n"


def is_as_inferred(text: str) -> bool:
    """Whether a contract's text is as noteship wrote it, byte by byte."""
    body, found, mark = text.rpartition(f"\n{MARK}")
    return bool(found) and mark.strip() == _digits(body)


def _digits(text: str) -> str:
    return digests.of_bytes(text.encode())[:MARK_DIGITS]


def _of_file(contract: Contract, seen: Mapping[str, str]) -> Iterator[str]:
    yield f"file = {_value(contract.file)}"
    yield f"severity = {_value(contract.severity)}"
    rules: dict[str, Any] = {}
    if contract.rows:
        rules["rows"] = contract.rows
    if contract.key:
        rules["key"] = contract.key
    if contract.duplicates is not None:
        rules["duplicates"] = {"most": contract.duplicates}
    if contract.freshness:
        rules["freshness"] = {"column": contract.freshness.column, "most": contract.freshness.written}
    if contract.closed:
        rules["closed"] = True
    for name, value in rules.items():
        yield _line(name, value, contract.severities.get(name, ""), seen.get(name, ""))
    if contract.leave_out:
        yield f"leave_out = {_value(contract.leave_out)}"


def _of_column(column: ColumnContract, contract: Contract, seen: Mapping[str, str]) -> Iterator[str]:
    name = rule_name(column.name)
    if severity := contract.severities.get(name):
        yield f"severity = {_value(severity)}"
    for rule in COLUMN_RULES:
        value = getattr(column, rule)
        if value is not None and value is not False:
            dotted = f"{name}.{rule}"
            yield _line(rule, value, contract.severities.get(dotted, ""), seen.get(dotted, ""))


def _line(rule: str, value: Any, severity: str, seen: str) -> str:
    comment = f"  # {seen}" if seen else ""
    if not severity:
        return f"{rule} = {_value(value)}{comment}"
    table = value if isinstance(value, dict) else _sides(value) if isinstance(value, Bounds) else {"is": value}
    return f"{rule} = {_value({**table, 'severity': severity})}{comment}"


def _sides(bounds: Bounds) -> dict[str, Any]:
    sides = {"min": bounds.least, "max": bounds.most}
    return {name: value for name, value in sides.items() if value is not None}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Bounds):
        return _value([value.least, value.most]) if len(_sides(value)) == 2 else _value(_sides(value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return "0" if value == 0 else repr(value)


def _text(value: str) -> str:
    """A text; a literal one where that saves it from doubled backslashes."""
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    # JSON's escapes are TOML's, but for those beyond 16 bits, which are not needed, and for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
