"""Assigning to names, attributes, items and tuples of them."""

from __future__ import annotations

import ast

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import (
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    ModuleValue,
    Seq,
    Unknown,
    Value,
    join,
)

__all__ = ["assign", "bind", "forget", "set_attribute", "set_item"]


def bind(machine: Machine, name: str, value: Value) -> None:
    """Give a name a value where it is assigned now."""
    scope = machine.scope
    owner = scope.shared.get(name)
    if owner is not None:
        old = owner.names.get(name)
        owner.names[name] = join([value, old]) if machine.maybe and old is not None else value
        return
    scope.names[name] = value
    if scope.parent is None or isinstance(value, Const):
        frame = machine.frame
        scope.places[name] = (frame.path, frame.cell, frame.first_line + frame.line - 1)


def assign(machine: Machine, target: ast.expr, value: Value) -> None:
    """Assign to any target."""
    if isinstance(target, ast.Name):
        bind(machine, target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(machine, target.elts, value)
    elif isinstance(target, ast.Starred):
        assign(machine, target.value, value)
    elif isinstance(target, ast.Attribute):
        set_attribute(machine, machine.value(target.value), target.attr, value)
    elif isinstance(target, ast.Subscript):
        set_item(machine, machine.value(target.value), machine.value(target.slice), value)


def _unpack(machine: Machine, targets: list[ast.expr], value: Value) -> None:
    items, rest = machine.items(value)
    star = next((index for index, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if star is not None and rest is None:
        after = len(targets) - star - 1
        middle = items[star : len(items) - after]
        items = [*items[:star], Seq("list", middle, depth=machine.maybe), *items[len(items) - after :]]
    if len(items) > len(targets) and len(targets) and len(items) % len(targets) == 0:
        # A union of tuples: the items of its options follow each other.
        size = len(targets)
        items = [join(items[index::size]) for index in range(size)]
    for index, target in enumerate(targets):
        fallback = rest if rest is not None else Unknown(f"an item of {machine.reason(value)}")
        assign(machine, target, items[index] if index < len(items) else fallback)


def set_attribute(machine: Machine, base: Value, name: str, value: Value) -> None:
    """Set an attribute of an object, class, module or dotted dictionary."""
    if isinstance(base, Instance):
        setter = base.cls.find(f"{name}.setter")
        if isinstance(setter, Func):
            machine.invoke(Method(base, name, setter), value)
        else:
            machine.store(base.attributes, name, value, base.depth)
    elif isinstance(base, (ClassValue, ModuleValue)):
        machine.store(base.scope.names, name, value, 0)
    elif isinstance(base, Mapping):
        machine.store(base.items, name, value, base.depth)


def set_item(machine: Machine, base: Value, index: Value, value: Value) -> None:
    """Set an item of a dictionary or list."""
    if isinstance(base, Mapping):
        key = machine.key(index)
        if key is None:
            base.add(index, value)
        else:
            machine.store(base.items, key, value, base.depth)
    elif isinstance(base, Seq) and isinstance(index, Const) and isinstance(index.value, int):
        if -len(base.items) <= index.value < len(base.items) and not base.fuzzy:
            base.items[index.value] = value
    elif isinstance(base, Library):
        if f"{base.name}.__setitem__" in machine.parts.models:
            machine.invoke(Library(f"{base.name}.__setitem__", "", base.data), index, value)
    elif isinstance(base, Instance):
        setter = base.cls.find("__setitem__")
        if isinstance(setter, Func):
            machine.invoke(Method(base, "__setitem__", setter), index, value)


def forget(machine: Machine, target: ast.expr) -> None:
    """`del`: a name goes; an item of a dictionary goes too."""
    if isinstance(target, ast.Name):
        machine.scope.names.pop(target.id, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for inner in target.elts:
            forget(machine, inner)
    elif isinstance(target, ast.Subscript):
        base = machine.value(target.value)
        key = machine.key(machine.value(target.slice))
        if isinstance(base, Mapping) and key is not None and not machine.maybe:
            base.items.pop(key, None)
