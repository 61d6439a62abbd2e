"""Python's own functions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import (
    argument_text,
    distributed,
    distributed_over_first,
    formatted,
)
from noteship.notebooks.interpreter.targets import set_attribute
from noteship.notebooks.values import (
    NONE,
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
    Unknown,
    Value,
    join,
)

__all__ = ["BUILTIN_MODELS"]


def _str(machine: Machine, call: Call) -> Value:
    return Const(argument_text(machine, call, 0)) if call.arguments.positional else Const("")


def _number(kind: Callable[[Any], Any]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.constant(0, default=0 if not call.arguments.positional else None)
        if isinstance(value, (int, float, str)) and not (
            isinstance(value, str) and (has_hole(value) or len(value) > 30)
        ):
            try:
                return Const(kind(value))
            except (ValueError, OverflowError):
                return Unknown("a number")
        return Unknown(machine.reason(call.get(0) or NONE))

    return model


def _bool(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    known = machine.truth(value) if value is not None else False
    if known is not None:
        return Const(known)
    return Unknown(
        machine.reason(value) if value is not None else "", value.likely if isinstance(value, Unknown) else None
    )


_TYPES: MappingType[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float,),
    "bool": (bool,),
    "bytes": (bytes,),
}


def _isinstance(machine: Machine, call: Call) -> Value:
    value, kinds = call.get(0), call.get(1)
    wanted = kinds.items if isinstance(kinds, Seq) else [kinds]
    found = {_is_one(value, kind) for kind in wanted}
    return Const(True) if True in found else Const(False) if found == {False} else Unknown("a test of a type")


def _is_one(value: Value | None, kind: Value | None) -> bool | None:
    if isinstance(kind, ClassValue):
        return kind in value.cls.chain() if isinstance(value, Instance) else False if isinstance(value, Const) else None
    if not isinstance(kind, Library):
        return None
    name = kind.name.rpartition(".")[2]
    if isinstance(value, Const):
        if name in _TYPES:
            return isinstance(value.value, _TYPES[name])
        return (
            False if name in {"Path", "PurePath", "list", "tuple", "dict", "DataFrame", "PathLike", "ndarray"} else None
        )
    if isinstance(value, PathValue):
        return (
            name in {"Path", "PurePath", "PosixPath", "PathLike"}
            if name in {*_TYPES, "Path", "PurePath", "PathLike"}
            else False
        )
    if isinstance(value, Seq):
        return name == value.kind if name in {"list", "tuple", "set", *_TYPES, "dict", "Path"} else None
    if isinstance(value, Mapping):
        return name == "dict" if name in {"list", "tuple", "set", *_TYPES, "dict", "Path"} else None
    return None


def _hasattr(machine: Machine, call: Call) -> Value:
    value, name = call.get(0), call.text_of(1)
    if isinstance(value, Instance) and name:
        return Const(name in value.attributes or value.cls.find(name) is not None)
    if isinstance(value, ModuleValue) and name:
        return Const(name in value.scope.names)
    return Unknown("a test of an attribute")


def _getattr(machine: Machine, call: Call) -> Value:
    value, name, default = call.get(0), call.text_of(1), call.get(2)
    if value is None or name is None or has_hole(name):
        return default if default is not None else Unknown("an attribute that is not known")
    if default is not None:
        if isinstance(value, (Instance, ClassValue)):
            cls = value.cls if isinstance(value, Instance) else value
            own = value.attributes if isinstance(value, Instance) else {}
            return machine.attribute(value, name) if name in own or cls.find(name) is not None else default
        if isinstance(value, Mapping):
            return value.items.get(name, default)
        if isinstance(value, ModuleValue):
            return value.scope.names.get(name, default)
        if isinstance(value, Unknown):
            return join([default, value])
    return machine.attribute(value, name)


def _setattr(machine: Machine, call: Call) -> Value:
    value, name, new = call.get(0), call.text_of(1), call.get(2)
    if value is not None and name is not None and new is not None and not has_hole(name):
        set_attribute(machine, value, name, new)
    return NONE


def _print(machine: Machine, call: Call) -> Value:
    return NONE


def _vars(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Instance):
        return Mapping(value.attributes, depth=value.depth)
    if isinstance(value, ClassValue):
        return Mapping(value.scope.names)
    return _globals(machine, call)


def _globals(machine: Machine, call: Call) -> Value:
    names = machine.scope.top.names if call.name == "globals" else machine.scope.names
    if call.name == "globals" and machine.document.kind == "notebook":
        names.setdefault("_dh", Seq("list", [machine.state.get("first cwd", machine.cwd)]))
        names.setdefault("get_ipython", Library("get_ipython"))
    return Mapping(names)


def _type(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Library):
        return machine.attribute(value, "__class__")
    return value.cls if isinstance(value, Instance) else Library("type()")


def _super(machine: Machine, call: Call) -> Value:
    function = machine.frame.function
    if function is not None and function.owner is not None and machine.frame.receiver is not None:
        return Library("super()", "", (machine.frame.receiver, function.owner))
    return Unknown("super")


def _exec(machine: Machine, call: Call) -> Value:
    text = call.text_of(0)
    if text is None or has_hole(text):
        return Unknown("what is executed")
    try:
        tree = ast.parse(text[:20_000])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unknown("what is executed")
    kept: list[ast.AST] = machine.state.setdefault("executed", [])
    kept.append(tree)
    machine.run(tree.body)
    return NONE


def _eval(machine: Machine, call: Call) -> Value:
    text = call.text_of(0)
    if text is None or has_hole(text):
        return Unknown("what is evaluated")
    try:
        return machine.value(ast.parse(text[:5000].strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unknown("what is evaluated")


def _repr(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    return Const(repr(value.value)) if isinstance(value, Const) else Unknown("a representation")


def _format(machine: Machine, call: Call) -> Value:
    value, wanted = call.get(0), call.text_of(1) or ""
    if isinstance(value, Const):
        found = formatted(value.value, wanted)
        return Unknown("a formatted value") if found is None else Const(found)
    return Const(argument_text(machine, call, 0))


def _round(machine: Machine, call: Call) -> Value:
    value, digits = call.constant(0), call.constant(1)
    if isinstance(value, (int, float)) and (digits is None or isinstance(digits, int)):
        return Const(round(value, digits))
    return Unknown("a rounded number")


def _arithmetic(change: Callable[[Any], Any]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.constant(0)
        return Const(change(value)) if isinstance(value, (int, float)) else Unknown("a number")

    return model


def _exit(machine: Machine, call: Call) -> Value:
    machine.fail("SystemExit")


def _property(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Func):
        value.kind = "property"
        return value
    return Unknown("a property")


def _wrapped(kind: Any) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.get(0)
        if isinstance(value, Func):
            value.kind = kind
        return value if value is not None else NONE

    return model


def _callable(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, (Func, Method, ClassValue)):
        return Const(True)
    return Const(False) if isinstance(value, (Const, PathValue, Seq, Mapping)) else Unknown("a test of a value")


BUILTIN_MODELS: MappingType[str, Model] = {
    "str": distributed(_str),
    "repr": _repr,
    "format": distributed(_format),
    "int": distributed(_number(int)),
    "float": distributed(_number(float)),
    "bool": _bool,
    "abs": _arithmetic(abs),
    "round": _round,
    "isinstance": distributed_over_first(_isinstance),
    "hasattr": _hasattr,
    "getattr": distributed_over_first(_getattr),
    "setattr": _setattr,
    "print": _print,
    "display": _print,
    "vars": _vars,
    "globals": _globals,
    "locals": _globals,
    "type": _type,
    "super": _super,
    "exec": _exec,
    "eval": _eval,
    "callable": _callable,
    "property": _property,
    "staticmethod": _wrapped("static"),
    "classmethod": _wrapped("class"),
    "exit": _exit,
    "quit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
}
