"""Looking attributes up."""

from __future__ import annotations

from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.imports import library_name, module_attribute
from noteship.notebooks.values import (
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    ModuleValue,
    PathValue,
    Seq,
    Union,
    Unknown,
    Value,
    join,
)

__all__ = ["attribute", "bounded"]

LONGEST_NAME = 160
_MAPPING_METHODS = frozenset(dir(dict))
# Attributes by which schedulers and command line libraries reach the function that they wrapped.
_WRAPPED = frozenset(
    {"remote", "submit", "delay", "fn", "func", "__wrapped__", "callback", "main", "apply_async", "map"}
)


def bounded(name: str) -> str:
    """A library's dotted name; its middle is cut out when it grows too long: it begins and ends as it did.

    >>> bounded("pyspark.sql" + ".filter()" * 50 + ".write.save").count("filter()") < 50
    True
    """
    if len(name) <= LONGEST_NAME:
        return name
    parts = name.split(".")
    head, tail, room = parts[:2], list[str](), LONGEST_NAME - len(parts[0]) - len(parts[1])
    for part in reversed(parts[2:]):
        room -= len(part) + 1
        if room < 0:
            break
        tail.insert(0, part)
    return ".".join([*head, *tail]) if tail and len(head[0]) < LONGEST_NAME // 2 else "?." + parts[-1][-LONGEST_NAME:]


def attribute(machine: Machine, value: Value, name: str) -> Value:
    """`value.name`."""
    if isinstance(value, Library):
        return _of_library(machine, value, name)
    if isinstance(value, Union):
        return join([attribute(machine, option, name) for option in value.options])
    if isinstance(value, ModuleValue):
        found = module_attribute(machine, value, name)
        return found if found is not None else Unknown(f"{name}, which {value.path or value.folder} lacks")
    if isinstance(value, Instance):
        return _of_instance(machine, value, name)
    if isinstance(value, ClassValue):
        return _of_class(value, name)
    if isinstance(value, PathValue):
        model = machine.parts.models.get(f"path@{name}")
        return model(machine, Call(name, Arguments(), None, value)) if model is not None else Method(value, name)
    if isinstance(value, Mapping):
        return _of_mapping(value, name)
    if isinstance(value, (Const, Seq)):
        return Method(value, name)
    if isinstance(value, (Func, Method)):
        return _of_function(value, name)
    return Library(f"?.{name}", machine.reason(value))


def _of_library(machine: Machine, value: Library, name: str) -> Value:
    if name == "[]":
        model = machine.parts.models.get(f"@{value.name}[]")
        if model is not None:
            return model(machine, Call(value.name, Arguments(), None, None, value.data))
        return Library(bounded(f"{value.name}[]"), value.reason, value.data)
    if value.name == "super()":
        return _of_super(value, name)
    if name in {"__class__", "__name__"} and (found := _class_name(value.name)):
        return value if name == "__class__" else Const(found)
    full = library_name(f"{value.name}.{name}") if value.name else name
    model = machine.parts.models.get(f"@{full}")
    if model is not None:
        return model(machine, Call(full, Arguments(), None, None, value.data))
    return Library(bounded(full), value.reason, value.data)


def _class_name(name: str) -> str:
    """The name of a library's class, of an object that it made, or of a function."""
    last = name.removesuffix("()").rpartition(".")[2]
    made = name.endswith("()")
    return last if last.isidentifier() and last != "type" and (not made or last[:1].isupper()) else ""


def _of_super(value: Library, name: str) -> Value:
    receiver, owner = value.data
    for base in owner.bases:
        found = base.find(name) if isinstance(base, ClassValue) else None
        if isinstance(found, Func):
            return Method(receiver, name, found)
        if found is not None:
            return found
    if name == "__init__":
        return Library("object.__init__")
    libraries = owner.libraries()
    return Library(f"{libraries[0]}().{name}" if libraries else f"?.{name}")


def _of_instance(machine: Machine, value: Instance, name: str) -> Value:
    found = value.attributes.get(name)
    if found is not None:
        return found
    found = value.cls.find(name)
    if isinstance(found, Func):
        method = Method(value.cls if found.kind == "class" else value, name, found)
        return machine.invoke(method) if found.kind == "property" else method
    if found is not None:
        return found
    if name == "__dict__":
        return Mapping(dict(value.attributes), depth=machine.maybe)
    if name == "__class__":
        return value.cls
    return _missing(machine, value, name)


def _missing(machine: Machine, value: Instance, name: str) -> Value:
    getter = value.cls.find("__getattr__")
    if isinstance(getter, Func):
        return machine.invoke(Method(value, "__getattr__", getter), Const(name))
    text = machine.text(value) if any(base in {"str", "pathlib.Path"} for base in value.cls.libraries()) else None
    if text is not None:
        return Method(Const(text), name)
    if name in {"_asdict", "dict", "model_dump", "asdict"}:
        return Method(Mapping({key: item for key, item in value.attributes.items() if key != "_fields"}), "copy")
    libraries = value.cls.libraries()
    return Library(bounded(f"{libraries[0]}().{name}") if libraries else f"?.{name}", f"{name} of {value.cls.name}")


def _of_class(value: ClassValue, name: str) -> Value:
    found = value.find(name)
    if isinstance(found, Func):
        return Method(value, name, found) if found.kind == "class" else found
    if found is not None:
        return found
    if name == "__name__":
        return Const(value.name)
    if name == "__members__":
        members = {key: item for key, item in value.scope.names.items() if isinstance(item, Instance)}
        return Mapping(dict(members))
    libraries = value.libraries()
    return Library(bounded(f"{libraries[0]}.{name}") if libraries else f"?.{name}", f"{name} of {value.name}")


def _of_mapping(value: Mapping, name: str) -> Value:
    if value.dotted and name in value.items:
        return value.items[name]
    if value.dotted and name not in _MAPPING_METHODS and not name.startswith("_"):
        return value.rest if value.rest is not None else Unknown(f"the setting {name}", likely=False)
    return Method(value, name)


def _of_function(value: Func | Method, name: str) -> Value:
    if name == "__name__":
        return Const(value.name)
    if name in _WRAPPED:
        return value
    if name == "add_command" and isinstance(value, Func):
        return Library("click.Group().add_command", "", value)
    return Unknown(f"{name} of a function")
