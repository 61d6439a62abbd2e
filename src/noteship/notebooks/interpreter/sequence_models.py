"""Python's own functions of lists, dictionaries and iterators."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import (
    distributed_over_first,
    first_argument,
)
from noteship.notebooks.values import (
    NONE,
    Const,
    Instance,
    Mapping,
    Seq,
    Unknown,
    Value,
    join,
)

__all__ = ["SEQUENCE_MODELS"]


# A longer range is a count, not a list of names.
LONGEST_RANGE = 40


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
        found.rest, found.keys = value.rest, value.keys
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
        elif len(pair) == 2:
            found.add(*pair)
    if rest is not None:
        pair, _ = machine.items(rest)
        key, value = pair if len(pair) == 2 else (Unknown("a key of a dictionary"), Unknown("an item of a dictionary"))
        found.add(key, value)


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


SEQUENCE_MODELS: MappingType[str, Model] = {
    "len": distributed_over_first(_len),
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
    "any": _any_all(True),
    "all": _any_all(False),
    "min": _extreme(min),
    "max": _extreme(max),
    "sum": _sum,
}
