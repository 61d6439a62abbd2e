"""Methods of lists, tuples, sets and dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model, unkey
from noteship.notebooks.values import NONE, Const, Mapping, Seq, Unknown, Value, join

__all__ = ["CONTAINER_MODELS"]


def _list(call: Call) -> Seq:
    return call.receiver if isinstance(call.receiver, Seq) else Seq("list", [])


def _dict(call: Call) -> Mapping:
    return call.receiver if isinstance(call.receiver, Mapping) else Mapping({})


def _grow(machine: Machine, own: Seq, items: list[Value], rest: Value | None, front: bool = False) -> Value:
    if machine.maybe > own.depth:
        own.fuzzy = True
    if len(own.items) + len(items) > 1000:
        own.rest = join([*items[:3], *([own.rest] if own.rest is not None else [])]) if items else own.rest
        return NONE
    own.items[0 if front else len(own.items) : 0 if front else len(own.items)] = items
    if rest is not None:
        own.rest = rest if own.rest is None else join([own.rest, rest])
    return NONE


def _append(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    return _grow(machine, _list(call), [value], None) if value is not None else NONE


def _insert(machine: Machine, call: Call) -> Value:
    value, place = call.get(1), call.constant(0)
    return _grow(machine, _list(call), [value], None, front=place == 0) if value is not None else NONE


def _extend(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    items, rest = machine.items(value) if value is not None else ([], None)
    return _grow(machine, _list(call), items, rest)


def _pop(machine: Machine, call: Call) -> Value:
    own = _list(call)
    place = call.constant(0, default=-1)
    if own.fuzzy or own.rest is not None or not isinstance(place, int) or machine.maybe > own.depth:
        own.fuzzy = True
        values = [*own.items, *([own.rest] if own.rest is not None else [])]
        return join(values) if values else Unknown("an item of a list")
    return own.items.pop(place) if -len(own.items) <= place < len(own.items) else Unknown("an item of an empty list")


def _remove(machine: Machine, call: Call) -> Value:
    own = _list(call)
    value = call.get(0)
    key = machine.key(value) if value is not None else None
    places = [index for index, item in enumerate(own.items) if key is not None and machine.key(item) == key]
    if places and machine.maybe <= own.depth:
        del own.items[places[0]]
    else:
        own.fuzzy = True
    return NONE


def _copy(machine: Machine, call: Call) -> Value:
    if isinstance(call.receiver, Mapping):
        return Mapping(dict(call.receiver.items), call.receiver.rest, call.receiver.dotted, machine.maybe)
    own = _list(call)
    return Seq(own.kind, list(own.items), own.rest, own.fuzzy, machine.maybe)


def _merged(machine: Machine, call: Call) -> Value:
    own = _list(call)
    found = Seq(own.kind, list(own.items), own.rest, True, machine.maybe)
    for value in call.arguments.positional:
        items, rest = machine.items(value)
        _grow(machine, found, items, rest)
    return found


def _reverse(machine: Machine, call: Call) -> Value:
    _list(call).items.reverse()
    return NONE


def _sort(machine: Machine, call: Call) -> Value:
    own = _list(call)
    keys = [machine.key(item) for item in own.items]
    if "key" in call.arguments.keywords or None in keys or len({type(key) for key in keys}) > 1:
        own.fuzzy = own.fuzzy or len(own.items) > 1
        return NONE
    own.items.sort(key=machine.key, reverse=bool(call.constant(None, "reverse", default=False)))
    return NONE


def _clear(machine: Machine, call: Call) -> Value:
    if isinstance(call.receiver, Seq) and machine.maybe <= call.receiver.depth:
        call.receiver.items.clear()
        call.receiver.rest = None
    return NONE


def _get(machine: Machine, call: Call) -> Value:
    own, wanted = _dict(call), call.get(0, "key")
    default = call.get(1, "default")
    key = machine.key(wanted) if wanted is not None else None
    if key is None:
        values = [*own.items.values(), *([own.rest] if own.rest is not None else []), *([default] if default else [])]
        return join(values) if values else Unknown("an item of a dictionary")
    if key in own.items:
        return own.items[key]
    if own is machine.environ:
        return default if default is not None else Unknown(f"the environment variable {key}", likely=False)
    if own.rest is not None:
        return own.rest if default is None else join([default, own.rest])
    return default if default is not None else NONE


def _setdefault(machine: Machine, call: Call) -> Value:
    own, wanted, value = _dict(call), call.get(0), call.get(1) or NONE
    key = machine.key(wanted) if wanted is not None else None
    if key is None:
        return value
    return own.items.setdefault(key, value)


def _keys(machine: Machine, call: Call) -> Value:
    items, rest = machine.items(_dict(call))
    return Seq("list", items, rest, depth=machine.maybe)


def _values(machine: Machine, call: Call) -> Value:
    own = _dict(call)
    return Seq("list", list(own.items.values()), own.rest, depth=machine.maybe)


def _items(machine: Machine, call: Call) -> Value:
    own = _dict(call)
    pairs: list[Value] = [Seq("tuple", [unkey(key), value]) for key, value in own.items.items()]
    key = own.keys or Unknown("a key of a dictionary")
    rest = None if own.rest is None else Seq("tuple", [key, own.rest])
    return Seq("list", pairs, rest, depth=machine.maybe)


def _update(machine: Machine, call: Call) -> Value:
    own = _dict(call)
    if isinstance(call.receiver, Seq):
        return _extend(machine, call)
    for value in call.arguments.positional:
        if isinstance(value, Mapping):
            for key, item in value.items.items():
                machine.store(own.items, key, item, own.depth)
            own.rest = own.rest or value.rest
        else:
            own.rest = own.rest or Unknown(machine.reason(value))
    for name, item in call.arguments.keywords.items():
        machine.store(own.items, name, item, own.depth)
    return NONE


def _dict_pop(machine: Machine, call: Call) -> Value:
    found = _get(machine, call)
    wanted = call.get(0)
    key = machine.key(wanted) if wanted is not None else None
    if machine.maybe <= _dict(call).depth:
        _dict(call).items.pop(key, None)
    return found


def _index(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    keys = [machine.key(item) for item in _list(call).items]
    key = machine.key(value) if value is not None else None
    return Const(keys.index(key)) if key is not None and key in keys else Unknown("the place of an item in a list")


def _for_both(name: str, model: Model) -> dict[str, Model]:
    return {f"list.{name}": model, f"dict.{name}": model}


CONTAINER_MODELS: MappingType[str, Callable[[Machine, Call], Value]] = {
    "list.append": _append,
    "list.add": _append,
    "list.appendleft": _append,
    "list.insert": _insert,
    "list.extend": _extend,
    "list.update": _extend,
    "list.pop": _pop,
    "list.popleft": _pop,
    "list.remove": _remove,
    "list.discard": _remove,
    "list.union": _merged,
    "list.intersection": _merged,
    "list.difference": _copy,
    "list.reverse": _reverse,
    "list.sort": _sort,
    "list.index": _index,
    "list.tolist": _copy,
    "dict.get": _get,
    "dict.setdefault": _setdefault,
    "dict.keys": _keys,
    "dict.values": _values,
    "dict.items": _items,
    "dict.update": _update,
    "dict.pop": _dict_pop,
    **_for_both("copy", _copy),
    **_for_both("clear", _clear),
}
