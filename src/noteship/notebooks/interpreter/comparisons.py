"""Comparisons, as far as they are known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.values import (
    Const,
    Instance,
    Library,
    Mapping,
    Seq,
    Union,
    Unknown,
    Value,
)

__all__ = ["compared"]


def compared(machine: Machine, left: Value, op: ast.cmpop, right: Value) -> bool | None:
    """What a comparison gives, where all values that are possible agree."""
    lefts = left.options if isinstance(left, Union) else (left,)
    rights = right.options if isinstance(right, Union) else (right,)
    found = {_compared(machine, one, op, two) for one in lefts for two in rights}
    return found.pop() if len(found) == 1 else None


def _compared(machine: Machine, left: Value, op: ast.cmpop, right: Value) -> bool | None:
    if isinstance(op, (ast.In, ast.NotIn)):
        found = _contains(machine, right, left)
        return found if found is None or isinstance(op, ast.In) else not found
    if isinstance(op, (ast.Is, ast.IsNot)):
        found = _identical(left, right)
        return found if found is None or isinstance(op, ast.Is) else not found
    if isinstance(left, Seq) and isinstance(right, Seq):
        return None
    one, two = machine.key(left), machine.key(right)
    if one is None or two is None or isinstance(left, Instance) != isinstance(right, Instance):
        return _texts_differ(machine, left, op, right)
    change: Any = {
        ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
        ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    }[type(op)]  # fmt: skip
    try:
        return bool(change(one, two))
    except TypeError:
        return None


def _texts_differ(machine: Machine, left: Value, op: ast.cmpop, right: Value) -> bool | None:
    """Two texts with holes surely differ when their literal beginnings or ends do."""
    if not (isinstance(op, (ast.Eq, ast.NotEq)) and _is_text(left) and _is_text(right)):
        return None
    one, two = machine.holes.split(left.value), machine.holes.split(right.value)  # type: ignore[attr-defined]
    if _clash(one, two, str.startswith, 0) or _clash(one, two, str.endswith, -1):
        return isinstance(op, ast.NotEq)
    return None


def _clash(one: tuple[Any, ...], two: tuple[Any, ...], agrees: Callable[[str, str], bool], end: int) -> bool:
    first, second = one[end] if one else "", two[end] if two else ""
    if not (isinstance(first, str) and isinstance(second, str)):
        return False
    return not (agrees(first, second) or agrees(second, first))


def _identical(left: Value, right: Value) -> bool | None:
    if isinstance(left, Const) and isinstance(right, Const):
        if left.value is None or right.value is None or isinstance(left.value, bool) or isinstance(right.value, bool):
            return left.value is right.value
        return None
    if isinstance(left, (Unknown, Library)) or isinstance(right, (Unknown, Library)):
        if isinstance(left, Library) and left.name.endswith("()") and isinstance(right, Const) and right.value is None:
            return None
        return False if isinstance(left, Library) and isinstance(right, Const) else None
    if isinstance(left, Const) or isinstance(right, Const):
        return False
    return True if left is right else None


def _contains(machine: Machine, container: Value, item: Value) -> bool | None:
    """Whether an item is in a container, None when that is not known."""
    if isinstance(container, Const) and isinstance(container.value, str) and _is_text(item):
        wanted = item.value  # type: ignore[attr-defined]
        if not has_hole(wanted) and wanted in container.value:
            return True
        return None if has_hole(wanted) or has_hole(container.value) else False
    key = machine.key(item)
    if key is None:
        return None
    if isinstance(container, Mapping):
        return True if key in container.items else None if container.rest is not None else False
    if isinstance(container, Seq):
        keys = [machine.key(option) for option in container.items]
        if key in keys:
            return None if container.fuzzy else True
        return None if container.rest is not None or None in keys else False
    return None


def _is_text(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, str)
