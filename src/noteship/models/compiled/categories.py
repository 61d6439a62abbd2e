"""Categories to columns or codes, by dictionaries that the fitted encoder itself fills in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.models.compiled.fields import Field, Frame
from noteship.models.compiled.program import Array, Aside, Beyond, Entries, Program, Stack, Work
from noteship.models.rows import Rows

__all__ = ["one_hot", "ordinal"]

# Wider results are kept as entries: so many columns are 4 kB a row.
DENSE_COLUMNS = 512
# No category of anybody's, to ask an encoder what it does with unknown ones.
UNKNOWN_TEXT, UNKNOWN_NUMBER = "\x00noteship\x00", -1.2345678912345e300


def one_hot(value: Any, given: Any, program: Program) -> Stack:
    """OneHotEncoder, with dropped, infrequent and unknown categories. Raises Beyond."""
    _check(value, given)
    answers = _asked(value, given)
    tables = [
        _Table({key: int(row.argmax()) if row.any() else -1 for key, row in known.items()}, _place(unknown))
        for known, unknown in answers
    ]
    width = len(value.get_feature_names_out())
    is_entries = width > DENSE_COLUMNS
    operation = _OneHot(given.fields, tuple(tables), width, is_entries=is_entries)
    wire = program.add(operation, (), width, is_entries=is_entries, work=Work(each=len(given.fields)))
    return Stack((wire,), is_sparse=bool(value.sparse_output))


def ordinal(value: Any, given: Any, program: Program) -> Stack:
    """OrdinalEncoder, with missing and unknown categories. Raises Beyond."""
    _check(value, given)
    tables = []
    for place, (known, unknown) in enumerate(_asked(value, given)):
        codes = {key: float(row[place]) for key, row in known.items()}
        tables.append(_Table(codes, None if unknown is None else float(unknown[place])))
    work = Work(each=len(given.fields))
    wire = program.add(_Ordinal(given.fields, tuple(tables)), (), len(given.fields), work=work)
    return Stack((wire,))


@dataclass(frozen=True)
class _Table:
    """What each category becomes, null as None; `unknown` is None where the encoder refuses unknown ones."""

    known: Mapping[Any, Any]
    unknown: Any

    def of(self, value: Any) -> Any:
        """What a value becomes. Raises Aside."""
        if value is None or value != value:
            value = None
        found = self.known.get(value, self.unknown)
        if found is None:
            raise Aside
        return found


def _check(value: Any, given: Any) -> None:
    if not isinstance(given, Frame):
        raise Beyond(f"{type(value).__name__} of anything but input columns")
    if numpy.dtype(value.dtype) != numpy.dtype(numpy.float64):
        raise Beyond(f"categories as {numpy.dtype(value.dtype)}")
    for field, categories in zip(given.fields, value.categories_, strict=True):
        kinds = _kinds(field)
        present = [each for each in categories.tolist() if each is not None and each == each]
        if not kinds or not field.has_clear_nulls or not all(type(each) in kinds for each in present):
            raise Beyond(f"the categories of the column {field.column.name}")


def _kinds(field: Field) -> set[type]:
    """The types that a field's values have; none where they may be of several that are equal to each other."""
    if field.is_number:
        # Narrow floats are equal to their categories only when they are rounded like them.
        return set() if field.column.dtype in ("float16", "float32") else {int, float}
    if field.column.dtype == "bool":
        return {bool}
    is_text = field.column.type in ("text", "category")
    return {str} if is_text and all(isinstance(known, str) for known in field.column.categories) else set()


def _asked(value: Any, given: Frame) -> list[tuple[dict[Any, Array], Array | None]]:
    """For each column what the encoder makes of each category, and of an unknown one; None where it refuses."""
    first = [categories[:1] for categories in value.categories_]
    answers = []
    for place, (field, categories) in enumerate(zip(given.fields, value.categories_, strict=True)):
        columns = [numpy.repeat(one, len(categories)) for one in first]
        columns[place] = categories
        blank = _transformed(value, columns)
        known = {}
        for key, row in zip(categories.tolist(), blank, strict=True):
            if key is None or key != key:
                # The null of this column is the other one, which the encoder does not know.
                if (key is None) != (field.null is None):
                    continue
                key = None
            known[key] = _own(value, row, place)
        columns = [numpy.array(one[:1], dtype=object) for one in first]
        columns[place] = numpy.array([UNKNOWN_NUMBER if field.is_number else UNKNOWN_TEXT], dtype=object)
        answers.append((known, _unknown(value, columns, place)))
    return answers


def _unknown(value: Any, columns: list[Array], place: int) -> Array | None:
    if value.handle_unknown == "error":
        return None
    if value.categories_[place].dtype.kind in "iuf":
        columns[place] = columns[place].astype(numpy.float64)
    elif value.categories_[place].dtype.kind == "b":
        return None
    return _own(value, _transformed(value, columns)[0], place)


def _transformed(value: Any, columns: list[Array]) -> Array:
    names = getattr(value, "feature_names_in_", range(len(columns)))
    frame = pandas.DataFrame({name: pandas.Series(column) for name, column in zip(names, columns, strict=True)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = value.transform(frame)
    return numpy.asarray(result.toarray() if hasattr(result, "toarray") else result)


def _own(value: Any, row: Array, place: int) -> Array:
    """The part of a one-hot row that one column gives, the rest made zero; a row of codes as it is."""
    if not hasattr(value, "sparse_output"):
        return row
    widths = value._n_features_outs
    start = sum(widths[:place])
    own = numpy.zeros_like(row)
    own[start : start + widths[place]] = row[start : start + widths[place]]
    return own


def _place(row: Array | None) -> int | None:
    if row is None:
        return None
    return int(row.argmax()) if row.any() else -1


@dataclass(frozen=True, eq=False)
class _OneHot:
    fields: tuple[Field, ...]
    tables: tuple[_Table, ...]
    width: int
    is_entries: bool

    def __call__(self, rows: Rows) -> Any:
        places = numpy.array(
            [list(map(table.of, field.values(rows))) for field, table in zip(self.fields, self.tables, strict=True)],
            dtype=numpy.intp,
        ).T
        there = places >= 0
        if self.is_entries:
            starts = numpy.concatenate(([0], numpy.cumsum(there.sum(axis=1))))
            columns = places[there]
            return Entries(starts, columns, numpy.ones(len(columns)))
        made = numpy.zeros((len(places), self.width))
        row, column = numpy.nonzero(there)
        made[row, places[row, column]] = 1.0
        return made


@dataclass(frozen=True, eq=False)
class _Ordinal:
    fields: tuple[Field, ...]
    tables: tuple[_Table, ...]

    def __call__(self, rows: Rows) -> Array:
        made = numpy.empty((len(rows), len(self.fields)))
        for place, (field, table) in enumerate(zip(self.fields, self.tables, strict=True)):
            made[:, place] = list(map(table.of, field.values(rows)))
        return made
