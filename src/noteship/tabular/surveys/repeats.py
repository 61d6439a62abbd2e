"""Rows that are there more than once: as a whole, but for an answer, or in another part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noteship.tabular.engine import Table
from noteship.tabular.surveys.columns import Counted
from noteship.tabular.surveys.sql import NUMBERED, ROW, select, within

__all__ = ["Repeats", "hashed", "is_chance", "repeats", "rows_of"]

MOST_SHOWN = 6
PAIRS = "sum(c * (c - 1.0) / 2)"
# Of columns with the most values: those with few say less of whether rows are equal by chance.
MOST_TRIED = 6
# Columns of one row depend on each other, so that equals are more frequent than independent ones would be.
SLACK = 5.0
# Columns that are one in several, as flags of a country are, cannot be told apart one by one.
CROWDED = 0.2


@dataclass(frozen=True)
class Repeats:
    """copies: rows beyond the first of each; numbers: of some, equals beside each other; is_chance: see `is_chance`."""

    copies: int
    groups: int
    numbers: tuple[int, ...] = ()
    is_chance: bool = False


def hashed(table: Table, columns: Sequence[str]) -> str:
    """A row's values in these columns as 64 bits.

    That two different ones of n rows have the same has a probability of n² / 2⁶⁵: one in 10⁷ for a million rows.
    """
    return f"hash({', '.join(table.quoted(name) for name in columns)})" if columns else "hash(0)"


def repeats(table: Table, columns: Sequence[str], counted: Sequence[Counted]) -> Repeats:
    """Rows that are equal in these columns, of which those with one value only do not count.

    Cost: one pass, and a dozen where there are any.
    """
    several = {each.name for each in counted if each.distinct > 1}
    columns = [name for name in columns if name in several]
    # Where one column tells all rows apart, nothing has to be asked.
    if not columns or any(each.is_unique and each.name in columns for each in counted):
        return Repeats(0, 0)
    row = hashed(table, columns)
    every, different = table.ask(f"count(*), count(DISTINCT {row})")[0]
    copies = int(every) - int(different)
    if not copies:
        return Repeats(0, 0)
    again = within(select(f"{row} AS h", rest="GROUP BY 1 HAVING count(*) > 1"))
    groups = int(table.arrow(select("count(*)", again)).column(0)[0].as_py())
    hashes = within(select(f"{row} AS h, {ROW}", NUMBERED))
    counts = within(select(f"{ROW}, h, count(*) OVER (PARTITION BY h) AS c", hashes))
    firsts = within(select(f"{ROW}, c, min({ROW}) OVER (PARTITION BY h) AS first", counts, "WHERE c > 1"))
    found = table.arrow(select(ROW, firsts, f"ORDER BY c DESC, first, {ROW} LIMIT {MOST_SHOWN}"))
    numbers = tuple(int(each) for each in found.column(0).to_pylist())
    return Repeats(copies, groups, numbers, is_chance(table, columns, counted))


def is_chance(table: Table, columns: Sequence[str], counted: Sequence[Counted]) -> bool:
    """Whether so many equal rows can be there because there are only so many different ones.

    For each of the columns with the most values: pairs of rows that differ in it and in nothing else, times the odds
    that two different rows are equal in it, is what chance would make. More than five times that is not chance.
    """
    if _is_crowded(table, hashed(table, columns)):
        return True
    pairs = _pairs(table, hashed(table, columns))
    by_name = {each.name: each for each in counted}
    tried = sorted((by_name[name] for name in columns), key=lambda each: -each.distinct)[:MOST_TRIED]
    different = table.ask(f"count(DISTINCT {hashed(table, columns)})")[0][0]
    for each in tried:
        others = [name for name in columns if name != each.name]
        each_of = f"GROUP BY {table.quoted(each.name)}"
        among = within(select(f"count(DISTINCT {hashed(table, columns)}) AS c", rest=each_of))
        alike = float(table.arrow(select(PAIRS, among)).column(0)[0].as_py() or 0)
        unlike = different * (different - 1) / 2 - alike
        odds = alike / unlike if unlike > 0 else 1.0
        expected = SLACK * odds * (_pairs(table, hashed(table, others)) - pairs)
        if pairs <= expected + 3 * expected**0.5:
            return True
    return False


def _is_crowded(table: Table, row: str) -> bool:
    """Whether a few rows make up the table, some more often than others: a table copied as a whole has all as often."""
    among = within(select("count(*) AS c", rest=f"GROUP BY {row}"))
    different, rows, least, most = (
        column[0].as_py() for column in table.arrow(select("count(*), sum(c), min(c), max(c)", among)).columns
    )
    return bool(different <= CROWDED * float(rows) and least < most)


def _pairs(table: Table, row: str) -> float:
    among = within(select("count(*) AS c", rest=f"GROUP BY {row}"))
    return float(table.arrow(select(PAIRS, among)).column(0)[0].as_py() or 0)


def rows_of(table: Table, condition: str, *given: object, most: int = MOST_SHOWN) -> tuple[int, ...]:
    """The numbers of the first rows for which a condition holds."""
    found = table.arrow(select(ROW, NUMBERED, f"WHERE {condition} ORDER BY {ROW} LIMIT {most}"), *given)
    return tuple(int(each) for each in found.column(0).to_pylist())
