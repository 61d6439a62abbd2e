"""Rows that are there more than once, and equal rows with different answers."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.tabular.problems.problem import Problem, is_id, listed, rows
from noteship.tabular.surveys import Counted, Looked
from noteship.tabular.surveys.repeats import Repeats, hashed, is_chance, repeats, rows_of
from noteship.tabular.surveys.sql import NUMBERED, ROW, select, within

__all__ = ["found"]

# Shorter texts may come again without being copies: greetings, subjects, names.
LONG_TEXT = 100
# Texts of a column that mostly come again are meant to: descriptions of products in a list of orders.
MOSTLY_OWN = 0.5
FEWEST_COPIES, FEWEST_SHARE = 3, 0.001
RULE = "more equal rows than three times what chance makes of the columns' own values"


def found(looked: Looked) -> Iterator[Problem]:
    """Copies of rows, of rows but for their id, of long texts; contradicting answers."""
    survey = looked.survey
    usable = [each for each in survey.counted if each.role != "other"]
    whole = survey.repeats
    copied = whole.copies if whole.copies and not whole.is_chance else 0
    if copied:
        yield Problem(
            "duplicates",
            (),
            f"{_are(whole)} of another, in every column.",
            "Models are fitted and judged on the same rows twice. Remove them before splitting.",
            RULE,
            numbers=whole.numbers,
        )
    ids = [each.name for each in usable if is_id(each)]
    beside = [each.name for each in usable if each.name not in ids]
    inputs = [name for name in beside if name not in (survey.asked.split, survey.asked.target)]
    alike = repeats(looked.table, inputs, survey.counted)
    # What differs in its inputs differs.
    if ids and len(beside) > 1 and alike.copies:
        for each in _but_for(looked, ids, beside):
            copied = each[0]
            yield each[1]
    yield from _contradictions(looked, inputs, alike)
    # Of rows that are told of already, the texts come again as well.
    yield from _texts(looked, max(copied, 0 if alike.is_chance else alike.copies))
    if survey.asked.key:
        yield from _key(looked)


def _are(found: Repeats) -> str:
    return f"{rows(found.copies)} {'is a copy' if found.copies == 1 else 'are copies'}"


def _but_for(looked: Looked, ids: list[str], beside: list[str]) -> Iterator[tuple[int, Problem]]:
    alike = repeats(looked.table, beside, looked.survey.counted)
    if alike.copies and not alike.is_chance:
        yield (
            alike.copies,
            Problem(
                "duplicates",
                tuple(ids),
                f"{_are(alike)} of another but for {listed(ids)}.",
                "What has a number of its own is not a row of its own. Remove the copies before splitting.",
                RULE,
                numbers=alike.numbers,
                shown=(*ids, *beside[:4]),
            ),
        )


def _texts(looked: Looked, copied: int) -> Iterator[Problem]:
    for each in looked.survey.counted:
        if each.role != "text" or each.longest < LONG_TEXT or each.distinct < MOSTLY_OWN * each.present:
            continue
        name = looked.table.quoted(each.name)
        long = f"WHERE length({name}) >= {LONG_TEXT}"
        every, different = looked.table.ask(f"count(*), count(DISTINCT {name})", rest=long)[0]
        copies = int(every) - int(different)
        if copies <= copied or copies < max(FEWEST_COPIES, FEWEST_SHARE * int(every)):
            continue
        again = f"{name} IN {within(select(name, rest=f'{long} GROUP BY 1 HAVING count(*) > 1'))}"
        yield Problem(
            "repeated-texts",
            (each.name,),
            f"{rows(copies)} {'has' if copies == 1 else 'have'} a text in “{each.name}” that another row has, "
            "too, letter "
            f"by letter, of {LONG_TEXT} letters or more.",
            "A split at random puts copies on both sides. Keep one of each, or split by the text.",
            f"{FEWEST_COPIES} rows, and one in a thousand, where most texts are of their own",
            numbers=_in_pairs(looked, each, again),
            shown=(each.name,),
        )


def _in_pairs(looked: Looked, column: Counted, again: str) -> tuple[int, ...]:
    first = rows_of(looked.table, again, most=3)
    places = ", ".join(map(str, first))
    name = looked.table.quoted(column.name)
    same = f"{name} IN {within(select(name, NUMBERED, f'WHERE {ROW} IN ({places})'))}"
    found = looked.table.arrow(select(ROW, NUMBERED, f"WHERE {same} ORDER BY {name}, {ROW} LIMIT 6"))
    return tuple(int(each) for each in found.column(0).to_pylist())


def _contradictions(looked: Looked, inputs: list[str], of_inputs: Repeats) -> Iterator[Problem]:
    """Rows that are equal but for the target, or in a long text."""
    survey = looked.survey
    target = survey.asked.target
    if target is None or survey.target is None or survey.target.kind != "classes":
        return
    texts = [
        each.name
        for each in survey.counted
        if each.name in inputs and each.role == "text" and each.longest >= LONG_TEXT
    ]
    for columns in [inputs, *([name] for name in texts if [name] != inputs)]:
        if not columns:
            continue
        alike = of_inputs if columns == inputs else repeats(looked.table, columns, survey.counted)
        if not alike.copies or alike.is_chance:
            continue
        by, answer = hashed(looked.table, columns), looked.table.quoted(target)
        # Copies of whole rows agree, and say nothing of whether others disagree by chance.
        asked = ", ".join([*map(looked.table.quoted, columns), answer])
        once = within(select(f"DISTINCT {asked}", rest=f"WHERE {answer} IS NOT NULL"))
        if is_chance(looked.table, _several(looked, columns), survey.counted, once):
            continue
        several = within(select(by, rest=f"GROUP BY 1 HAVING count(DISTINCT {answer}) > 1"))
        of = f"{by} IN {several}"
        if columns != inputs:
            of += f" AND length({looked.table.quoted(columns[0])}) >= {LONG_TEXT}"
        count = int(looked.table.ask("count(*)", rest=f"WHERE {of}")[0][0])
        if not count:
            continue
        same = "in every other column" if columns == inputs else f"in “{columns[0]}”"
        yield Problem(
            "label-conflict",
            (target,),
            f"{rows(count)} are equal {same} to a row with another “{target}”.",
            "No model can answer both. Find out which is right, or whether a column that tells them apart is missing.",
            "any, where rows are not equal by chance",
            numbers=_by(looked, of, by),
            shown=(target, *columns[:4]),
        )
        return


def _several(looked: Looked, columns: list[str]) -> list[str]:
    return [name for name in columns if looked.counted(name).distinct > 1]


def _by(looked: Looked, condition: str, by: str) -> tuple[int, ...]:
    found = looked.table.arrow(select(ROW, NUMBERED, f"WHERE {condition} ORDER BY {by}, {ROW} LIMIT 6"))
    return tuple(int(each) for each in found.column(0).to_pylist())


def _key(looked: Looked) -> Iterator[Problem]:
    key = looked.survey.asked.key
    by = hashed(looked.table, key)
    every, different = looked.table.ask(f"count(*), count(DISTINCT {by})")[0]
    if int(every) > int(different):
        again = f"{by} IN {within(select(by, rest='GROUP BY 1 HAVING count(*) > 1'))}"
        yield Problem(
            "key-repeated",
            key,
            f"{rows(int(every) - int(different))} have a key in {listed(key)} that another row has, too.",
            "What was named as the key does not name one row.",
            "any",
            numbers=_by(looked, again, by),
            shown=key,
        )
