"""What a test that is passed tells of a name: after `if name.endswith(".csv")` the name ends so."""

from __future__ import annotations

import ast
from collections.abc import Callable

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.values import Const, PathValue, Seq, Union, Unknown, Value, join, options

__all__ = ["narrow"]


def narrow(machine: Machine, test: ast.expr, passed: bool) -> None:
    """Give names in the scope the values that agree with a test's outcome, as far as texts and None are concerned."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        narrow(machine, test.operand, not passed)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) == passed:
        for part in test.values:
            narrow(machine, part, passed)
    elif isinstance(test, ast.Call) and passed:
        _narrow_method(machine, test)
    elif isinstance(test, ast.Name) and passed:
        _without_none(machine, test.id)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        _narrow_comparison(machine, test, passed)


def _narrow_method(machine: Machine, test: ast.Call) -> None:
    if isinstance(test.func, ast.Attribute) and test.func.attr in {"endswith", "startswith"} and test.args:
        name = _named(test.func.value)
        literals = _literals(machine.value(test.args[0]))
        change = _ending if test.func.attr == "endswith" else _beginning
        _change(machine, name, literals, change)


def _narrow_comparison(machine: Machine, test: ast.Compare, passed: bool) -> None:
    op, left, right = test.ops[0], test.left, test.comparators[0]
    if isinstance(op, (ast.NotIn, ast.NotEq)):
        op, passed = (ast.In() if isinstance(op, ast.NotIn) else ast.Eq()), not passed
    if isinstance(op, ast.Is if not passed else ast.IsNot) and isinstance(left, ast.Name) and _is_none(right):
        _without_none(machine, left.id)
    if not passed:
        return
    if isinstance(op, ast.In) and _named(right) and isinstance(left, ast.Constant):
        _change(machine, _named(right), _literals(machine.value(left)), _containing)
    elif isinstance(op, (ast.Eq, ast.In)):
        literals = _literals(machine.value(right))
        if isinstance(left, ast.Attribute) and left.attr == "suffix":
            _change(machine, _named(left.value), literals, _ending)
        elif _is_extension(left):
            _change(machine, _named(left), [f".{text.lstrip('.')}" for text in literals], _ending)
        elif isinstance(left, ast.Name):
            _change(machine, left.id, literals, _equal)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _without_none(machine: Machine, name: str) -> None:
    """Of the values that a name may have, those that are there."""
    value = machine.scope.names.get(name)
    if isinstance(value, Union):
        left = [option for option in value.options if not (isinstance(option, Const) and option.value is None)]
        if left and len(left) < len(value.options):
            machine.scope.names[name] = join(left)


def _is_extension(node: ast.expr) -> bool:
    """`os.path.splitext(f)[1]`, `f.split(".")[-1]`."""
    inner = node.value if isinstance(node, ast.Subscript) else None
    return (
        isinstance(inner, ast.Call)
        and isinstance(inner.func, ast.Attribute)
        and inner.func.attr in {"splitext", "split", "rsplit"}
    )


def _named(node: ast.expr) -> str:
    """The name that an expression is about: `f`, `f.name`, `f.lower()`, `str(f)`, `os.path.basename(f)`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr in {"name", "path", "suffix", "stem"}:
        return _named(node.value)
    if isinstance(node, ast.Subscript):
        return _named(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in {
            "lower",
            "upper",
            "strip",
            "split",
            "rsplit",
            "as_posix",
        }:
            return _named(node.func.value)
        if len(node.args) == 1 and not node.keywords:
            return _named(node.args[0])
    return ""


def _literals(value: Value) -> list[str]:
    items = value.items if isinstance(value, Seq) else [value]
    texts = [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]
    return [text for text in texts if text and not has_hole(text)] if len(texts) == len(items) else []


def _change(machine: Machine, name: str, literals: list[str], change: Callable[[str, str], str]) -> None:
    value = machine.scope.names.get(name) if name else None
    if value is None or not literals or len(literals) > 12:
        return
    if isinstance(value, Unknown):
        if change is _equal:
            machine.scope.names[name] = join(Const(literal) for literal in literals)
        return
    machine.scope.names[name] = join(
        _changed(option, literal, change) for option in options(value) for literal in literals
    )


def _changed(value: Value, literal: str, change: Callable[[str, str], str]) -> Value:
    if isinstance(value, PathValue):
        return PathValue(change(value.text, literal))
    if isinstance(value, Const) and isinstance(value.value, str):
        return Const(change(value.value, literal))
    return value


def _ending(text: str, literal: str) -> str:
    return text + literal if has_hole(text[-1:]) else text


def _beginning(text: str, literal: str) -> str:
    head, slash, name = text.rpartition("/")
    return head + slash + literal + name if has_hole(name[:1]) else text


def _containing(text: str, literal: str) -> str:
    name = text.rpartition("/")[2]
    return text + literal + text[-1:] if len(name) == 1 and has_hole(name) else text


def _equal(text: str, literal: str) -> str:
    return literal if len(text) == 1 and has_hole(text) else text
