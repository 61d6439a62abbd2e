"""What expressions give."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.calls import call_expression
from noteship.notebooks.interpreter.comprehensions import dictionary_of, sequence_of
from noteship.notebooks.interpreter.core import Machine, Raised
from noteship.notebooks.interpreter.definitions import make_function
from noteship.notebooks.interpreter.holes import cleaned, has_hole
from noteship.notebooks.interpreter.modelling import formatted
from noteship.notebooks.interpreter.names import look_up
from noteship.notebooks.interpreter.subscripts import subscript
from noteship.notebooks.interpreter.targets import assign
from noteship.notebooks.values import (
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    PathValue,
    Seq,
    Union,
    Unknown,
    Value,
    join,
)

__all__ = ["EVALUATORS", "binary", "contains"]

# What arithmetic on constants may make, in characters or bits: a notebook's path needs far less.
_LARGEST_TEXT = 20_000
_LARGEST_NUMBER = 10**12
_WIDE = re.compile(r"%[^%a-zA-Z]*(\d{4}|\*)")


def _constant(_machine: Machine, node: ast.Constant) -> Value:
    if isinstance(node.value, str) and not node.value.isascii():
        return Const(cleaned(node.value))
    return Const(node.value)


def _name(machine: Machine, node: ast.Name) -> Value:
    return look_up(machine, node.id)


def _attribute(machine: Machine, node: ast.Attribute) -> Value:
    return machine.attribute(machine.value(node.value), node.attr)


def _subscript(machine: Machine, node: ast.Subscript) -> Value:
    base = machine.value(node.value)
    if isinstance(node.slice, ast.Slice):
        bounds = [
            None if part is None else machine.value(part)
            for part in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        return machine.each(base, lambda option: subscript(machine, option, bounds))
    index = machine.value(node.slice)
    return machine.each(base, lambda option: machine.each(index, lambda key: subscript(machine, option, key)))


def _joined(machine: Machine, node: ast.JoinedStr) -> Value:
    pieces: list[list[str]] = [[""]]
    for part in node.values:
        value = machine.value(part)
        texts = (
            [machine.text(option) or "" for option in value.options]
            if isinstance(value, Union)
            else [machine.text(value) or ""]
        )
        pieces.append(list(dict.fromkeys(texts))[:8])
    results = [""]
    for texts in pieces:
        results = [result + text for result in results for text in texts][:24]
    return join(machine.known(result) for result in results)


def _formatted(machine: Machine, node: ast.FormattedValue) -> Value:
    value = machine.value(node.value)
    specification = machine.value(node.format_spec) if node.format_spec is not None else Const("")
    return machine.each(value, lambda option: _format_one(machine, option, specification, node.conversion))


def _format_one(machine: Machine, value: Value, specification: Value, conversion: int) -> Value:
    wanted = specification.value if isinstance(specification, Const) else None
    if wanted and isinstance(value, Const) and not (isinstance(value.value, str) and has_hole(value.value)):
        found = formatted(value.value, wanted)
        return Const(machine.hole("a formatted value") if found is None else found)
    if wanted and not isinstance(value, (Const, PathValue)):
        return Const(machine.hole(machine.reason(value)))
    if conversion == 114 and isinstance(value, Const):
        return Const(repr(value.value))
    return Const(machine.text(value) or machine.hole("a formatted value"))


def _sequence(machine: Machine, node: ast.List | ast.Tuple | ast.Set) -> Value:
    kind: Any = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    found = Seq(kind, [], depth=machine.maybe)
    for part in node.elts:
        if isinstance(part, ast.Starred):
            items, rest = machine.items(machine.value(part.value))
            found.items.extend(items)
            found.rest = found.rest if rest is None else rest
        else:
            found.items.append(machine.value(part))
    return found


def _dictionary(machine: Machine, node: ast.Dict) -> Value:
    found = Mapping({}, depth=machine.maybe)
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = machine.value(value_node)
        if key_node is None:
            if isinstance(value, Mapping):
                found.items.update(value.items)
                found.rest = found.rest or value.rest
            else:
                found.rest = Unknown(machine.reason(value))
            continue
        key = machine.key(machine.value(key_node))
        if key is None:
            found.rest = value if found.rest is None else join([found.rest, value])
        else:
            found.items[key] = value
    return found


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return make_function(machine, node)


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    test = machine.value(node.test)
    known = machine.truth(test)
    if known is None:
        with machine.perhaps():
            found = [_attempt(machine, node.body), _attempt(machine, node.orelse)]
        return join(found)
    return machine.value(node.body if known else node.orelse)


def _attempt(machine: Machine, node: ast.expr) -> Value:
    depth = len(machine.frames)
    try:
        return machine.value(node)
    except Raised as error:
        del machine.frames[depth:]
        return Unknown(f"an exception, {error.name}")


def _boolean(machine: Machine, node: ast.BoolOp) -> Value:
    wanted = isinstance(node.op, ast.Or)
    possible: list[Value] = []
    likely: bool | None = None
    for index, part in enumerate(node.values):
        with machine.perhaps(bool(possible)):
            value = machine.value(part)
        known = machine.truth(value)
        if known is wanted:
            possible.append(value)
            return _settled(possible, likely)
        if known is None:
            likely = value.likely if isinstance(value, Unknown) else None
            absent = wanted and likely is False and index < len(node.values) - 1
            if not absent or value.reason.startswith("whether"):  # type: ignore[attr-defined]
                possible.append(value)
        elif index == len(node.values) - 1:
            possible.append(value)
    return _settled(possible, likely)


def _settled(possible: list[Value], likely: bool | None) -> Value:
    concrete = [value for value in possible if not isinstance(value, (Unknown, Library))]
    if len(concrete) == len(possible):
        return join(possible)
    if all(isinstance(value, Const) and isinstance(value.value, bool) for value in concrete):
        reason = next((value.reason for value in possible if isinstance(value, Unknown)), "a condition")
        return Unknown(reason, likely)
    return join(possible)


def _unary(machine: Machine, node: ast.UnaryOp) -> Value:
    value = machine.value(node.operand)
    if isinstance(node.op, ast.Not):
        known = machine.truth(value)
        if known is None:
            likely = value.likely if isinstance(value, Unknown) else None
            return Unknown(machine.reason(value), None if likely is None else not likely)
        return Const(not known)
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        change: Any = {ast.USub: operator.neg, ast.UAdd: operator.pos}.get(type(node.op))
        if change is not None:
            return Const(change(value.value))
    return Unknown(machine.reason(value))


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


def _binary(machine: Machine, node: ast.BinOp) -> Value:
    left = machine.value(node.left)
    right = machine.value(node.right)
    return machine.each(left, lambda one: machine.each(right, lambda two: binary(machine, one, node.op, two)))


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
    return PathValue(joined(base or "", tail or "")) if base is not None and tail is not None else Unknown("a path")


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


def _comparison(machine: Machine, node: ast.Compare) -> Value:
    left = machine.value(node.left)
    results: list[bool | None] = []
    likely: bool | None = None
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = machine.value(right_node)
        found = _compared_any(machine, left, op, right)
        if (
            found is None
            and isinstance(left, Unknown)
            and left.likely is False
            and isinstance(right, Const)
            and right.value is None
        ):
            likely = isinstance(op, (ast.Is, ast.Eq))
        results.append(found)
        left = right
    if False in results:
        return Const(False)
    if None in results:
        return Unknown(f"a comparison with {machine.reason(left)}", likely)
    return Const(True)


def _compared_any(machine: Machine, left: Value, op: ast.cmpop, right: Value) -> bool | None:
    lefts = left.options if isinstance(left, Union) else (left,)
    rights = right.options if isinstance(right, Union) else (right,)
    found = {_compared(machine, one, op, two) for one in lefts for two in rights}
    return found.pop() if len(found) == 1 else None


def _compared(machine: Machine, left: Value, op: ast.cmpop, right: Value) -> bool | None:
    if isinstance(op, (ast.In, ast.NotIn)):
        found = contains(machine, right, left)
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


def contains(machine: Machine, container: Value, item: Value) -> bool | None:
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


def _starred(machine: Machine, node: ast.Starred) -> Value:
    return machine.value(node.value)


def _walrus(machine: Machine, node: ast.NamedExpr) -> Value:
    value = machine.value(node.value)
    assign(machine, node.target, value)
    return value


def _await(machine: Machine, node: ast.Await) -> Value:
    return machine.value(node.value)


def _yield(machine: Machine, node: ast.Yield) -> Value:
    value = machine.value(node.value) if node.value is not None else Const(None)
    if machine.frame.yields is not None:
        machine.frame.yields.append(value)
    return Unknown("what a generator is sent")


def _yield_from(machine: Machine, node: ast.YieldFrom) -> Value:
    items, rest = machine.items(machine.value(node.value))
    if machine.frame.yields is not None:
        machine.frame.yields.extend([*items, *([rest] if rest is not None else [])])
    return Unknown("what a generator returns")


EVALUATORS: MappingType[type, Callable[[Machine, Any], Value]] = {
    ast.Attribute: _attribute,
    ast.Await: _await,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Call: call_expression,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _dictionary,
    ast.DictComp: dictionary_of,
    ast.FormattedValue: _formatted,
    ast.GeneratorExp: sequence_of,
    ast.IfExp: _conditional,
    ast.JoinedStr: _joined,
    ast.Lambda: _lambda,
    ast.List: _sequence,
    ast.ListComp: sequence_of,
    ast.Name: _name,
    ast.NamedExpr: _walrus,
    ast.Set: _sequence,
    ast.SetComp: sequence_of,
    ast.Starred: _starred,
    ast.Subscript: _subscript,
    ast.Tuple: _sequence,
    ast.UnaryOp: _unary,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
