"""Scalers and imputers, with scikit-learn's own arithmetic: subtract, then divide; multiply, then add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy

from noteship.models.compiled.fields import Frame
from noteship.models.compiled.program import NO_WORK, Array, Aside, Beyond, Entries, Program, Stack, Wire, Work

__all__ = ["imputed", "imputed_texts", "maximal", "minimal", "robust", "standard", "weighted"]


def standard(value: Any, given: Stack, program: Program) -> Stack:
    """StandardScaler."""
    minus = value.mean_ if value.with_mean else None
    return _scaled(_Scaling(minus=_doubles(minus), over=_doubles(value.scale_)), given, program)


def robust(value: Any, given: Stack, program: Program) -> Stack:
    """RobustScaler."""
    minus = value.center_ if value.with_centering else None
    over = value.scale_ if value.with_scaling else None
    return _scaled(_Scaling(minus=_doubles(minus), over=_doubles(over)), given, program)


def maximal(value: Any, given: Stack, program: Program) -> Stack:
    """MaxAbsScaler."""
    limits = (-1.0, 1.0) if getattr(value, "clip", False) else None
    return _scaled(_Scaling(over=_doubles(value.scale_), limits=limits), given, program)


def minimal(value: Any, given: Stack, program: Program) -> Stack:
    """MinMaxScaler."""
    if given.is_sparse:
        raise Beyond("a MinMaxScaler of sparse columns")
    low, high = value.feature_range
    limits = (float(low), float(high)) if value.clip else None
    return _scaled(_Scaling(times=_doubles(value.scale_), plus=_doubles(value.min_), limits=limits), given, program)


def weighted(weight: float, given: Stack, program: Program) -> Stack:
    """The factor that a ColumnTransformer or a FeatureUnion gives one of its parts."""
    factor = numpy.full(given.width, float(weight))
    return _each(given, program, _Scaling(times=factor).of)


def imputed(value: Any, given: Stack, program: Program) -> Stack:
    """SimpleImputer of numbers. Raises Beyond."""
    _check_imputer(value)
    if given.is_sparse or any(part.is_entries for part in given.parts):
        raise Beyond("a SimpleImputer of sparse columns")
    # Where it was fitted on whole numbers, it fills in whole numbers.
    kind = getattr(value, "_fill_dtype", None) or value._fit_dtype
    statistics = numpy.asarray(value.statistics_).astype(kind).astype(numpy.float64)
    if numpy.isnan(statistics).any():
        raise Beyond("a SimpleImputer with columns that were empty when it was fitted")
    filled = _each(given, program, lambda start, end: _Filled(statistics[start:end]))
    if not value.add_indicator:
        return filled
    return replace(filled, parts=(*filled.parts, *_marks(numpy.asarray(value.indicator_.features_), given, program)))


def imputed_texts(value: Any, given: Frame, program: Program) -> Frame:
    """SimpleImputer of texts: nothing to be done but to remember what is filled in. Raises Beyond."""
    _check_imputer(value)
    if value.add_indicator:
        raise Beyond("a SimpleImputer of texts that adds columns")
    fields = []
    for field, fill in zip(given.fields, value.statistics_, strict=True):
        is_clear = field.column.nulls == "refused" or field.null is not None
        if field.is_number or not isinstance(fill, str) or field.fill is not None or not is_clear:
            raise Beyond(f"a SimpleImputer of the column {field.column.name}")
        fields.append(replace(field, fill=fill))
    program.add_work(len(fields))
    return Frame(tuple(fields), is_named=False)


def _check_imputer(value: Any) -> None:
    if not (isinstance(value.missing_values, float) and numpy.isnan(value.missing_values)):
        raise Beyond("a SimpleImputer of other values than NaN")


def _doubles(numbers: Any) -> Array | None:
    return None if numbers is None else numpy.asarray(numbers, dtype=numpy.float64)


@dataclass(frozen=True, eq=False)
class _Scaling:
    """x - minus, / over, * times, + plus, cut to limits: those that there are, one after the other."""

    minus: Array | None = None
    over: Array | None = None
    times: Array | None = None
    plus: Array | None = None
    limits: tuple[float, float] | None = None

    def of(self, start: int, end: int) -> _Scaling:
        """That of some of the columns."""
        names = ("minus", "over", "times", "plus")
        parts = {name: None if getattr(self, name) is None else getattr(self, name)[start:end] for name in names}
        return replace(self, **parts)

    def _factors(self) -> tuple[tuple[str, Array | None], ...]:
        """What leaves a 0 as it is."""
        return ("over", self.over), ("times", self.times)

    def work(self, given: Wire) -> Work:
        """That of the scalers: centred values are all divided, others where they are not zero."""
        factors = [each for _, each in self._factors() if each is not None]
        if not factors:
            return NO_WORK
        if self.minus is not None:
            return Work(each=given.width)
        return Work(nonzeros=1, keeps_zeros=given.is_entries and all(each.all() for each in factors))

    def sparse(self) -> _Scaling:
        """As scikit-learn does it for sparse columns: it multiplies by the inverse."""
        if self.minus is not None:
            raise Beyond("a scaler that would centre sparse columns")
        return replace(self, over=None, times=None if self.over is None else 1.0 / self.over)

    def __call__(self, given: Any) -> Any:
        if isinstance(given, Entries):
            of_entries = {name: None if each is None else each.take(given.columns) for name, each in self._factors()}
            return given.with_values(_Scaling(**of_entries, limits=self.limits)(given.values))
        for function, operand in (
            (numpy.subtract, self.minus),
            (numpy.divide, self.over),
            (numpy.multiply, self.times),
            (numpy.add, self.plus),
        ):
            if operand is not None:
                given = function(given, operand)
        if self.limits is not None:
            if numpy.isinf(given).any():
                raise Aside
            given = numpy.clip(given, *self.limits)
        return given


@dataclass(frozen=True, eq=False)
class _Filled:
    fills: Array

    def work(self, given: Wire) -> Work:
        """One comparison a value."""
        return Work(each=given.width)

    def __call__(self, given: Array) -> Array:
        missing = numpy.isnan(given)
        return numpy.where(missing, self.fills, given) if missing.any() else given


@dataclass(frozen=True, eq=False)
class _Marked:
    """1 where a number is missing in one of these columns, else 0."""

    places: Array

    def __call__(self, given: Array) -> Array:
        return numpy.isnan(given.take(self.places, axis=1)).astype(numpy.float64)


def _marks(features: Array, given: Stack, program: Program) -> list[Wire]:
    """The columns that an imputer adds behind its own: one for each that was incomplete when it was fitted."""
    marks = []
    start = 0
    for part in given.parts:
        places = features[(features >= start) & (features < start + part.width)] - start
        if len(places):
            marks.append(program.add(_Marked(places), (part,), len(places)))
        start += part.width
    return marks


def _scaled(scaling: _Scaling, given: Stack, program: Program) -> Stack:
    if given.is_sparse:
        scaling = scaling.sparse()
    elif any(part.is_entries for part in given.parts) and not (scaling.minus is None and scaling.plus is None):
        raise Beyond("a scaler of columns that are sparse in part")
    return _each(given, program, scaling.of)


def _each(given: Stack, program: Program, operation: Callable[[int, int], _Scaling | _Filled]) -> Stack:
    """One operation for each part, made for its columns."""
    parts = []
    start = 0
    for part in given.parts:
        end = start + part.width
        made = operation(start, end)
        parts.append(program.add(made, (part,), part.width, is_entries=part.is_entries, work=made.work(part)))
        start = end
    return replace(given, parts=tuple(parts))
