"""Python's own functions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.core import Call, Machine, Model
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import argument_text, distributed, first_argument, formatted
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
    Union,
    Unknown,
    Value,
    join,
)

__all__ = ["BUILTIN_MODELS"]

# A longer range is a count, not a list of names.
LONGEST_RANGE = 40


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


def _len(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)) and not has_hole(str(value.value)):
        return Const(len(value.value))
    if isinstance(value, Seq) and value.rest is None and not value.fuzzy:
        return Const(len(value.items))
    if isinstance(value, Mapping) and value.rest is None:
        return Const(len(value.items))
    return Unknown("a length")


def _collection(kind: Any) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.get(0)
        if value is None:
            return Seq(kind, [], depth=machine.maybe)
        items, rest = machine.items(value)
        fuzzy = isinstance(value, Seq) and value.fuzzy
        return Seq(kind, items, rest, fuzzy, machine.maybe)

    return model


def _sorted(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    items, rest = machine.items(value) if value is not None else ([], None)
    keys = [machine.key(item) for item in items]
    fuzzy = isinstance(value, Seq) and value.fuzzy
    if "key" in call.arguments.keywords or None in keys or len({type(key) for key in keys}) > 1:
        return Seq("list", items, rest, fuzzy or len(items) > 1, machine.maybe)
    try:
        ordered = sorted(items, key=machine.key, reverse=bool(call.constant(None, "reverse", default=False)))
    except TypeError:
        ordered = items
    return Seq("list", ordered, rest, fuzzy, machine.maybe)


def _reversed(machine: Machine, call: Call) -> Value:
    items, rest = machine.items(call.get(0) or NONE)
    return Seq("list", items[::-1], rest, depth=machine.maybe)


def _dict(machine: Machine, call: Call) -> Value:
    found = Mapping({}, call.arguments.spread, depth=machine.maybe)
    value = call.get(0)
    if isinstance(value, Mapping):
        found.items.update(value.items)
        found.rest = value.rest
    elif isinstance(value, Instance):
        found.items.update({key: item for key, item in value.attributes.items() if key != "_fields"})
    elif value is not None:
        _add_pairs(machine, found, value)
    found.items.update(call.arguments.keywords)
    return found


def _add_pairs(machine: Machine, found: Mapping, value: Value) -> None:
    items, rest = machine.items(value)
    for item in items:
        pair, _ = machine.items(item)
        key = machine.key(pair[0]) if len(pair) == 2 else None
        if key is not None:
            found.items[key] = pair[1]
    if rest is not None:
        pair, _ = machine.items(rest)
        found.rest = pair[1] if len(pair) == 2 else Unknown("an item of a dictionary")


def _range(machine: Machine, call: Call) -> Value:
    bounds = [item.value if isinstance(item, Const) else None for item in call.arguments.positional]
    if bounds and all(isinstance(bound, int) for bound in bounds) and len(bounds) <= 3 and 0 not in bounds[2:]:
        numbers = range(*bounds)  # type: ignore[arg-type]
        if not numbers[LONGEST_RANGE:]:
            return Seq("list", [Const(number) for number in numbers], depth=machine.maybe)
    return Seq("list", [], Unknown("a number of a range"))


def _zip(machine: Machine, call: Call) -> Value:
    sources = [machine.items(value) for value in call.arguments.positional]
    if not sources or all(not items and rest is None for items, rest in sources):
        return Seq("list", [])
    known = [len(items) for items, rest in sources if rest is None]
    size = min(known) if known else max(len(items) for items, _ in sources)
    rows: list[Value] = []
    for index in range(min(size, 500)):
        row = [items[index] if index < len(items) else rest or Unknown("an item") for items, rest in sources]
        rows.append(Seq("tuple", row))
    rest = None if known else Seq("tuple", [rest or Unknown("an item") for _, rest in sources])
    return Seq("list", rows, rest, depth=machine.maybe)


def _enumerate(machine: Machine, call: Call) -> Value:
    items, rest = machine.items(call.get(0, "iterable") or NONE)
    start = call.constant(1, "start", default=0)
    first = start if isinstance(start, int) else 0
    pairs: list[Value] = [Seq("tuple", [Const(first + index), item]) for index, item in enumerate(items)]
    return Seq("list", pairs, None if rest is None else Seq("tuple", [Unknown("a place in a list"), rest]))


def _map(machine: Machine, call: Call) -> Value:
    function, sources = call.get(0), call.arguments.positional[1:]
    if function is None or not sources:
        return Unknown("what map gives")
    columns = [machine.items(source) for source in sources]
    found = Seq("list", [], depth=machine.maybe)
    if all(rest is None for _, rest in columns) or any(items for items, _ in columns):
        for row in list(zip(*(items for items, _ in columns), strict=False))[:200]:
            found.items.append(machine.invoke(function, *row))
    if any(rest is not None for _, rest in columns):
        with machine.perhaps():
            found.rest = machine.invoke(function, *(rest or Unknown("an item") for _, rest in columns))
    return found


def _filter(machine: Machine, call: Call) -> Value:
    function, source = call.get(0), call.get(1)
    items, rest = machine.items(source) if source is not None else ([], None)
    found = Seq("list", [], rest, depth=machine.maybe)
    for item in items:
        test = machine.invoke(function, item) if function is not None and function != NONE else item
        known = machine.truth(test)
        known = test.likely if known is None and isinstance(test, Unknown) else known
        if known is not False:
            found.items.append(item)
            found.fuzzy = found.fuzzy or known is None
    return found


def _next(machine: Machine, call: Call) -> Value:
    value, default = call.get(0), call.get(1)
    items, rest = machine.items(value) if value is not None else ([], None)
    if items and not (isinstance(value, Seq) and value.fuzzy and len(items) > 1 and value.rest is not None):
        return items[0]
    found = [*items, *([rest] if rest is not None else []), *([default] if default is not None else [])]
    return join(found) if found else Unknown("the next item")


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


def _any_all(wanted: bool) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        items, rest = machine.items(call.get(0) or NONE)
        known = [machine.truth(item) for item in items]
        if wanted in known:
            return Const(wanted)
        likely = [item.likely for item in items if isinstance(item, Unknown)]
        if None in known or rest is not None:
            return Unknown(
                "a test of several things", wanted if wanted in likely else (not wanted) if None not in likely else None
            )
        return Const(not wanted)

    return model


def _extreme(choose: Callable[..., Any]) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        given = call.arguments.positional
        items, rest = machine.items(given[0]) if len(given) == 1 else (given, None)
        plain = [item.value for item in items if isinstance(item, Const)]
        if rest is None and plain and len(plain) == len(items) and "key" not in call.arguments.keywords:
            try:
                return Const(choose(plain))
            except TypeError:
                return Unknown("a largest or smallest item")
        found = [*items, *([rest] if rest is not None else [])]
        return join(found) if found else Unknown("a largest or smallest item")

    return model


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


def _sum(machine: Machine, call: Call) -> Value:
    start = call.get(1, "start")
    if isinstance(start, Seq):
        found = Seq("list", list(start.items))
        for item in machine.items(call.get(0) or NONE)[0]:
            items, rest = machine.items(item)
            found.items.extend(items)
            found.rest = found.rest or rest
        return found
    return Unknown("a sum")


def _callable(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, (Func, Method, ClassValue)):
        return Const(True)
    return Const(False) if isinstance(value, (Const, PathValue, Seq, Mapping)) else Unknown("a test of a value")


def _union_aware(model: Model) -> Model:
    def over_first(machine: Machine, call: Call) -> Value:
        value = call.get(0)
        if isinstance(value, Union):
            return distributed(model)(machine, call)
        return model(machine, call)

    return over_first


BUILTIN_MODELS: MappingType[str, Model] = {
    "str": distributed(_str),
    "repr": _repr,
    "format": distributed(_format),
    "int": distributed(_number(int)),
    "float": distributed(_number(float)),
    "bool": _bool,
    "abs": _arithmetic(abs),
    "round": _round,
    "len": _union_aware(_len),
    "list": _collection("list"),
    "tuple": _collection("tuple"),
    "set": _collection("set"),
    "frozenset": _collection("set"),
    "sorted": _sorted,
    "reversed": _reversed,
    "iter": first_argument,
    "dict": _dict,
    "range": _range,
    "zip": _zip,
    "enumerate": _enumerate,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "isinstance": _union_aware(_isinstance),
    "hasattr": _hasattr,
    "getattr": _union_aware(_getattr),
    "setattr": _setattr,
    "any": _any_all(True),
    "all": _any_all(False),
    "min": _extreme(min),
    "max": _extreme(max),
    "sum": _sum,
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
