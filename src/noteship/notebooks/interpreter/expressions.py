"""What expressions give."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.calls import call_expression
from noteship.notebooks.interpreter.comparisons import compared
from noteship.notebooks.interpreter.comprehensions import dictionary_of, sequence_of
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.definitions import make_function
from noteship.notebooks.interpreter.existence import present, surely_elsewhere
from noteship.notebooks.interpreter.frames import Raised
from noteship.notebooks.interpreter.holes import cleaned, has_hole
from noteship.notebooks.interpreter.modelling import formatted
from noteship.notebooks.interpreter.names import look_up
from noteship.notebooks.interpreter.operations import binary
from noteship.notebooks.interpreter.subscripts import subscript
from noteship.notebooks.interpreter.targets import assign
from noteship.notebooks.values import (
    Const,
    Library,
    Mapping,
    PathValue,
    Seq,
    Union,
    Unknown,
    Value,
    join,
)

__all__ = ["EVALUATORS"]


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
    return Const(machine.written(value, "a formatted value"))


def _sequence(machine: Machine, node: ast.List | ast.Tuple | ast.Set) -> Value:
    kind: Any = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    found = Seq(kind, [], depth=machine.maybe)
    for part in node.elts:
        if isinstance(part, ast.Starred):
            items, rest = machine.items(machine.value(part.value))
            found.items.extend(items)
            rests = [each for each in (found.rest, rest) if each is not None]
            found.rest = join(rests) if rests else None
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
        name = machine.value(key_node)
        key = machine.key(name)
        if key is None:
            found.add(name, value)
        else:
            found.items[key] = value
    return found


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return make_function(machine, node)


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    test = machine.value(node.test)
    known = machine.truth(test)
    if known is None:
        known = surely_elsewhere(machine, node.test)
    if known is None:
        with machine.perhaps(), machine.given(present(machine, node.test, True)):
            found = [_attempt(machine, node.body)]
        with machine.perhaps(), machine.given(present(machine, node.test, False)):
            found.append(_attempt(machine, node.orelse))
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


def _binary(machine: Machine, node: ast.BinOp) -> Value:
    left = machine.value(node.left)
    right = machine.value(node.right)
    return machine.each(left, lambda one: machine.each(right, lambda two: binary(machine, one, node.op, two)))


def _comparison(machine: Machine, node: ast.Compare) -> Value:
    left = machine.value(node.left)
    results: list[bool | None] = []
    likely: bool | None = None
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = machine.value(right_node)
        found = compared(machine, left, op, right)
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
