"""Rows of every kind, for the tests of encoder, profile and sketch."""

from __future__ import annotations

import datetime
from typing import Any

import numpy

from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.sketch import Sketch

SEED = "5eed" * 16
FIELDS = (
    Field("length", "number", is_plain=True, has_nulls=True),
    Field("count", "integer", is_plain=True),
    Field("constant", "number", is_plain=True),
    Field("never", "number", is_plain=True, has_nulls=True),
    Field("wide", "integer", has_nulls=True),
    Field("text", "text", has_nulls=True),
    Field("sent", "datetime", has_nulls=True),
    Field("colour", "category", has_nulls=True),
    Field("known", "boolean"),
)
SUMS = ("fourier", "products")
WORDS = ("free", "money", "Meeting", "today", "Ünïcode", "42", "日本", "offer!")


def maybe(random: numpy.random.Generator, value: Any) -> Any:
    return None if random.random() < 0.1 else value


def mixed(rows: int, seed: int = 0, *, with_work: bool = True) -> Observed:
    """Rows with every kind of field, and missing values."""
    random = numpy.random.default_rng(seed)
    numbers = numpy.column_stack([
        numpy.where(random.random(rows) < 0.1, numpy.nan, random.lognormal(size=rows)),
        random.integers(0, 5, rows),
        numpy.full(rows, 3.0),
        numpy.full(rows, numpy.nan),
    ])  # fmt: skip
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    others = (
        [maybe(random, int(value)) for value in random.integers(0, 1000, rows)],
        [maybe(random, " ".join(random.choice(WORDS, int(random.integers(0, 9))))) for _ in range(rows)],
        [maybe(random, start + datetime.timedelta(minutes=int(value))) for value in random.integers(0, 20_000, rows)],
        [maybe(random, str(value)) for value in random.choice(["red", "green", "blue"], rows)],
        random.choice([True, False], rows).tolist(),
    )
    spam = random.random(rows)
    probabilities = numpy.column_stack([1 - spam, spam])
    work = numpy.where(random.random(rows) < 0.1, numpy.nan, random.integers(100, 1000, rows)) if with_work else None
    return Observed(numbers, others, Predictions(spam > 0.5, probabilities, ("ham", "spam")), work)


def plain(rows: int, columns: int, seed: int = 0) -> tuple[tuple[Field, ...], Observed]:
    """Rows of numbers alone, for a regression."""
    random = numpy.random.default_rng(seed)
    numbers = random.normal(size=(rows, columns))
    fields = tuple(Field(f"c{column}", "number", is_plain=True) for column in range(columns))
    return fields, Observed(numbers, (), Predictions(numbers[:, 0] + random.normal(size=rows)))


def arrays_of(sketch: Sketch) -> dict[str, numpy.ndarray[Any, Any]]:
    return sketch._complete()


def same(one: Sketch, other: Sketch) -> bool:
    """Whether counts are equal, and sums are so up to rounding of single precision."""
    first, second = arrays_of(one), arrays_of(other)
    exact = all(numpy.array_equal(first[name], second[name]) for name in first if name not in SUMS)
    near = all(numpy.allclose(first[name], second[name], rtol=0, atol=1e-5 * (one.rows + 1)) for name in SUMS)
    wealth = one.wealth.keys() == other.wealth.keys() and all(
        numpy.allclose(one.wealth[name], other.wealth[name], atol=1e-5 * (one.rows + 1)) for name in one.wealth
    )
    return exact and near and wealth
