"""The rules of a column as questions to a table: which rows do not keep them, in SQL."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from noteship import tabular
from noteship.contracts import plainly
from noteship.contracts.contract import Bounds, ColumnContract, rule_name

__all__ = ["Question", "missing_question", "of_values", "type_question", "types_asked", "values_as"]

# Texts of a file of texts as the values of a type that they may be meant to be; missing where one is none.
CASTS = {
    "whole": "CASE WHEN TRY_CAST({0} AS DOUBLE) = trunc(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS HUGEINT) END",
    "number": "TRY_CAST({0} AS DOUBLE)",
    "bool": tabular.said_truth("{0}"),
    "date": "TRY_CAST({0} AS DATE)",
    "time": tabular.moment("{0}"),
}
# What is said of a value that is none of a type.
NONE = {
    "whole": "no whole number",
    "number": "no number",
    "bool": "neither true nor false",
    "date": "no date",
    "time": "no time",
}
# What a type takes beside itself without a look at values.
WIDER = {"number": "whole", "time": "date"}
# What it takes where each value is one of it: whole numbers beside missing ones are kept as others, dates as times.
IF_ALL = {"whole": ("number", "{0} <> trunc({0}) OR isinf({0})"), "date": ("time", "{0} <> date_trunc('day', {0})")}


@dataclass(frozen=True)
class Question:
    """Which rows break a rule: those of which `bad` holds, with the values for its `?`.

    `said` is what the rule asks, `are` what rows that break it are, `most` the share of them that there may be. Where
    one wrong value made a whole column break it, `culprits` are the rows with such values.
    """

    rule: str
    column: str
    bad: str
    said: str
    are: str
    given: tuple[object, ...] = ()
    most: float = 0.0
    culprits: str = ""

    @property
    def counted(self) -> str:
        """How many rows break it, in SQL."""
        return f"count_if({self.bad})" if self.bad else "0"


def types_asked(contract: ColumnContract) -> dict[str, str]:
    """By rule of values the type that it is of: the column's own, or where that is not said, what its value tells."""
    asked = {}
    if contract.range:
        asked["range"] = _type_of(contract.range.most if contract.range.least is None else contract.range.least)
    if contract.categories:
        asked["categories"] = _type_of(contract.categories[0])
    asked |= {rule: "text" for rule in ("length", "pattern") if getattr(contract, rule)}
    return {rule: contract.type or type_name for rule, type_name in asked.items()}


def values_as(wanted: str, column: tabular.Column, *, typed: bool) -> str:
    """A column's values as ones of a type, in SQL: empty where they are of quite another one."""
    quoted = tabular.identifier(column.name)
    if column.type in (wanted, WIDER.get(wanted), IF_ALL.get(wanted, ("",))[0]):
        return quoted
    if typed:
        return ""
    if wanted == "text":
        return f"CAST({quoted} AS VARCHAR)"
    # One wrong value in a file of texts makes texts of all: only that value is wrong.
    return CASTS[wanted].format(quoted) if column.type == "text" and wanted in CASTS else ""


def type_question(contract: ColumnContract, column: tabular.Column, *, typed: bool) -> Question:
    """Which values are not of the type: all that are there, where the type is quite another one."""
    wanted, quoted = contract.type or column.type, tabular.identifier(column.name)
    values = values_as(wanted, column, typed=typed)
    there = f"{quoted} IS NOT NULL"
    bad, are, culprits = there, f"of type {column.type}", ""
    if IF_ALL.get(wanted, ("",))[0] == column.type:
        bad, are = IF_ALL[wanted][1].format(quoted), NONE[wanted]
    elif values == quoted or (values and wanted == "text"):
        bad = ""
    elif values:
        bad, are = f"{there} AND {values} IS NULL", NONE[wanted]
    elif column.type == "text" and wanted in CASTS:
        culprits = f"{there} AND {CASTS[wanted].format(quoted)} IS NULL"
    return Question(rule_name(contract.name, "type"), contract.name, bad, f"type {wanted}", are, culprits=culprits)


def missing_question(contract: ColumnContract, most: float) -> Question:
    """Which rows have no value."""
    said = f"missing in at most {plainly.share(most)}" if most else "never missing"
    rule = rule_name(contract.name, "missing")
    bad = f"{tabular.identifier(contract.name)} IS NULL"
    return Question(rule, contract.name, bad, said, "missing", most=most)


def of_values(contract: ColumnContract, column: tabular.Column, *, typed: bool) -> Iterator[Question]:
    """The questions to a column's values, in the order in which they are told.

    Where only the rule itself tells of a type, all values of quite another one break it.
    """
    for rule, wanted in types_asked(contract).items():
        values = values_as(wanted, column, typed=typed)
        bad, said, given = _of_rule(rule, contract, values)
        are = "of no category" if rule == "categories" else f"not {said}"
        quoted = tabular.identifier(column.name)
        if not values:
            bad, given, are = f"{quoted} IS NOT NULL", (), f"of type {column.type}"
        elif values != quoted and not contract.type:
            bad = f"({quoted} IS NOT NULL AND {values} IS NULL) OR {bad}"
        if column.sql_type == "FLOAT":
            given = tuple(_of_32_bits(each) for each in given)
        yield Question(rule_name(contract.name, rule), contract.name, bad, said, are, given)


def _of_rule(rule: str, contract: ColumnContract, values: str) -> tuple[str, str, tuple[object, ...]]:
    """Which values break a rule, what it asks, and the values for its `?`."""
    if rule == "range" and contract.range:
        bad, given = _outside(values, contract.range)
        return bad, plainly.allowed(contract.range), given
    if rule == "length" and contract.length:
        bad, given = _outside(f"length({values})", contract.length)
        return bad, f"{plainly.allowed(contract.length)} characters long", given
    if rule == "pattern" and contract.pattern:
        bad = f"NOT regexp_full_match({values}, {tabular.text(contract.pattern)})"
        return bad, f"of the pattern {plainly.plain(contract.pattern)}", ()
    given = contract.categories or ()
    return f"{values} NOT IN ({', '.join('?' for _ in given)})", f"one of {plainly.listed(given)}", given


def _outside(expression: str, bounds: Bounds) -> tuple[str, tuple[object, ...]]:
    sides = [(sign, value) for sign, value in (("<", bounds.least), (">", bounds.most)) if value is not None]
    return " OR ".join(f"{expression} {sign} ?" for sign, _ in sides), tuple(value for _, value in sides)


def _type_of(value: object) -> str:
    """The widest type that a value of TOML can be of."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, datetime.date):
        return "time"
    return "text" if isinstance(value, str) else "number"


def _of_32_bits(value: Any) -> Any:
    """A bound as a column of such numbers has it: 0.1 there is a little more than the 0.1 of 64 bits."""
    with suppress(OverflowError, struct.error):
        return struct.unpack("f", struct.pack("f", value))[0]
    return value
