"""What making an object sets when the class has no constructor of its own: fields, members of enumerations."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.notebooks.interpreter.arguments import Arguments
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import ClassValue, Const, Instance, Unknown, Value

__all__ = ["fields_of", "member", "set_fields"]


def member(machine: Machine, cls: ClassValue, arguments: Arguments) -> Value | None:
    """The member of an enumeration that has this value."""
    members = [value for value in cls.scope.names.values() if isinstance(value, Instance) and value.cls is cls]
    if not members or len(arguments.positional) != 1 or not cls.libraries():
        return None
    wanted = machine.key(arguments.positional[0])
    for found in members:
        if "name" in found.attributes and machine.key(found.attributes["value"]) == wanted:
            return found
    return Unknown(f"a member of {cls.name}")


def fields_of(cls: ClassValue) -> Iterator[tuple[str, Value | None]]:
    """The annotated names of a class and its bases in order, with their defaults."""
    seen: dict[str, Value | None] = {}
    for part in reversed(list(cls.chain())):
        for name in part.fields:
            seen[name] = part.scope.names.get(name)
    yield from seen.items()


def set_fields(instance: Instance, arguments: Arguments) -> None:
    """What a data class's, named tuple's or settings class's made constructor does."""
    waiting = list(arguments.positional)
    for name, default in fields_of(instance.cls):
        if name in arguments.keywords:
            value: Value | None = arguments.keywords[name]
        elif waiting:
            value = waiting.pop(0)
        else:
            value = default
        if value is None:
            value = arguments.spread or Unknown(f"the field {name} of {instance.cls.name}")
        instance.attributes[name] = value
    for name, value in arguments.keywords.items():
        instance.attributes.setdefault(name, value)
    if any(name.endswith("NamedTuple") for name in instance.cls.libraries()):
        instance.attributes["_fields"] = Const(True)
