"""Arithmetic, and what `+`, `%` and `/` do with texts, paths and containers."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import (
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    PathValue,
    Seq,
    Unknown,
    Value,
    join,
)

__all__ = ["binary"]


# What arithmetic on constants may make, in characters or bits: a notebook's path needs far less.
_LARGEST_TEXT = 20_000
_LARGEST_NUMBER = 10**12
_WIDE = re.compile(r"%[^%a-zA-Z]*(\d{4}|\*)")


_NUMBERS: MappingType[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}


def binary(machine: Machine, left: Value, op: ast.operator, right: Value) -> Value:
    """One binary operation on two values that are no unions."""
    if isinstance(op, ast.Div) and (isinstance(left, PathValue) or isinstance(right, PathValue)):
        return _path_join(machine, left, right)
    if isinstance(left, (Seq, Mapping)):
        return _container_operation(machine, left, op, right)
    if isinstance(left, Const) and isinstance(left.value, str) and isinstance(op, ast.Mod):
        return _percent(machine, left.value, right)
    if isinstance(op, ast.Add) and (_is_text(left) or _is_text(right)):
        return machine.known((machine.text(left) or "") + (machine.text(right) or ""))
    if isinstance(left, Const) and isinstance(right, Const):
        return _arithmetic(left.value, op, right.value)
    if isinstance(left, Instance):
        return _operator_method(machine, left, op, right)
    if isinstance(op, ast.Div) and _is_text(right) and isinstance(left, (Unknown, Library)):
        # Something that a text is divided into is a path.
        return _path_join(machine, PathValue(machine.hole(machine.reason(left))), right)
    unknown = left if isinstance(left, (Unknown, Library)) else right
    return Unknown(machine.reason(unknown))


def _is_text(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str)


def _path_join(machine: Machine, left: Value, right: Value) -> Value:
    from posixpath import join as joined

    base, tail = machine.text(left), machine.text(right)
    if base is None or tail is None or len(base) + len(tail) > _LARGEST_TEXT:
        return Unknown("a path")
    return PathValue(joined(base, tail))


def _container_operation(machine: Machine, left: Seq | Mapping, op: ast.operator, right: Value) -> Value:
    if isinstance(left, Mapping) and isinstance(right, Mapping) and isinstance(op, ast.BitOr):
        return Mapping({**left.items, **right.items}, left.rest or right.rest, depth=machine.maybe)
    if isinstance(left, Seq) and isinstance(op, ast.Add):
        items, rest = machine.items(right)
        return machine.gathered([*left.items, *items], left.rest or rest, left)
    if isinstance(left, Seq) and isinstance(op, ast.BitOr) and isinstance(right, Seq):
        return machine.gathered([*left.items, *right.items], left.rest or right.rest, left)
    if isinstance(left, Seq) and isinstance(op, ast.Mult) and isinstance(right, Const) and isinstance(right.value, int):
        return machine.gathered(left.items * min(max(right.value, 0), 20), left.rest, left)
    return (
        Seq("list", [], join([*left.items, Unknown("an item")])) if isinstance(left, Seq) else Unknown("a dictionary")
    )


def _percent(machine: Machine, text: str, right: Value) -> Value:
    items = right.items if isinstance(right, Seq) and right.kind == "tuple" else [right]
    values: list[Any] = [_plain(machine, item) for item in items]
    if _WIDE.search(text):
        return Const(machine.hole("a formatted value"))
    try:
        if isinstance(right, Mapping):
            return Const(text % {key: _plain(machine, value) for key, value in right.items.items()})
        found = text % tuple(values)
    except (TypeError, ValueError, KeyError, OverflowError, MemoryError):
        return Const(re.sub(r"%[-+0-9.]*[a-zA-Z]|%\([^)]*\)[-+0-9.]*[a-zA-Z]", machine.hole("a formatted value"), text))
    return Const(found if len(found) < _LARGEST_TEXT else machine.hole("a long text"))


def _plain(machine: Machine, value: Value) -> Any:
    if isinstance(value, Const):
        return value.value
    text = machine.text(value)
    return text if text is not None else machine.hole(machine.reason(value))


def _arithmetic(left: Any, op: ast.operator, right: Any) -> Value:
    change = _NUMBERS.get(type(op))
    if isinstance(op, ast.Pow) and isinstance(left, (int, float)) and isinstance(right, int) and 0 <= right <= 12:
        change = operator.pow
    if isinstance(op, ast.Mult) and (isinstance(left, (str, bytes)) or isinstance(right, (str, bytes))):
        size = len(left) * right if isinstance(left, (str, bytes)) and isinstance(right, int) else _LARGEST_TEXT
        change = operator.mul if size < _LARGEST_TEXT else None
    if change is None:
        return Unknown("a number that is not followed")
    try:
        found = change(left, right)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown("a number that is not followed")
    if isinstance(found, (int, float)) and abs(found) > _LARGEST_NUMBER:
        return Unknown("a large number")
    return Const(found)


_OPERATOR_METHODS: MappingType[type, str] = {
    ast.Div: "__truediv__",
    ast.Add: "__add__",
    ast.Mod: "__mod__",
    ast.BitOr: "__or__",
}


def _operator_method(machine: Machine, left: Instance, op: ast.operator, right: Value) -> Value:
    name = _OPERATOR_METHODS.get(type(op), "")
    method = left.cls.find(name)
    if isinstance(method, Func):
        return machine.invoke(Method(left, name, method), right)
    if isinstance(op, ast.Add):
        return machine.known((machine.text(left) or "") + (machine.text(right) or ""))
    return Unknown(f"an object of {left.cls.name}")
