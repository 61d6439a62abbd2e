"""What is observed: rows by field, what was predicted for them, and the work that it took."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy

from noteship.monitor import errors
from noteship.monitor.streams import Array

if TYPE_CHECKING:
    import pandas

__all__ = ["Field", "Observed", "Predictions"]

Kind = Literal["boolean", "integer", "number", "text", "category", "datetime"]


@dataclass(frozen=True)
class Field:
    """An input column. `is_plain`: its values are machine numbers in one buffer; `has_nulls`: some may be missing."""

    name: str
    kind: Kind
    is_plain: bool = False
    has_nulls: bool = False

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**value)


@dataclass(frozen=True, eq=False)
class Predictions:
    """n predictions: labels or numbers of shape (n,), and probabilities (n, classes) where the model has them.

    `classes` is empty for a regression.
    """

    labels: Array
    probabilities: Array | None = None
    classes: tuple[Any, ...] = ()

    def part(self, start: int, end: int) -> Self:
        """Those from `start` to before `end`."""
        probabilities = None if self.probabilities is None else self.probabilities[start:end]
        return type(self)(self.labels[start:end], probabilities, self.classes)


@dataclass(frozen=True, eq=False)
class Observed:
    """n rows, at least one, with their predictions.

    - numbers: the plain fields, in their order; float64 of shape (n, k), null as NaN
    - others: the values of each other field, in their order; null as None
    - work: multiplications by row, shape (n,), NaN where they were not counted; None where none were
    """

    numbers: Array
    others: tuple[Sequence[Any], ...]
    predictions: Predictions
    work: Array | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, end: int) -> Self:
        """The rows from `start` to before `end`."""
        return type(self)(
            self.numbers[start:end],
            tuple(values[start:end] for values in self.others),
            self.predictions.part(start, end),
            None if self.work is None else self.work[start:end],
        )

    def taken(self, places: Array) -> Self:
        """The rows at `places`."""
        predictions = self.predictions
        probabilities = None if predictions.probabilities is None else predictions.probabilities[places]
        listed = places.tolist()
        return type(self)(
            self.numbers[places],
            tuple([values[place] for place in listed] for values in self.others),
            Predictions(predictions.labels[places], probabilities, predictions.classes),
            None if self.work is None else self.work[places],
        )

    @classmethod
    def of_frame(
        cls,
        frame: pandas.DataFrame,
        fields: Sequence[Field],
        predictions: Predictions,
        work: Array | None = None,
    ) -> Self:
        """A frame's rows, with the fields as its columns. Raises UnfitRows."""
        missing = [field.name for field in fields if field.name not in frame.columns]
        if missing:
            raise errors.UnfitRows(f"the column {missing[0]!r} is missing")
        if len(predictions.labels) != len(frame) or (work is not None and len(work) != len(frame)):
            raise errors.UnfitRows("the predictions or the work are not as many as the rows")
        plain = [frame[field.name].to_numpy(dtype=numpy.float64) for field in fields if field.is_plain]
        numbers = numpy.column_stack(plain) if plain else numpy.empty((len(frame), 0))
        others = tuple(_values(frame[field.name]) for field in fields if not field.is_plain)
        return cls(numbers, others, predictions, work)


def _values(column: pandas.Series[Any]) -> list[Any]:
    """Cells as plain values; null for NaN, NaT and NA."""
    # Who only looks at windows waits for no tables: whoever has a column has loaded it.
    import pandas

    not_a_time, not_there = pandas.NaT, pandas.NA
    return [None if each is not_a_time or each is not_there else _value(each) for each in column.tolist()]


def _value(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if isinstance(value, numpy.generic) else value
