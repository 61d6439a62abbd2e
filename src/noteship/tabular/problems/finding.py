"""All that is wrong with a table, or worth knowing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noteship.tabular.problems import giving_away, labels, missing, parts, quantities, repeated, texts
from noteship.tabular.problems.problem import Examples, Problem
from noteship.tabular.surveys import Looked

__all__ = ["find"]

# What ruins a judgement comes first.
ORDER = (parts, giving_away, repeated, labels, missing, quantities, texts)
MOST_COLUMNS = 6
LONGEST = 160


def find(looked: Looked) -> tuple[Problem, ...]:
    """Problems first, then remarks; each with some of the rows that show it, but for columns that are left out.

    Guarantee: the same table gives the same findings. Cost: some ten passes over the table.
    """
    found = [problem for module in ORDER for problem in module.found(looked)]
    found.sort(key=lambda each: each.level == "remark")
    for beside in (False, True):
        of = [each for each in found if each.numbers and each.beside == beside]
        if of:
            shown = dict(zip(map(id, of), _examples(looked, of, beside=beside), strict=True))
            found = [replace(each, examples=shown[id(each)]) if id(each) in shown else each for each in found]
    return tuple(found)


def _examples(looked: Looked, problems: Sequence[Problem], *, beside: bool) -> list[Examples]:
    """For each its rows, which are all asked for at once."""
    columns = {place: _shown(looked, each.shown) for place, each in enumerate(problems)}
    wanted = sorted({name for names in columns.values() for name in names})
    places = sorted({number for each in problems for number in each.numbers})
    rows = looked.rows(places, wanted, LONGEST, beside=beside)
    made = []
    for place, each in enumerate(problems):
        at = [wanted.index(name) for name in columns[place]]
        lines = tuple(
            (number, tuple(rows[number][column] for column in at)) for number in each.numbers if number in rows
        )
        made.append(Examples(columns[place], lines))
    return made


def _shown(looked: Looked, named: Sequence[str]) -> tuple[str, ...]:
    """The columns that tell most, else the target and the first ones."""
    asked = looked.survey.asked
    every = named or [each.name for each in looked.survey.counted if each.role != "other"]
    first = [name for name in every if name == asked.target] if not named else []
    return tuple(name for name in dict.fromkeys([*first, *every]) if name not in asked.leave_out)[:MOST_COLUMNS]
