"""Items and slices of values."""

from __future__ import annotations

from typing import Any

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.values import (
    ClassValue,
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

__all__ = ["subscript"]


def subscript(machine: Machine, base: Value, key: Value | list[Value | None]) -> Value:
    """`base[key]`; a slice is the list of its three bounds."""
    if isinstance(key, list):
        return _sliced(machine, base, key)
    if isinstance(base, Mapping):
        return _of_mapping(machine, base, key)
    if isinstance(base, Seq):
        return _of_sequence(base, key)
    if isinstance(base, Const) and isinstance(base.value, (str, bytes)):
        return _of_text(machine, base.value, key)
    if isinstance(base, ClassValue):
        return _of_class(base, key)
    if isinstance(base, Instance):
        return _of_instance(machine, base, key)
    if isinstance(base, Library):
        if isinstance(base.data, Mapping):
            return subscript(machine, base.data, key)
        return machine.attribute(base, "[]")
    return Unknown(machine.reason(base))


def _of_mapping(machine: Machine, base: Mapping, key: Value) -> Value:
    found = machine.key(key)
    if found is not None:
        value = base.items.get(found)
        if value is not None:
            return value
        if base.rest is None and machine.catches("KeyError"):
            machine.fail("KeyError")
        if base is machine.environ:
            return Unknown(f"the environment variable {found}", likely=False)
        return base.rest if base.rest is not None else Unknown(f"the item {found!r} that a dictionary lacks")
    values = [*base.items.values(), *([base.rest] if base.rest is not None else [])]
    return join(values) if values else Unknown("an item of a dictionary")


def _of_sequence(base: Seq, key: Value) -> Value:
    if isinstance(key, Const) and isinstance(key.value, int) and not base.fuzzy:
        index = key.value
        exact = base.rest is None or 0 <= index < len(base.items)
        if exact and -len(base.items) <= index < len(base.items):
            return base.items[index]
        if base.rest is not None:
            return join([*base.items, base.rest]) if index < 0 else base.rest
        return Unknown("an item beyond the end of a list")
    if isinstance(key, Const) and isinstance(key.value, int) and 0 <= key.value < len(base.items):
        return base.items[key.value]
    values = [*base.items, *([base.rest] if base.rest is not None else [])]
    return join(values) if values else Unknown("an item of an empty list")


def _of_text(machine: Machine, text: Any, key: Value) -> Value:
    if isinstance(key, Const) and isinstance(key.value, int) and not (isinstance(text, str) and has_hole(text)):
        try:
            return Const(text[key.value])
        except IndexError:
            return Unknown("a character beyond the end of a text")
    return Const(machine.hole("a character of a text"))


def _of_class(base: ClassValue, key: Value) -> Value:
    """`Paths["RAW"]` of an enumeration; `Generic[T]` is the class itself."""
    if isinstance(key, Const) and isinstance(key.value, str):
        return base.find(key.value) or base
    return base


def _of_instance(machine: Machine, base: Instance, key: Value) -> Value:
    method = base.cls.find("__getitem__")
    if isinstance(method, Func):
        return machine.invoke(Method(base, "__getitem__", method), key)
    if "_fields" in base.attributes:
        return _of_sequence(Seq("tuple", machine.items(base)[0]), key)
    found = machine.key(key)
    if isinstance(found, str) and found in base.attributes:
        return base.attributes[found]
    return Unknown(f"an item of {base.cls.name}")


def _sliced(machine: Machine, base: Value, bounds: list[Value | None]) -> Value:
    plain: list[Any] = [None if bound is None else bound.value if isinstance(bound, Const) else "?" for bound in bounds]
    known = all(bound is None or isinstance(bound, int) for bound in plain)
    if isinstance(base, Seq):
        if known and base.rest is None:
            return Seq(base.kind, base.items[slice(*plain)], None, base.fuzzy, machine.maybe)
        return Seq(base.kind, [], join([*base.items, *([base.rest] if base.rest else [])] or [Unknown("an item")]))
    if isinstance(base, Const) and isinstance(base.value, (str, bytes)):
        return _sliced_text(machine, base.value, plain, known)
    if isinstance(base, PathValue):
        return Unknown("a slice of a path")
    return machine.attribute(base, "[]") if isinstance(base, Library) else Unknown(machine.reason(base))


def _sliced_text(machine: Machine, text: Any, bounds: list[Any], known: bool) -> Value:
    """A slice that cuts within the literal ends of a text is exact, another is unknown in the middle."""
    if not known:
        return Const(machine.hole("a part of a text"))
    if not isinstance(text, str) or not has_hole(text):
        return Const(text[slice(*bounds)])
    start, stop, step = bounds
    parts = machine.holes.split(text)
    head = len(parts[0]) if isinstance(parts[0], str) else 0
    tail = len(parts[-1]) if isinstance(parts[-1], str) else 0
    starts = start is None or 0 <= start <= head
    stops = stop is None or -tail <= stop < 0
    if step is None and starts and stops:
        return Const(text[start:stop])
    if step is None and stop is not None and 0 <= stop <= head and starts:
        return Const(text[start:stop])
    if step is None and stop is None and start is not None and -tail <= start < 0:
        return Const(text[start:])
    return Const(machine.hole("a part of a text"))
