"""Answers that are missing, rare, or spelled in more than one way."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping

from noteship.tabular.problems.problem import Problem, quoted, rows
from noteship.tabular.surveys import Counted, Looked
from noteship.tabular.surveys.repeats import rows_of
from noteship.tabular.surveys.telling import MOST_LABELS

__all__ = ["found"]

RARE_ROWS = 5
# In a table this small every class is.
FEWEST_ROWS = 50
MOST_SHOWN = 4


def found(looked: Looked) -> Iterator[Problem]:
    """Of the target; and of other categories, spellings."""
    target = looked.survey.asked.target
    if target is not None:
        yield from _of_target(looked, looked.counted(target))
    for each in looked.survey.counted:
        if each.role == "category" and each.name != target:
            values = looked.sample.frame[each.name].value_counts()
            yield from _spellings(looked, each, {str(value): int(count) for value, count in values.items()})


def _of_target(looked: Looked, counted: Counted) -> Iterator[Problem]:
    name = looked.table.quoted(counted.name)
    if counted.missing:
        yield Problem(
            "label-missing",
            (counted.name,),
            f"{rows(counted.missing)} {'has' if counted.missing == 1 else 'have'} no “{counted.name}”.",
            "They cannot be learnt from or judged. Leave them out, and find out why they have none.",
            "any",
            numbers=rows_of(looked.table, f"{name} IS NULL"),
        )
    of_target = looked.survey.target
    if of_target is None and counted.present:
        many = "one value only" if counted.distinct < 2 else f"some {counted.distinct:,} different values"
        many = "no numbers or classes" if counted.role in ("other", "time") else many
        yield Problem(
            "target",
            (counted.name,),
            f"The target “{counted.name}” has {many}, so nothing is compared with it.",
            "Name the column that is to be predicted.",
            f"2 to {MOST_LABELS} classes, or a number",
            # What has one value alone can be predicted of nothing; of the others something may be made.
            level="problem" if counted.distinct < 2 else "remark",
        )
    if counted.role in ("number", "time", "other") or (of_target is not None and of_target.kind == "numbers"):
        return
    counts = looked.table.ask(
        f"CAST({name} AS VARCHAR), count(*)",
        rest=f"WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2, 1 LIMIT {MOST_LABELS}",
    )
    classes = {str(value): int(count) for value, count in counts}
    merged = defaultdict[str, list[str]](list)
    for each in classes:
        merged[_spelled(each)].append(each)
    yield from _spellings(looked, counted, classes)
    # A spelling of a frequent class is no class of its own.
    rare = {value: count for value, count in classes.items() if count < RARE_ROWS and len(merged[_spelled(value)]) == 1}
    if rare and of_target is not None and looked.survey.rows >= FEWEST_ROWS:
        shown = ", ".join(
            f"{quoted(looked, counted.name, value)} in {rows(count)}"
            for value, count in list(rare.items())[:MOST_SHOWN]
        )
        more = f", and {len(rare) - MOST_SHOWN} more" if len(rare) > MOST_SHOWN else ""
        yield Problem(
            "label-rare",
            (counted.name,),
            f"{'One class is' if len(rare) == 1 else f'{len(rare)} classes are'} in fewer than {RARE_ROWS} rows: "
            f"{shown}{more}.",
            "Too few to learn from, and a split may leave none on one side. Merge them, leave them out, or find more.",
            f"fewer than {RARE_ROWS} rows",
            numbers=rows_of(looked.table, f"CAST({name} AS VARCHAR) = ?", next(iter(rare))),
        )


def _spelled(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _spellings(looked: Looked, counted: Counted, values: Mapping[str, int]) -> Iterator[Problem]:
    """Values that are the same but for case and spaces."""
    groups = defaultdict[str, list[str]](list)
    for value in values:
        groups[_spelled(value)].append(value)
    # Of single letters, case may tell.
    several = [
        sorted(group, key=lambda each: (-values[each], each))
        for key, group in groups.items()
        if len(group) > 1 and len(key) > 1
    ]
    if not several:
        return
    several.sort(key=lambda group: (-sum(values[each] for each in group[1:]), group))
    told = "; ".join(
        ", ".join(f"{quoted(looked, counted.name, each)} ({values[each]:,})" for each in group[:MOST_SHOWN])
        for group in several[:MOST_SHOWN]
    )
    name = looked.table.quoted(counted.name)
    is_target = counted.name == looked.survey.asked.target
    yield Problem(
        "label-spellings" if is_target else "spellings",
        (counted.name,),
        f"“{counted.name}” has values that differ in case or spaces only: {told}.",
        "Each is a class of its own to a model. Write them in one way." if is_target else "Write them in one way.",
        "two spellings of a value that has two letters or more",
        numbers=rows_of(looked.table, f"CAST({name} AS VARCHAR) = ?", several[0][-1]),
        shown=(counted.name,),
    )
