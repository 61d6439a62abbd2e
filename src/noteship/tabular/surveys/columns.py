"""What is counted of every column over all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from noteship.tabular.column import Column
from noteship.tabular.engine import Table

__all__ = ["Counted", "Role", "count", "is_empty"]

Role = Literal["number", "whole", "category", "text", "truth", "time", "other"]
# Where there are fewer rows, or so few values, different ones are counted exactly; else to some 3 % (HyperLogLog,
# Flajolet and others, 2007).
EXACT_ROWS, EXACT_VALUES = 200_000, 1_000
# A text is free text where values are long or hardly ever come again; else it is a category.
LONG_LETTERS, MOST_CATEGORIES, REPEATED, OFTEN = 40, 1_000, 0.5, 0.1
TOP = 12
# What is reckoned of a column takes memory until its question ends: some MB where different values are counted exactly.
COLUMNS_AT_ONCE, EXACT_AT_ONCE, VALUES_AT_ONCE = 200, 32, 4_000_000
# Trimming all of a million texts takes a second: only those that begin with a blank are.
BLANKS = "concat(' ', chr(9), chr(10), chr(13), chr(160))"


@dataclass(frozen=True)
class Counted:
    """One column over all rows.

    - role: what it is drawn as; "text" is free text, "category" a text that repeats itself
    - distinct: how many different values; `is_exact` says whether that is counted or estimated
    - low, high: the least and the greatest finite value, as numbers, or seconds since 1970 of times
    - infinite: how many numbers are
    - empty: how many texts are without a letter
    - mean_length, longest: in letters
    - top: the most frequent values as texts, with their rows
    """

    name: str
    role: Role
    sql_type: str
    rows: int
    missing: int
    distinct: int
    is_exact: bool
    low: float | None = None
    high: float | None = None
    infinite: int = 0
    empty: int = 0
    mean_length: float = 0.0
    longest: int = 0
    top: tuple[tuple[str, int], ...] = ()

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """Of all rows."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def has_classes(self) -> bool:
        """Whether it is told by how often each value is there: also where there are two numbers, as of a flag."""
        is_pair = self.role in ("whole", "number") and self.is_exact and self.distinct == 2
        return is_pair or self.role in ("category", "truth")

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.is_exact and self.missing == 0 and self.distinct == self.rows > 1


def count(table: Table) -> tuple[Counted, ...]:
    """All columns. Cost: two passes over the table, and a short one for each column that repeats its values."""
    if not table.columns:
        return ()
    selected = [_selected(table, column) for column in table.columns]
    first = [answers for some in _batches(selected, COLUMNS_AT_ONCE) for answers in _asked(table, some)]
    found = [_counted(table, column, answers) for column, answers in zip(table.columns, first, strict=True)]
    found = _exactly(table, found)
    return tuple(_with_top(table, each) for each in found)


def is_empty(name: str) -> str:
    """The condition that a text, by its quoted name, has no letter."""
    begins = f"{name} = '' OR unicode({name}) IN (9, 10, 13, 32, 160)"
    return f"CASE WHEN {begins} THEN trim({name}, {BLANKS}) = '' ELSE false END"


def _asked(table: Table, parts: Sequence[Sequence[str]]) -> list[tuple[Any, ...]]:
    """One answer for each list of expressions, all asked at once."""
    flat = [expression for part in parts for expression in part]
    answers = iter(table.ask(", ".join(flat))[0])
    return [tuple(next(answers) for _ in part) for part in parts]


def _selected(table: Table, column: Column) -> list[str]:
    name = table.quoted(column.name)
    if column.type in ("list", "binary", "other"):
        return [f"count({name})"]
    every = [f"count({name})", f"approx_count_distinct({name})"]
    match column.type:
        case "whole" | "number":
            value = f"CAST({name} AS DOUBLE)"
            finite = f"CASE WHEN isfinite({value}) THEN {value} END"
            return [*every, f"min({finite})", f"max({finite})", f"count_if(isinf({value}))"]
        case "date" | "time":
            value = f"epoch(CAST({name} AS TIMESTAMP))"
            finite = f"CASE WHEN isfinite(CAST({name} AS TIMESTAMP)) THEN {value} END"
            return [*every, f"min({finite})", f"max({finite})"]
        case "text":
            letters = f"length({name})"
            return [
                *every,
                f"avg({letters})",
                f"max({letters})",
                f"count_if({is_empty(name)})",
            ]
        case _:
            return every


def _counted(table: Table, column: Column, answers: tuple[Any, ...]) -> Counted:
    present = int(answers[0])
    base = (column.name, _role(column, answers), column.sql_type, table.rows, table.rows - present)
    if len(answers) == 1:
        return Counted(*base, distinct=0, is_exact=False)
    distinct = min(int(answers[1]), present)
    match column.type:
        case "whole" | "number":
            return Counted(
                *base, distinct, False, _number(answers[2]), _number(answers[3]), infinite=int(answers[4] or 0)
            )
        case "date" | "time":
            return Counted(*base, distinct, False, _number(answers[2]), _number(answers[3]))
        case "text":
            mean = float(answers[2] or 0)
            return Counted(
                *base, distinct, False, empty=int(answers[4] or 0), mean_length=mean, longest=int(answers[3] or 0)
            )
        case _:
            return Counted(*base, distinct, False)


def _role(column: Column, answers: tuple[Any, ...]) -> Role:
    match column.type:
        case "number":
            return "number"
        case "whole":
            return "whole"
        case "bool":
            return "truth"
        case "date" | "time":
            return "time"
        case "text":
            present, distinct, mean = int(answers[0]), int(answers[1]), float(answers[2] or 0)
            few = max(TOP, min(MOST_CATEGORIES, REPEATED * present), OFTEN * present)
            return "text" if mean > LONG_LETTERS or distinct > few else "category"
        case _:
            return "other"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _exactly(table: Table, found: list[Counted]) -> list[Counted]:
    """Different values counted where that is cheap, or where every row may have its own."""
    wanted = [
        each
        for each in found
        if each.role != "other"
        and (
            table.rows <= EXACT_ROWS
            or each.distinct <= EXACT_VALUES
            or (each.role in ("whole", "text", "category") and each.missing == 0 and each.distinct > 0.9 * each.rows)
        )
    ]
    exact: dict[str, int] = {}
    for some in _batches(wanted, max(1, min(EXACT_AT_ONCE, VALUES_AT_ONCE // max(1, table.rows)))):
        (answers,) = table.ask(", ".join(f"count(DISTINCT {table.quoted(each.name)})" for each in some))
        exact |= {each.name: int(answer) for each, answer in zip(some, answers, strict=True)}
    return [_replaced(each, exact) for each in found]


def _batches(of: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (of[start : start + size] for start in range(0, len(of), size))


def _replaced(counted: Counted, exact: dict[str, int]) -> Counted:
    if counted.name not in exact:
        return counted
    return replace(counted, distinct=exact[counted.name], is_exact=True)


def _with_top(table: Table, counted: Counted) -> Counted:
    """The most frequent values of what has classes, equals in the order of their letters."""
    if not counted.has_classes:
        return counted
    name = table.quoted(counted.name)
    rest = f"WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP}"
    rows = table.ask(f"CAST({name} AS VARCHAR), count(*)", rest=rest)
    return replace(counted, top=tuple((str(value), int(number)) for value, number in rows))
