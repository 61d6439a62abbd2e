"""Rows of `[service] data` that a step refuses: the rows that it was fitted on may be in another table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas
from pandas.api import types

from noteship.models import errors
from noteship.models.composing import compose
from noteship.models.loading import Step
from noteship.models.tables import read_table

__all__ = ["Refused", "refusal"]

# Tables that are read to find the one that the step was fitted on; nobody asked for it.
TABLES_LIMIT = 8


class Refused(Exception):
    """A step raised `cause` for rows of the data; `step` is its label."""

    def __init__(self, step: str, cause: Exception) -> None:
        super().__init__(step)
        self.step, self.cause = step, cause


def refusal(
    refused: Refused,
    rows: tuple[str, pandas.DataFrame],
    inputs: Sequence[str],
    steps: Sequence[Step],
    others: Sequence[str],
    root: Path,
) -> errors.RowsNotTaken:
    """What to say of it: with the first of `others`, tables in `root`, all of whose rows the steps take.

    - rows: the name of the data, and its rows

    Cost: reads up to 8 tables, and scores their rows.
    """
    path, raw = rows
    reason = f"{type(refused.cause).__name__}: {refused.cause}"
    for other in others[:TABLES_LIMIT]:
        table = _taken(inputs, steps, root / other, other)
        if table is not None:
            return errors.RowsNotTaken(refused.step, path, reason, other, _are_text(inputs, raw, table))
    return errors.RowsNotTaken(refused.step, path, reason)


def _taken(inputs: Sequence[str], steps: Sequence[Step], path: Path, shown: str) -> pandas.DataFrame | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = read_table(path, shown)
            compose(inputs, steps, table).score(table)
        except Exception:
            # A file in another form, or of something else altogether: steps raise anything.
            return None
    return table


def _are_text(inputs: Sequence[str], raw: pandas.DataFrame, table: pandas.DataFrame) -> tuple[str, ...]:
    """The inputs that are no numbers here, and numbers there."""
    return tuple(
        name for name in inputs if types.is_numeric_dtype(table[name]) and not types.is_numeric_dtype(raw[name])
    )
