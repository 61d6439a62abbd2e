"""Function and class definitions, and what their decorators mean."""

from __future__ import annotations

import ast
import re
from typing import cast

from noteship.notebooks.interpreter.arguments import Arguments
from noteship.notebooks.interpreter.command_functions import declared_option, register, signature_options
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.frames import Flow
from noteship.notebooks.interpreter.targets import bind
from noteship.notebooks.values import (
    NONE,
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    Scope,
    Unknown,
    Value,
)

__all__ = ["define_class", "define_function", "make_function"]

_OPTION = re.compile(r"^(click|typer|rich_click|asyncclick)\.(option|argument)\(\)$")
# A decorator that is a method of a library's object registers the function: the library will call it.
_REGISTERS = re.compile(
    r"\(\)\.(route|get|post|put|command|callback|on_event|task|listener|event|step|job|run|flow)\(\)$"
)


def define_function(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Flow:
    """`def`: the name is bound to what the decorators make of the function."""
    value: Value = make_function(machine, node)
    for decorator in reversed(node.decorator_list):
        value = _decorated(machine, value, decorator)
    if isinstance(value, Func) and value.kind == "property" and value.options is not None:
        bind(machine, f"{node.name}.setter", value)
        return Flow.NORMAL
    bind(machine, node.name, value)
    return Flow.NORMAL


def make_function(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Func:
    """The function value of a definition, its defaults evaluated now."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args]
    defaults = {
        argument.arg: machine.value(default)
        for argument, default in zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True)
    }
    for argument, optional in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if optional is not None:
            defaults[argument.arg] = machine.value(optional)
    scope = machine.scope
    owner = machine.frame.owner
    closure = cast(Scope, scope.parent) if owner is not None else scope
    name = getattr(node, "name", "<lambda>")
    frame = machine.frame
    return Func(node, name, closure, defaults, frame.cell, frame.first_line, owner=owner, path=frame.path)


def _decorated(machine: Machine, value: Value, node: ast.expr) -> Value:
    if isinstance(node, ast.Attribute) and node.attr in {"setter", "deleter"} and isinstance(value, Func):
        value.kind, value.options = "property", {}
        return value
    group = _group_of(machine, node)
    if group is not None and isinstance(value, Func):
        value.options = value.options or {}
        register(machine, group, value, node)
        return value
    decorator = machine.value(node)
    if isinstance(value, Func) and isinstance(decorator, Library):
        return _library_decorated(machine, value, decorator, node)
    if isinstance(decorator, (Func, Method, ClassValue, Instance)):
        found = machine.parts.invoke(machine, decorator, Arguments([value]), None)
        return value if isinstance(found, (Unknown, Library)) or found is NONE else found
    return value


def _library_decorated(machine: Machine, value: Func, decorator: Library, node: ast.expr) -> Value:
    name = decorator.name
    if name in {"staticmethod", "classmethod", "property"}:
        value.kind = {"staticmethod": "static", "classmethod": "class", "property": "property"}[name]  # type: ignore[assignment]
    elif name.endswith(("cached_property", "abstractproperty")):
        value.kind = "property"
    elif name.endswith("contextmanager"):
        value.context_manager = True
    elif _OPTION.match(name) and isinstance(node, ast.Call):
        option = declared_option(machine, node, name.endswith("argument()"))
        value.options = {option.target: option, **(value.options or {})}
    elif name.startswith("typer."):
        value.options = signature_options(machine, value)
    elif name.startswith(("click.", "rich_click.")):
        value.options = value.options or {}
    elif name == "hydra.main()" and isinstance(decorator.data, Mapping):
        _first_default(value, decorator.data)
    if _REGISTERS.search(name) and not name.startswith("hydra"):
        _registered(machine, value, decorator, node)
    return value


def _registered(machine: Machine, value: Func, decorator: Library, node: ast.expr) -> None:
    """Keep the commands of one command line program under the program's name, to be run when it is called."""
    register(machine, decorator.name.rpartition(".")[0], value, node)


def _group_of(machine: Machine, node: ast.expr) -> Func | None:
    """The group whose `.command()` or `.group()` a decorator is."""
    inner = node.func if isinstance(node, ast.Call) else node
    if not (isinstance(inner, ast.Attribute) and inner.attr in {"command", "group"}):
        return None
    group = machine.value(inner.value)
    return group if isinstance(group, Func) and group.options is not None else None


def _first_default(value: Func, config: Value) -> None:
    arguments = value.node.args.args
    if arguments:
        value.defaults[arguments[0].arg] = config


def define_class(machine: Machine, node: ast.ClassDef) -> Flow:
    """`class`: its body runs at once in a scope of its own."""
    outer = machine.scope
    scope = Scope({}, outer if machine.frame.owner is None else outer.parent, outer.path)
    bases = [machine.value(base) for base in node.bases]
    cls = ClassValue(node.name, bases, scope, [])
    cls.fields = [
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]
    frame = machine.frame
    previous = (frame.scope, frame.owner)
    frame.scope, frame.owner = scope, cls
    try:
        machine.run(node.body)
    finally:
        frame.scope, frame.owner = previous
    for decorator in node.decorator_list:
        found = machine.value(decorator)
        cls.decorated = cls.decorated or isinstance(found, Library)
    if _is_enumeration(cls):
        _make_members(cls)
    bind(machine, node.name, cls)
    return Flow.NORMAL


def _is_enumeration(cls: ClassValue) -> bool:
    return any(name.rpartition(".")[2] in {"Enum", "IntEnum", "StrEnum", "Flag"} for name in cls.libraries())


def _make_members(cls: ClassValue) -> None:
    for name, value in list(cls.scope.names.items()):
        if not isinstance(value, (Func, ClassValue)) and not name.startswith("_"):
            cls.scope.names[name] = Instance(cls, {"value": value, "name": Const(name)})
