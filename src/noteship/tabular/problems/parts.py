"""Rows of the part that judges in the part that is learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy

from noteship.tabular.column import PlainType
from noteship.tabular.engine import Table
from noteship.tabular.problems.problem import Problem, is_id, listed, quoted, rows, share
from noteship.tabular.surveys import Looked
from noteship.tabular.surveys.repeats import is_chance
from noteship.tabular.surveys.sql import BESIDE, NUMBERED, ROW, select, within

__all__ = ["found"]

MOST_PARTS = 20
LONG_TEXT = 20
# Texts that mostly come again are categories with long names.
MOSTLY_OWN = 0.5
# What repeats itself by chance does so across parts as well: as often as a parting at random makes it, and so many
# standard errors.
ERRORS = 3.0
KINDS = {
    "leak-rows": "in every column that both parts have",
    "leak-key": "in the key",
    "leak-text": "in the text, but for case and spaces",
}


@dataclass(frozen=True)
class _Parts:
    """How the two are told apart: by views, and by conditions on the split's column."""

    learnt: str
    judged: str
    numbered: str
    of_learnt: str
    of_judged: str
    given: tuple[str, ...]
    name: str
    types: dict[str, tuple[PlainType, PlainType]]


def found(looked: Looked) -> Iterator[Problem]:
    """By whole rows, by the key, by each longer text alone."""
    survey = looked.survey
    parts = _beside(looked) if survey.asked.beside else _split(looked)
    if isinstance(parts, Problem):
        yield parts
    if not isinstance(parts, _Parts):
        return
    every = int(_number(looked.table, select("count(*)", parts.judged, f"WHERE {parts.of_judged}"), parts.given[-1:]))
    if not every:
        return
    ids = {each.name for each in survey.counted if is_id(each)}
    whole = [
        each.name
        for each in survey.counted
        if each.name in parts.types
        and each.role != "other"
        and each.name not in ids
        and each.name != survey.asked.target
    ]
    told = 0
    if whole:
        told = _shared(looked, parts, whole, "leak-rows")
        if told and _rows_by_chance(looked, parts, whole):
            told = 0
        if told:
            yield _problem(looked, parts, whole, "leak-rows", (told, every))
    key = [name for name in survey.asked.key if name in parts.types]
    if key and (count := _shared(looked, parts, key, "leak-key")):
        yield _problem(looked, parts, key, "leak-key", (count, every))
    for each in survey.counted:
        is_long = (
            each.role == "text" and each.mean_length >= LONG_TEXT and set(parts.types.get(each.name, ())) == {"text"}
        )
        if not is_long or each.distinct < MOSTLY_OWN * each.present:
            continue
        # What whole rows have told already is not told again.
        count = _shared(looked, parts, [each.name], "leak-text")
        if count > told and not _texts_by_chance(looked, parts, each.name):
            yield _problem(looked, parts, [each.name], "leak-text", (count, every))


def _beside(looked: Looked) -> _Parts:
    others = {each.name: each.type for each in looked.table.columns_of("others")}
    both = {each.name: (each.type, others[each.name]) for each in looked.table.columns if each.name in others}
    name = looked.survey.asked.beside or ""
    return _Parts("rows", "others", BESIDE, "true", "true", (), name, both)


def _split(looked: Looked) -> _Parts | Problem | None:
    split = looked.survey.asked.split
    if split is None:
        return None
    name = looked.table.quoted(split)
    values = looked.table.ask(
        f"CAST({name} AS VARCHAR), count(*)",
        rest=f"WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_PARTS + 1}",
    )
    if not 2 <= len(values) <= MOST_PARTS:
        many = "one value only" if len(values) < 2 else f"more than {MOST_PARTS} values"
        return Problem(
            "split",
            (split,),
            f"“{split}” has {many}, so it tells no parts.",
            "Name the column that says which part a row is in.",
            f"2 to {MOST_PARTS} values",
            level="remark",
        )
    largest = str(values[0][0])
    # The part that is learnt from is called so, or else it is the largest.
    learnt = next((str(value) for value, _ in values if str(value).casefold() in ("train", "training", "fit")), largest)
    text = f"CAST({name} AS VARCHAR)"
    types = {each.name: (each.type, each.type) for each in looked.table.columns if each.name != split}
    others = [str(value) for value, _ in values if str(value) != learnt]
    named = f"the part {quoted(looked, split, others[0])}"
    if len(others) > 1:
        named = f"the rows whose “{split}” is not {quoted(looked, split, learnt)}"
    return _Parts("rows", "rows", NUMBERED, f"{text} = ?", f"{text} <> ?", (learnt, learnt), named, types)


def _number(table: Table, sql: str, given: Sequence[str]) -> float:
    return float(table.arrow(sql, *given).column(0)[0].as_py() or 0)


def _hash(looked: Looked, parts: _Parts, columns: Sequence[str], kind: str) -> str:
    """The same for values that are equal, in whatever form the two parts keep them."""
    if kind == "leak-text":
        return f"hash(trim(regexp_replace(lower({looked.table.quoted(columns[0])}), '\\s+', ' ', 'g')))"
    return f"hash({', '.join(_value(looked, parts, column) for column in columns)})"


