"""A survey: what a table is like, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy

from noteship.tabular.engine import Table
from noteship.tabular.surveys.asked import Asked
from noteship.tabular.surveys.coding import numbers
from noteship.tabular.surveys.columns import Counted, count
from noteship.tabular.surveys.gaps import Pattern, patterns
from noteship.tabular.surveys.relations import Relations, relations
from noteship.tabular.surveys.repeats import Repeats, repeats
from noteship.tabular.surveys.sample import Sample, draw
from noteship.tabular.surveys.shapes import Shape, shape, words
from noteship.tabular.surveys.sql import BESIDE, NUMBERED, ROW, select
from noteship.tabular.surveys.telling import Target, Tells, target_of, tells

__all__ = ["Drawn", "Looked", "Survey", "look", "survey"]

FIRST = 3


@dataclass(frozen=True)
class Drawn:
    """One column in the rows that were looked at: how it is spread; of texts, their lengths, words and the first ones.

    `is_whole`: all of its numbers are.
    """

    shape: Shape | None = None
    words: tuple[tuple[str, float], ...] = ()
    quartiles: tuple[float, float, float] | None = None
    first: tuple[str, ...] = ()
    is_whole: bool = False


@dataclass(frozen=True)
class Survey:
    """All that a page tells of a table, but for what is wrong with it.

    - rows, looked_at: all of them, and those that distributions and relations are of
    - counted, drawn: by column, over all rows and over those looked at
    - repeats: rows that are equal as a whole
    - target: whose classes or numbers `tells` is about
    """

    name: str
    asked: Asked
    rows: int
    looked_at: int
    counted: tuple[Counted, ...]
    drawn: tuple[Drawn, ...]
    repeats: Repeats
    patterns: tuple[Pattern, ...]
    relations: Relations
    target: Target | None = None
    tells: tuple[Tells, ...] = ()


@dataclass(frozen=True)
class Looked:
    """A survey together with the table and the rows that it was made of."""

    table: Table
    sample: Sample
    survey: Survey

    def counted(self, name: str) -> Counted:
        """One column."""
        return next(each for each in self.survey.counted if each.name == name)

    def rows(
        self, numbers: Sequence[int], columns: Sequence[str], most: int, *, beside: bool = False
    ) -> Mapping[int, tuple[str | None, ...]]:
        """The rows of these numbers, of the table or of the one beside it; values as texts of `most` letters."""
        names = (self.table.quoted(name) for name in columns)
        values = "".join(f", left(CAST({name} AS VARCHAR), {most})" for name in names)
        of = BESIDE if beside else NUMBERED
        listed = ", ".join(str(int(number)) for number in numbers) or "NULL"
        found = self.table.arrow(select(f"{ROW}{values}", of, f"WHERE {ROW} IN ({listed})"))
        parts = [found.column(place).to_pylist() for place in range(found.num_columns)]
        return {int(line[0]): tuple(line[1:]) for line in zip(*parts, strict=True)}


def survey(table: Table, asked: Asked) -> Survey:
    """A table's survey. See `look`."""
    return look(table, asked).survey


def look(table: Table, asked: Asked) -> Looked:
    """Survey a table. Raises NoSuchColumn for a column that was named and is not there.

    Guarantee: the same table gives the same survey. Cost: some ten passes over the table, and 50,000 rows in memory.
    """
    named = (("--target", asked.target), ("--split", asked.split), *(("--key", name) for name in asked.key))
    for option, name in named:
        if name is not None:
            table.column(name, option)
    counted = count(table)
    sample = draw(table)
    by_name = {each.name: each for each in counted}
    target = target_of(sample.frame, by_name[asked.target]) if asked.target else None
    made = Survey(
        table.name,
        asked,
        table.rows,
        len(sample.frame),
        counted,
        tuple(_drawn(sample, each) for each in counted),
        repeats(table, [each.name for each in counted if each.role != "other"], counted),
        patterns(sample.frame),
        relations(sample.frame, counted, asked.target),
        target,
        tells(sample.frame, counted, target) if target else (),
    )
    return Looked(table, sample, made)


def _drawn(sample: Sample, counted: Counted) -> Drawn:
    if counted.role == "other" or not counted.present:
        return Drawn()
    values = sample.frame[counted.name]
    if counted.role == "text":
        known = values.dropna()
        first = tuple(str(each) for each in known.iloc[:FIRST])
        return Drawn(shape(sample.lengths[counted.name], is_whole=True), words(known), first=first)
    if counted.has_classes:
        return Drawn()
    amounts = numbers(values)
    amounts = amounts[~numpy.isnan(amounts)]
    if not len(amounts):
        return Drawn()
    is_time = counted.role == "time"
    # Beside missing ones, whole numbers are kept as others.
    is_whole = not is_time and bool((amounts == numpy.round(amounts)).all())
    # Half a year, or half of a code, is no value.
    method: Literal["nearest", "linear"] = "nearest" if is_whole else "linear"
    low, middle, high = (float(each) for each in numpy.quantile(amounts, [0.25, 0.5, 0.75], method=method))
    drawn = shape(amounts, is_whole=is_whole, may_be_log=not is_time)
    return Drawn(drawn, quartiles=None if is_time else (low, middle, high), is_whole=is_whole)
