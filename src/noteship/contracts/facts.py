"""What inferring a contract asks of a table, of many columns at a time: each question is a pass over the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from noteship import tabular
from noteship.contracts import room

__all__ = ["RANGED", "Facts", "counts_of", "ends_of", "facts_of"]

# By what was asked: present, distinct, infinite; least, low, high, greatest; first, last.
Facts = dict[str, Any]
RANGED = ("whole", "number")
# What is reckoned of a column takes memory until the pass ends; of more, the engine's own planning takes longer.
COLUMNS_AT_ONCE = 200
# The outermost values that are asked for.
ENDS = 3
SIDES = {"first": ("least", "low", "min", ">"), "last": ("greatest", "high", "max", "<")}


def facts_of(table: tabular.Table) -> dict[str, Facts]:
    """What is told of each column, by name: one pass."""
    rank = min(room.tail_rank(table.rows), max(table.rows, 1))
    facts: dict[str, Facts] = {}
    for columns in _batches(table.columns):
        asked = [(column.name, what, sql) for column in columns for what, sql in _aggregates(column, rank)]
        (answers,) = table.ask(", ".join(sql for _, _, sql in asked))
        for (name, what, _), answer in zip(asked, answers, strict=True):
            facts.setdefault(name, {})[what] = answer
    return facts


def counts_of(table: tabular.Table, columns: Sequence[tabular.Column]) -> dict[str, dict[str, int]]:
    """How often columns of few texts have each of these: one pass."""
    found: dict[str, dict[str, int]] = {}
    for some in _batches(columns):
        (answers,) = table.ask(", ".join(f"histogram({tabular.identifier(column.name)})" for column in some))
        found |= {column.name: dict(answer or {}) for column, answer in zip(some, answers, strict=True)}
    return found


def ends_of(
    table: tabular.Table, columns: Collection[tabular.Column], facts: Mapping[str, Facts]
) -> dict[tuple[str, str], room.Ends]:
    """By column and side the outermost values with their rows, where the one at the rank is the end: three passes."""
    at = {
        (column, side): facts[column.name][end]
        for column in columns
        for side, (end, rank, _, _) in SIDES.items()
        if facts[column.name][end] == facts[column.name][rank]
    }
    found: dict[tuple[str, str], list[tuple[float, int]]] = {(column.name, side): [] for column, side in at}
    for number in range(ENDS):
        following = {}
        for some in _batches(list(at)):
            asked = ", ".join(_end(column, side, is_last=number == ENDS - 1) for column, side in some)
            values = [at[each] for each in some]
            (answers,) = table.ask(asked, *(value for value in values for _ in range(1 + (number < ENDS - 1))))
            for each, value, rows, beside in zip(some, values, answers[::2], answers[1::2], strict=True):
                found[each[0].name, each[1]].append((float(value), int(rows)))
                following[each] = beside
        at = {each: beside for each, beside in following.items() if beside is not None}
    return {each: tuple(ends) for each, ends in found.items()}


def _end(column: tabular.Column, side: str, *, is_last: bool) -> str:
    """How many rows have a value, and which one is beside it."""
    measured, (_, _, best, beyond) = _measured(column), SIDES[side]
    # A FILTER would be quicker to read, and is ten times slower for hundreds of columns.
    beside = "NULL" if is_last else f"{best}(CASE WHEN {measured} {beyond} ? THEN {measured} END)"
    return f"count_if({measured} = ?), {beside}"


def _batches(of: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (of[start : start + COLUMNS_AT_ONCE] for start in range(0, len(of), COLUMNS_AT_ONCE))


def _aggregates(column: tabular.Column, rank: int) -> Iterator[tuple[str, str]]:
    quoted = tabular.identifier(column.name)
    yield "present", f"count({quoted})"
    if column.type in ("text", "whole"):
        yield "distinct", f"approx_count_distinct({quoted})"
    if column.type == "number":
        yield "infinite", f"count_if(isinf(CAST({quoted} AS DOUBLE)))"
    measured = _measured(column)
    if column.type in ("text", "date", "time", *RANGED):
        yield "least", f"min({measured})"
        yield "greatest", f"max({measured})"
        # The one at that rank, or the last where there are fewer.
        yield "low", f"list_last(min({measured}, {rank}))"
        yield "high", f"list_last(max({measured}, {rank}))"


def _measured(column: tabular.Column) -> str:
    quoted = tabular.identifier(column.name)
    return f"length({quoted})" if column.type == "text" else quoted