def _value(looked: Looked, parts: _Parts, column: str) -> str:
    name, types = looked.table.quoted(column), set(parts.types[column])
    if types <= {"whole", "number"}:
        return f"CAST({name} AS DOUBLE)"
    if len(types) == 1 and types <= {"text", "bool"}:
        return name
    return f"CAST({name} AS {'TIMESTAMP' if types <= {'date', 'time'} else 'VARCHAR'})"


def _there(looked: Looked, columns: Sequence[str], kind: str) -> str:
    names = [looked.table.quoted(name) for name in columns]
    return {
        "leak-rows": "true",
        "leak-key": " AND ".join(f"{name} IS NOT NULL" for name in names),
        "leak-text": f"length({names[0]}) >= {LONG_TEXT}",
    }[kind]


def _inside(looked: Looked, parts: _Parts, columns: Sequence[str], kind: str) -> str:
    """The condition under which a row of the judging part is in the learning one, too."""
    there, row = _there(looked, columns, kind), _hash(looked, parts, columns, kind)
    learnt = within(select(row, parts.learnt, f"WHERE {parts.of_learnt}"))
    return f"{parts.of_judged} AND {there} AND {row} IN {learnt}"


def _shared(looked: Looked, parts: _Parts, columns: Sequence[str], kind: str) -> int:
    inside = _inside(looked, parts, columns, kind)
    return int(_number(looked.table, select("count(*)", parts.judged, f"WHERE {inside}"), parts.given))


def _problem(looked: Looked, parts: _Parts, columns: Sequence[str], kind: str, counts: tuple[int, int]) -> Problem:
    count, every = counts
    inside = _inside(looked, parts, columns, kind)
    found = looked.table.arrow(select(ROW, parts.numbered, f"WHERE {inside} ORDER BY {ROW} LIMIT 5"), *parts.given)
    what = f" ({listed(columns)})" if kind != "leak-rows" else ""
    are = "is" if count == 1 else "are"
    return Problem(
        kind,
        tuple(columns) if kind != "leak-rows" else (),
        f"{rows(count)} of {parts.name}, {share(count / every)}, {are} in the part that is learnt from, too: "
        f"equal {KINDS[kind]}{what}.",
        "A model that has seen a row knows its answer, and is judged too well. Remove these from one of the parts.",
        "any; of rows that are equal by chance, and of texts that come again within a part, more than a parting at "
        f"random makes, by {ERRORS:.0f} standard errors",
        numbers=tuple(int(each) for each in found.column(0).to_pylist()),
        shown=tuple(columns[:5]),
        beside=bool(looked.survey.asked.beside),
    )


def _rows_by_chance(looked: Looked, parts: _Parts, columns: Sequence[str]) -> bool:
    """Whether rows of both parts together are equal by chance, and no more often across them than within."""
    names = [looked.table.quoted(name) for name in columns]
    kept = ", ".join(f"{_value(looked, parts, name)} AS {as_}" for name, as_ in zip(columns, names, strict=True))
    both = within(f"{select(kept, parts.learnt)} UNION ALL {select(kept, parts.judged)}")
    if parts.of_learnt != "true":
        both = within(select(kept))
    several = [name for name in columns if looked.counted(name).distinct > 1]
    if not is_chance(looked.table, several, looked.survey.counted, both):
        return False
    return _Spans.of(looked, parts, columns, "leak-rows").is_as_parted


def _texts_by_chance(looked: Looked, parts: _Parts, column: str) -> bool:
    """Whether texts come again within a part, as phrases do, and no more often across them."""
    spans = _Spans.of(looked, parts, [column], "leak-text")
    return spans.within > 0 and spans.is_as_parted


@dataclass(frozen=True)
class _Spans:
    """Groups of equal rows: those in both parts, and what a parting at random would make, with its variance."""

    across: int
    within: int
    expected: float
    variance: float

    @property
    def is_as_parted(self) -> bool:
        return bool(self.across <= self.expected + ERRORS * self.variance**0.5)

    @classmethod
    def of(cls, looked: Looked, parts: _Parts, columns: Sequence[str], kind: str) -> _Spans:
        row, there = _hash(looked, parts, columns, kind), _there(looked, columns, kind)
        learnt = select(f"{row} AS h, 0 AS part", parts.learnt, f"WHERE {parts.of_learnt} AND {there}")
        judged = select(f"{row} AS h, 1 AS part", parts.judged, f"WHERE {parts.of_judged} AND {there}")
        both = within(f"{learnt} UNION ALL {judged}")
        groups = within(select("count(*) - sum(part) AS a, sum(part) AS b", both, "GROUP BY h"))
        counts = looked.table.arrow(select("a, b, count(*)", groups, "GROUP BY 1, 2"), *parts.given)
        table = numpy.array([counts.column(place).to_pylist() for place in range(3)], float)
        (a, b, number), (all_a, all_b) = table, (table[:2] * table[2]).sum(axis=1)
        # Of s equal rows, all are in one part with a probability of that part's share to the power of s.
        share_a = all_a / max(1.0, all_a + all_b)
        spans = 1 - share_a ** (a + b) - (1 - share_a) ** (a + b)
        spans = numpy.where(a + b > 1, spans, 0.0)
        return cls(
            int(number[(a > 0) & (b > 0)].sum()),
            int(number[(a > 1) | (b > 1)].sum()),
            float((number * spans).sum()),
            float((number * spans * (1 - spans)).sum()),
        )
