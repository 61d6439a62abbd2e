"""What the rules that count work are made of: rows in plain forms, and what each rule gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy
import pandas

__all__ = [
    "Beyond",
    "Counts",
    "Part",
    "Rule",
    "Unknown",
    "WorkCounter",
    "constant",
    "kind_of",
    "nonzeros",
    "numbers",
    "row_count",
]

Counts = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
# From the rows that a fitted step is given to the work of each.
Rule = Callable[[Any], Counts]
# What a fitted object would have of its own only where somebody changed what it does.
OVERRIDDEN = frozenset({"decision_function", "predict", "predict_proba", "transform"})


class WorkCounter(Protocol):
    """Counts the work of scoring rows. May be called from several threads at once."""

    def count(self, given: Any) -> Counts:
        """The work of each row, int64 of shape (n,), for rows in the form in which the model is given them."""
        ...


class Part(WorkCounter, Protocol):
    """A counter of a step that other steps come after."""

    def through(self, given: Any) -> tuple[Counts, Any]:
        """The work of each row, and what the step gives for them."""
        ...


@dataclass(frozen=True)
class Unknown:
    """There is a step whose work noteship cannot count, so that no work is told for the whole model."""

    step: str
    why: str


class Beyond(Exception):
    """A step that no rule is for: which, and why."""

    def __init__(self, step: str, why: str = "there is no rule for such a step") -> None:
        super().__init__(f"{step}: {why}")
        self.unknown = Unknown(step, why)


def kind_of(value: Any) -> str:
    """Library and class, such as "sklearn.Ridge"; the full name for any other class, also one derived from these.

    Raises Beyond where the object has a method of its own in the place of its class's.
    """
    own = type(value)
    if OVERRIDDEN & getattr(value, "__dict__", {}).keys():
        raise Beyond(own.__name__, "it has a method of its own")
    library = own.__module__.partition(".")[0]
    return (
        f"{library}.{own.__name__}"
        if library in ("lightgbm", "sklearn", "xgboost")
        else f"{own.__module__}.{own.__qualname__}"
    )


def row_count(given: Any) -> int:
    """How many rows there are, in whatever form."""
    return int(given.shape[0]) if hasattr(given, "shape") else len(given)


def constant(amount: int) -> Rule:
    """The same for each row."""
    return lambda given: numpy.full(row_count(given), amount, dtype=numpy.int64)


def numbers(given: Any) -> Any:
    """A table as an array of shape (n, k), null as NaN; or as a sparse matrix in rows."""
    if hasattr(given, "tocsr"):
        return given.tocsr()
    if isinstance(given, pandas.DataFrame):
        return given.to_numpy(dtype=numpy.float64, na_value=numpy.nan)
    return numpy.asarray(given)


def nonzeros(given: Any) -> Counts:
    """For each row how many of its values are not zero, NaN among them; zeros that a sparse matrix holds are zeros."""
    table = numbers(given)
    if not hasattr(table, "indptr"):
        return numpy.asarray(numpy.count_nonzero(table, axis=1), dtype=numpy.int64)
    if table.data.all():
        return numpy.asarray(numpy.diff(table.indptr), dtype=numpy.int64)
    before = numpy.concatenate(([0], numpy.cumsum(table.data != 0)))
    return numpy.asarray(numpy.diff(before[table.indptr]), dtype=numpy.int64)
