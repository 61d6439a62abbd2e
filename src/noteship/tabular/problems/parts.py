"""Rows of the part that judges in the part that is learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from noteship.tabular.column import PlainType
from noteship.tabular.engine import Table
from noteship.tabular.problems.problem import Problem, is_id, listed, quoted, rows, share
from noteship.tabular.surveys import Looked
from noteship.tabular.surveys.repeats import repeats
from noteship.tabular.surveys.sql import BESIDE, NUMBERED, ROW, select, within

__all__ = ["found"]

MOST_PARTS = 20
LONG_TEXT = 20
# Rows that repeat themselves by chance do so across parts as well: that often, and three standard errors.
MORE = 1.5
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
        if told and _is_chance(looked, whole, told, every):
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
        # What whole rows have told already is not told again.
        if is_long and (count := _shared(looked, parts, [each.name], "leak-text")) > told:
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
    made = []
    for column in columns:
        name = looked.table.quoted(column)
        types = set(parts.types[column])
        if kind == "leak-text":
            made.append(f"trim(regexp_replace(lower({name}), '\\s+', ' ', 'g'))")
        elif types <= {"whole", "number"}:
            made.append(f"CAST({name} AS DOUBLE)")
        elif len(types) == 1 and types <= {"text", "bool"}:
            made.append(name)
        elif types <= {"date", "time"}:
            made.append(f"CAST({name} AS TIMESTAMP)")
        else:
            made.append(f"CAST({name} AS VARCHAR)")
    return f"hash({', '.join(made)})"


def _inside(looked: Looked, parts: _Parts, columns: Sequence[str], kind: str) -> str:
    """The condition under which a row of the judging part is in the learning one, too."""
    names = [looked.table.quoted(name) for name in columns]
    there = {
        "leak-rows": "true",
        "leak-key": " AND ".join(f"{name} IS NOT NULL" for name in names),
        "leak-text": f"length({names[0]}) >= {LONG_TEXT}",
    }[kind]
    row = _hash(looked, parts, columns, kind)
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
        "any; of whole rows, half as many again as repeat themselves by chance",
        numbers=tuple(int(each) for each in found.column(0).to_pylist()),
        shown=tuple(columns[:5]),
        beside=bool(looked.survey.asked.beside),
    )


def _is_chance(looked: Looked, columns: Sequence[str], count: int, every: int) -> bool:
    """Whether rows repeat themselves so much that as many would be in both parts whatever the split."""
    of_own = repeats(looked.table, columns, looked.survey.counted)
    if not of_own.copies or not of_own.is_chance:
        return False
    expected = every * min(1.0, (of_own.copies + of_own.groups) / looked.table.rows)
    return bool(count <= MORE * expected + 3 * expected**0.5)
