"""Which transformers have a compiled form, and those that hold others: pipelines, column transformers, unions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from noteship.models.compiled import categories, numeric, weighting, words
from noteship.models.compiled.fields import Frame, Single, numbers
from noteship.models.compiled.program import Beyond, Program, Stack

__all__ = ["of_scikit_learn", "stacked", "transformed"]

# What takes a table of numbers.
NUMERIC: Mapping[str, Callable[[Any, Stack, Program], Stack]] = {
    "MaxAbsScaler": numeric.maximal,
    "MinMaxScaler": numeric.minimal,
    "Normalizer": weighting.normalized,
    "RobustScaler": numeric.robust,
    "StandardScaler": numeric.standard,
    "TfidfTransformer": weighting.tf_idf,
}
# What takes input columns as they are.
RAW: Mapping[str, Callable[[Any, Any, Program], Stack]] = {
    "CountVectorizer": words.counted,
    "HashingVectorizer": words.hashed,
    "OneHotEncoder": categories.one_hot,
    "OrdinalEncoder": categories.ordinal,
    "TfidfVectorizer": words.tf_idf_counted,
}


def of_scikit_learn(value: Any) -> str:
    """The name of a class of scikit-learn's own; nothing for any other, also one derived from it."""
    return type(value).__name__ if type(value).__module__.startswith("sklearn.") else ""


def stacked(given: Any, program: Program, *, single: bool = False) -> Stack:
    """What is given, as a table of numbers. Raises Beyond."""
    if isinstance(given, Frame):
        return numbers(program, given, single=single)
    if isinstance(given, Single):
        raise Beyond(f"the column {given.field.column.name} by itself")
    assert isinstance(given, Stack)
    return given


def transformed(value: Any, given: Any, program: Program) -> Any:
    """What a fitted transformer gives: a table of numbers, or input columns. Raises Beyond."""
    if value is None or value == "passthrough":
        return given
    kind = of_scikit_learn(value)
    if kind == "FunctionTransformer" and value.func is None:
        return given
    if "transform" in getattr(value, "_sklearn_output_config", {}):
        raise Beyond(f"{type(value).__name__} with set_output")
    if kind in RAW:
        return RAW[kind](value, given, program)
    if kind in NUMERIC:
        return NUMERIC[kind](value, stacked(given, program), program)
    if kind in HOLDERS:
        return HOLDERS[kind](value, given, program)
    raise Beyond(f"the step {type(value).__name__}")


def _pipeline(value: Any, given: Any, program: Program) -> Any:
    for _, step in value.steps:
        given = transformed(step, given, program)
    return given


def _imputer(value: Any, given: Any, program: Program) -> Any:
    if isinstance(given, Frame) and not all(field.is_number for field in given.fields):
        return numeric.imputed_texts(value, given, program)
    return numeric.imputed(value, stacked(given, program), program)


def _union(value: Any, given: Any, program: Program) -> Stack:
    weights = value.transformer_weights or {}
    parts = []
    for name, inner in value.transformer_list:
        if inner == "drop":
            continue
        part = stacked(transformed(inner, given, program), program)
        parts.append(numeric.weighted(weights[name], part, program) if name in weights else part)
    return _joined(parts)


def _columns(value: Any, given: Any, program: Program) -> Stack:
    """ColumnTransformer. Raises Beyond."""
    weights = value.transformer_weights or {}
    parts = []
    for name, inner, columns in value.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        places = value._transformer_to_input_indices[name]
        if len(places) == 0:
            continue
        picked = _picked(value, given, places, is_single=isinstance(columns, (str, int)))
        part = stacked(transformed(inner, picked, program), program)
        parts.append(numeric.weighted(weights[name], part, program) if name in weights else part)
    if not parts:
        raise Beyond("a ColumnTransformer that drops everything")
    return replace(_joined(parts), is_sparse=bool(value.sparse_output_))


def _picked(value: Any, given: Any, places: Any, *, is_single: bool) -> Any:
    if not isinstance(given, Frame):
        raise Beyond("a ColumnTransformer of anything but input columns")
    fitted = getattr(value, "feature_names_in_", None)
    if fitted is not None and given.is_named:
        names = given.names
        places = [names.index(str(fitted[place])) for place in places]
    if is_single:
        return Single(given.fields[int(places[0])])
    return given.picked([int(place) for place in places])


def _joined(parts: list[Stack]) -> Stack:
    return Stack(tuple(wire for part in parts for wire in part.parts), any(part.is_sparse for part in parts))


HOLDERS: Mapping[str, Callable[[Any, Any, Program], Any]] = {
    "ColumnTransformer": _columns,
    "FeatureUnion": _union,
    "Pipeline": _pipeline,
    "SimpleImputer": _imputer,
}
