"""The raw input columns while a model is compiled: which there are, and the operation that makes numbers of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from noteship.models.columns import Column
from noteship.models.compiled.program import Array, Beyond, Program, Stack
from noteship.models.rows import Rows
from noteship.models.signature import Signature

__all__ = ["Field", "Frame", "Single", "frame_of", "numbers"]

# pandas types whose null is NaN.
NAN_TYPES = ("str", "object nan", "category", "category ordered")


@dataclass(frozen=True)
class Field:
    """An input column and its place in `Rows.numbers` or in `Rows.others`; nulls are replaced by `fill`, if given."""

    column: Column
    place: int
    fill: Any = None

    @property
    def is_number(self) -> bool:
        """Whether it is in `Rows.numbers`."""
        return self.column.is_plain_number

    @property
    def null(self) -> Any:
        """What stands for a null in the frame that the steps were fitted with."""
        return math.nan if self.is_number or self.column.dtype in NAN_TYPES else None

    @property
    def has_clear_nulls(self) -> bool:
        """Whether there are none, or it is known what stands for them."""
        known = self.is_number or self.column.dtype == "object" or self.column.dtype in NAN_TYPES
        return known or self.column.nulls == "refused"

    def values(self, rows: Rows) -> Sequence[Any]:
        """The column's values, null as None, or as NaN among numbers."""
        if self.is_number:
            return rows.numbers[:, self.place].tolist()  # type: ignore[no-any-return]
        given: Sequence[Any] = rows.others[self.place]
        if self.fill is None:
            return given
        return [self.fill if value is None else value for value in given]


@dataclass(frozen=True)
class Frame:
    """Some of the input columns side by side; `is_named` where scikit-learn sees their names."""

    fields: tuple[Field, ...]
    is_named: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(field.column.name for field in self.fields)

    def picked(self, places: Sequence[int]) -> Frame:
        """The columns at some places."""
        return replace(self, fields=tuple(self.fields[place] for place in places))


@dataclass(frozen=True)
class Single:
    """One input column, one-dimensional."""

    field: Field


def frame_of(signature: Signature) -> Frame:
    """All inputs of a signature."""
    counts = {True: 0, False: 0}
    fields = []
    for column in signature.inputs:
        fields.append(Field(column, counts[column.is_plain_number]))
        counts[column.is_plain_number] += 1
    return Frame(tuple(fields))


def numbers(program: Program, frame: Frame, *, single: bool = False) -> Stack:
    """The columns of a frame as numbers of double precision.

    Raises Beyond for other columns than numbers and booleans, and for columns that scikit-learn would compute with in
    single precision, unless `single` says that its consumer takes them to that precision anyway.
    """
    for field in frame.fields:
        if not field.is_number and (field.column.dtype != "bool" or field.column.nulls != "refused"):
            raise Beyond(f"the column {field.column.name} as a number")
    types = [numpy.dtype(field.column.dtype) for field in frame.fields]
    common = numpy.result_type(*types) if types else numpy.dtype(float)
    if common.kind == "f" and common.itemsize < 8 and not single:
        raise Beyond("columns in single precision")
    wire = program.add(_operation(frame, types), (), len(frame.fields))
    return Stack((wire,))


def _operation(frame: Frame, types: Sequence[Any]) -> Any:
    narrow = {place: kind for place, kind in enumerate(types) if kind.kind == "f" and kind.itemsize < 8}
    if narrow or not all(field.is_number for field in frame.fields):
        return _Gathered(frame.fields, tuple(narrow.items()))
    places = [field.place for field in frame.fields]
    return _Picked(numpy.array(places, dtype=numpy.intp), is_start=places == list(range(len(places))))


@dataclass(frozen=True, eq=False)
class _Picked:
    """Plain numbers as they are."""

    places: Array
    is_start: bool

    def __call__(self, rows: Rows) -> Array:
        if self.is_start and rows.numbers.shape[1] == len(self.places):
            return rows.numbers
        return rows.numbers.take(self.places, axis=1)


@dataclass(frozen=True, eq=False)
class _Gathered:
    """Numbers and booleans, those of narrow types rounded as in a frame."""

    fields: tuple[Field, ...]
    narrow: tuple[tuple[int, Any], ...]

    def __call__(self, rows: Rows) -> Array:
        given = numpy.empty((len(rows), len(self.fields)))
        for place, field in enumerate(self.fields):
            given[:, place] = rows.numbers[:, field.place] if field.is_number else rows.others[field.place]
        for place, kind in self.narrow:
            given[:, place] = given[:, place].astype(kind)
        return given
