"""Rows that are there more than once: as a whole, but for an answer, or in another part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noteship.tabular.column import row_hash
from noteship.tabular.engine import Table
from noteship.tabular.surveys.columns import Counted
from noteship.tabular.surveys.sql import NUMBERED, ROW, select, within

__all__ = ["Repeats", "hashed", "is_chance", "repeats", "rows_of"]

MOST_SHOWN = 6
PAIRS = "sum(c * (c - 1.0) / 2)"
# Of columns with the most values: those with few say less of whether rows are equal by chance.
MOST_TRIED = 6
# Columns of one row depend on each other, so that equals are more frequent than independent ones would be.
SLACK = 3.0
# A column whose values mostly come once seems to say all of the others.
REPEATED = 0.5
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
    """A row's values in these columns as 64 bits; of none, all rows are the same."""
    return row_hash(map(table.column, columns)) if columns else "hash(0)"


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


def is_chance(table: Table, columns: Sequence[str], counted: Sequence[Counted], of: str = "rows") -> bool:
    """Whether so many equal rows can be there because there are only so many different ones.

    For each of the columns with the most values: pairs of rows that differ in it and in nothing else, times the odds
    that two different rows are equal in it, is what chance would make. More than three times that is not chance. What a
    column says of others, as a product of its price, goes with it; where it says all, a row is one of so many products,
    and nothing tells whether two are one. `of`: the table or question that has the rows.
    """
    row = hashed(table, columns)
    if _is_crowded(table, row, of):
        return True
    pairs = _pairs(table, row, of)
    by_name = {each.name: each for each in counted}
    tried = sorted((by_name[name] for name in columns), key=lambda each: -each.distinct)[:MOST_TRIED]
    different = _one(table, select(f"count(DISTINCT {row})", of))
    for each in tried:
        others = _not_said_by(table, each, columns, of)
        if not others and len(columns) > 1:
            return True
        among = within(select(f"count(DISTINCT {row}) AS c", of, f"GROUP BY {table.quoted(each.name)}"))
        alike = _one(table, select(PAIRS, among))
        unlike = different * (different - 1) / 2 - alike
        odds = alike / unlike if unlike > 0 else 1.0
        expected = SLACK * odds * (_pairs(table, hashed(table, others), of) - pairs)
        if pairs <= expected + 3 * expected**0.5:
            return True
    return False


def _not_said_by(table: Table, column: Counted, columns: Sequence[str], of: str) -> list[str]:
    """The columns that have several values for one of this column's, where that comes again often enough to tell."""
    others = [name for name in columns if name != column.name]
    if not others or column.distinct > REPEATED * column.rows:
        return others
    every = [hashed(table, [column.name]), *(hashed(table, [column.name, name]) for name in others)]
    asked = table.arrow(select(", ".join(f"count(DISTINCT {each}) AS c{at}" for at, each in enumerate(every)), of))
    own, *pairs = (int(asked.column(at)[0].as_py()) for at in range(len(every)))
    return [name for name, number in zip(others, pairs, strict=True) if number > own]


def _is_crowded(table: Table, row: str, of: str) -> bool:
    """Whether a few rows make up the table, some more often than others: a table copied as a whole has all as often."""
    among = within(select("count(*) AS c", of, f"GROUP BY {row}"))
    different, rows, least, most = (
        column[0].as_py() for column in table.arrow(select("count(*), sum(c), min(c), max(c)", among)).columns
    )
    return bool(different <= CROWDED * float(rows) and least < most)


def _pairs(table: Table, row: str, of: str) -> float:
    return _one(table, select(PAIRS, within(select("count(*) AS c", of, f"GROUP BY {row}"))))


def _one(table: Table, question: str) -> float:
    return float(table.arrow(question).column(0)[0].as_py() or 0)


def rows_of(table: Table, condition: str, *given: object, most: int = MOST_SHOWN) -> tuple[int, ...]:
    """The numbers of the first rows for which a condition holds."""
    found = table.arrow(select(ROW, NUMBERED, f"WHERE {condition} ORDER BY {ROW} LIMIT {most}"), *given)
    return tuple(int(each) for each in found.column(0).to_pylist())
