"""Ways in which rows change after a model was made, done to one column of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.models.unseen import UNHEARD
from noteship.monitor import streams

__all__ = ["Disturbance", "disturbances", "slightly"]

Array = numpy.ndarray[Any, Any]
Change = Callable[[list[Any], "pandas.Series[Any]", str], list[Any]]

TENTH = 0.1
# Of the words, and of the column's standard deviations.
WORDS = 0.2
NOISE = 0.5
# A number with no more values than that is a category: between them there is nothing.
FEW_VALUES = 10
SWAPPED = 0.2


@dataclass(frozen=True)
class Disturbance:
    """What is done to a column, and how strongly; `of` makes the column's values so, as JSON has them."""

    kind: str
    strength: str
    of: Change


def disturbances(column: models.Column, *, is_only: bool) -> Iterator[Disturbance]:
    """What can happen to a column of its kind; where it is the only one, no correlation can break.

    Values go missing; a number is shifted by a standard deviation, or gets noise; rows swap their values, which leaves
    the column's distribution as it is; a category comes that nobody knew; texts are cut, or lose words.
    """
    yield Disturbance("missing", "10 % of the rows", _missing(TENTH))
    if column.nulls == "allowed":
        yield Disturbance("missing", "all rows", _missing(1.0))
    if column.type in ("number", "integer"):
        yield Disturbance("shifted", "up by 1 standard deviation", _numbers(column, _shifted))
        yield Disturbance("noise", f"{NOISE} standard deviations", _numbers(column, _noisy))
    if column.type == "category" and all(isinstance(each, str) for each in column.categories):
        yield Disturbance("unseen", "10 % of the rows", _unseen)
    if column.type == "text":
        yield Disturbance("cut", "to half of the words", _halved)
        yield Disturbance("dropped", f"{WORDS:.0%} of the words".replace("%", " %"), _dropped)
    if not is_only:
        yield Disturbance("permuted", "rows swap their values", _permuted)


def slightly(column: models.Column, series: pandas.Series[Any]) -> Change:
    """A change after which an answer still holds mostly, and a row is not any more one that a model may know by heart.

    Numbers get noise, texts lose words, and of all else a fifth of the rows take the value of another row.
    """
    if column.type in ("number", "integer") and series.nunique() > FEW_VALUES:
        return _numbers(column, _noisy)
    return _dropped if column.type == "text" else _some_permuted


def _some_permuted(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
    others = _permuted(values, column, seed)
    chosen = _chosen(seed, len(values), SWAPPED)
    return [other if new else value for value, other, new in zip(values, others, chosen, strict=True)]


def _chosen(seed: str, rows: int, share: float) -> Array:
    chosen: Array = streams.uniforms(seed, "chosen", rows) < share
    return chosen


def _missing(share: float) -> Change:
    def change(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
        del column
        lost = _chosen(seed, len(values), share)
        return [None if gone else value for value, gone in zip(values, lost, strict=True)]

    return change


def _unseen(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
    del column
    new = _chosen(seed, len(values), TENTH)
    return [UNHEARD if is_new else value for value, is_new in zip(values, new, strict=True)]


def _permuted(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
    del column
    return [values[place] for place in numpy.argsort(streams.integers(seed, "order", len(values)), kind="stable")]


def _numbers(column: models.Column, moved: Callable[[Array, str], Array]) -> Change:
    """Whole numbers stay whole, and within what the column's type holds."""

    def change(values: list[Any], series: pandas.Series[Any], seed: str) -> list[Any]:
        known = series.notna().to_numpy()
        numbers = series[known].to_numpy(dtype=numpy.float64)
        # So far off, a float64 holds it still when it is a whole number.
        low, high = (float(numpy.clip(limit, -(2.0**53), 2.0**53)) for limit in column.limits)
        after = numpy.clip(moved(numbers, seed), low, high)
        after = numpy.round(after) if column.type == "integer" else after
        changed = list(values)
        for place, number in zip(numpy.flatnonzero(known).tolist(), after.tolist(), strict=True):
            changed[place] = int(number) if column.type == "integer" else number
        return changed

    return change


def _shifted(numbers: Array, seed: str) -> Array:
    del seed
    shifted: Array = numbers + numbers.std()
    return shifted


def _noisy(numbers: Array, seed: str) -> Array:
    noisy: Array = numbers + NOISE * numbers.std() * streams.normals(seed, "noise", len(numbers))
    return noisy


def _halved(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
    del column, seed
    return [value and " ".join(value.split()[: -(-len(value.split()) // 2)]) for value in values]


def _dropped(values: list[Any], column: pandas.Series[Any], seed: str) -> list[Any]:
    del column
    words = [value.split() if value else [] for value in values]
    kept = iter((~_chosen(seed, sum(map(len, words)), WORDS)).tolist())
    return [
        value and " ".join([word for word in each if next(kept)]) for value, each in zip(values, words, strict=True)
    ]
