"""The rules of a column as questions to a table: which rows do not keep them, in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from noteship import tabular
from noteship.contracts import plainly
from noteship.contracts.contract import Bounds, ColumnContract, rule_name

__all__ = ["Question", "fit_of", "missing_question", "of_values", "type_question"]

# How SQL calls a plain type that texts may be meant to be.
CASTS = {"whole": "BIGINT", "number": "DOUBLE", "bool": "BOOLEAN", "date": "DATE", "time": "TIMESTAMP"}
# What a type takes beside itself without a look at values.
WIDER = {"number": "whole", "time": "date"}
# What it takes where each value is one of it: whole numbers beside missing ones are kept as others, dates as times.
IF_ALL = {"whole": ("number", "{0} <> trunc({0}) OR isinf({0})"), "date": ("time", "{0} <> date_trunc('day', {0})")}


@dataclass(frozen=True)
class Question:
    """Which rows break a rule: those of which `bad` holds, with the values for its `?`.

    `said` is what the rule asks, `are` what rows that break it are, `most` the share of them that there may be.
    """

    rule: str
    column: str
    bad: str
    said: str
    are: str
    given: tuple[object, ...] = ()
    most: float = 0.0

    @property
    def counted(self) -> str:
        """How many rows break it, in SQL."""
        return f"count_if({self.bad})" if self.bad else "0"


def fit_of(wanted: str | None, column: tabular.Column, *, typed: bool) -> Literal["fits", "by value", "other"]:
    """How a column's type fits: whatever its values are, if all of them do, or not."""
    if wanted is None or wanted == column.type or WIDER.get(wanted) == column.type:
        return "fits"
    if wanted == "text" and not typed:
        return "fits"
    return "by value" if IF_ALL.get(wanted, ("",))[0] == column.type else "other"


def type_question(contract: ColumnContract, column: tabular.Column, *, typed: bool) -> Question:
    """Which values are not of the type: all that are there, where the type is quite another one."""
    wanted, quoted = contract.type or column.type, tabular.identifier(column.name)
    bad, are = f"{quoted} IS NOT NULL", f"of type {column.type}"
    fit = fit_of(wanted, column, typed=typed)
    if fit == "fits":
        bad = ""
    elif fit == "by value":
        bad, are = IF_ALL[wanted][1].format(quoted), f"no {wanted}"
    elif column.type == "text" and wanted in CASTS and not typed:
        # One wrong value in a file of texts makes texts of all: only that value is wrong.
        bad = f"{quoted} IS NOT NULL AND TRY_CAST({quoted} AS {CASTS[wanted]}) IS NULL"
        are = f"no {wanted}"
    return Question(rule_name(contract.name, "type"), contract.name, bad, f"type {wanted}", are)


def missing_question(contract: ColumnContract, most: float) -> Question:
    """Which rows have no value."""
    said = f"missing in at most {plainly.share(most)}" if most else "never missing"
    rule = rule_name(contract.name, "missing")
    bad = f"{tabular.identifier(contract.name)} IS NULL"
    return Question(rule, contract.name, bad, said, "missing", most=most)


def of_values(contract: ColumnContract, column: tabular.Column) -> Iterator[Question]:
    """The questions to the values of a column whose type fits, in the order in which they are told."""
    name, quoted = contract.name, tabular.identifier(contract.name)
    if contract.type == "text" and column.type != "text":
        quoted = f"CAST({quoted} AS VARCHAR)"
    if contract.range:
        bad, given = _outside(quoted, contract.range)
        said = plainly.allowed(contract.range)
        yield Question(rule_name(name, "range"), name, bad, said, f"not {said}", given)
    if contract.categories:
        bad = f"{quoted} NOT IN ({', '.join('?' for _ in contract.categories)})"
        said = f"one of {plainly.listed(contract.categories)}"
        yield Question(rule_name(name, "categories"), name, bad, said, "of no category", contract.categories)
    if contract.length:
        bad, given = _outside(f"length({quoted})", contract.length)
        said = f"{plainly.allowed(contract.length)} characters long"
        yield Question(rule_name(name, "length"), name, bad, said, f"not {said}", given)
    if contract.pattern:
        bad = f"NOT regexp_full_match({quoted}, {tabular.text(contract.pattern)})"
        said = f"of the pattern {plainly.plain(contract.pattern)}"
        yield Question(rule_name(name, "pattern"), name, bad, said, f"not {said}")


def _outside(expression: str, bounds: Bounds) -> tuple[str, tuple[object, ...]]:
    sides = [(sign, value) for sign, value in (("<", bounds.least), (">", bounds.most)) if value is not None]
    return " OR ".join(f"{expression} {sign} ?" for sign, _ in sides), tuple(value for _, value in sides)
