"""Who set which field of an object, and what server-side apply makes of that. Pure; for the cluster in memory.

After Kubernetes' structured merge: maps are merged key by key, the lists below item by item, and everything else is
one value. Source: Kubernetes, "Server-Side Apply", and the ``x-kubernetes-list-map-keys`` of its own API (1.36).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Conflict", "Merged", "fields_of", "managed_fields", "merge", "shown"]

# A name, or what tells an item of a list from the others.
Step = str | tuple[tuple[str, Any], ...]
Path = tuple[Step, ...]
Owners = Mapping[str, frozenset[Path]]

# By the list's name; the first keys count of which an item has the first.
ITEM_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "conditions": (("type",),),
    "containers": (("name",),),
    "env": (("name",),),
    "ephemeralContainers": (("name",),),
    "hostAliases": (("ip",),),
    "imagePullSecrets": (("name",),),
    "initContainers": (("name",),),
    "ownerReferences": (("uid",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "volumeMounts": (("mountPath",),),
    "volumes": (("name",),),
}
DEFAULTS = {"protocol": "TCP"}
ONE_VALUE = {"labelSelector", "nodeSelector", "selector"}
# What names an object, or is the server's own.
NOT_OWNED = {
    "metadata": {
        *("creationTimestamp", "deletionTimestamp", "generation", "managedFields"),
        *("name", "namespace", "resourceVersion", "uid"),
    }
}


@dataclass(frozen=True)
class Conflict:
    """A field that would be changed, and who set it."""

    manager: str
    path: Path


@dataclass(frozen=True)
class Merged:
    """What became of an object, who set what of it, and whom that takes a field from."""

    thing: dict[str, Any]
    owners: dict[str, frozenset[Path]]
    conflicts: tuple[Conflict, ...]


def merge(live: Mapping[str, Any], owners: Owners, manager: str, wanted: Mapping[str, Any]) -> Merged:
    """Apply `wanted` as a manager: what it set before and wants no more goes, unless others set it, too."""
    paths = fields_of(wanted)
    conflicts = tuple(
        Conflict(other, path)
        for path in sorted(paths, key=repr)
        for other, owned in owners.items()
        if other != manager and path in owned and isinstance(path[-1], str) and _at(live, path) != _at(wanted, path)
    )
    taken = {(each.manager, each.path) for each in conflicts}
    left = {
        other: frozenset(path for path in owned if (other, path) not in taken)
        for other, owned in owners.items()
        if other != manager
    }
    elsewhere = frozenset().union(*left.values())
    thing = copy.deepcopy(dict(live))
    # An item goes before what is in it: whoever sets anything in it sets the item, too.
    for path in sorted(owners.get(manager, frozenset()) - paths - elsewhere, key=len):
        _remove(thing, path)
    _put(thing, wanted)
    return Merged(thing, {**{other: owned for other, owned in left.items() if owned}, manager: paths}, conflicts)


def fields_of(thing: Mapping[str, Any]) -> frozenset[Path]:
    """The fields that who applies this sets."""
    own = {name: value for name, value in thing.items() if name not in ("apiVersion", "kind", "status")}
    for name, left_out in NOT_OWNED.items():
        if isinstance(own.get(name), Mapping):
            own[name] = {inner: value for inner, value in own[name].items() if inner not in left_out}
    found = (_walk(value, (name,)) for name, value in own.items() if value != {} or name not in NOT_OWNED)
    return frozenset(path for paths in found for path in paths)


def shown(path: Path) -> str:
    """As the API writes it.

    >>> shown(("spec", "containers", (("name", "serve"),), "image"))
    '.spec.containers[name="serve"].image'
    """
    return "".join(
        f".{step}" if isinstance(step, str) else f"[{','.join(f'{name}={json.dumps(value)}' for name, value in step)}]"
        for step in path
    )


def managed_fields(owners: Owners, api_version: str) -> list[dict[str, Any]]:
    """As `metadata.managedFields` has it, without times."""
    return [
        {
            "manager": manager,
            "operation": "Apply",
            "apiVersion": api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": _nested(owned),
        }
        for manager, owned in owners.items()
    ]


def _walk(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping) and value and path[-1] not in ONE_VALUE:
        for name, inner in value.items():
            yield from _walk(inner, (*path, name))
        return
    steps = _item_steps(value, path[-1])
    if not steps:
        yield path
        return
    for step, item in zip(steps, value, strict=True):
        yield (*path, step)
        yield from _walk(item, (*path, step))


def _item_steps(value: Any, name: Step) -> list[Step]:
    """What tells the items of a list apart; empty where the list is one value."""
    if not isinstance(value, list) or not isinstance(name, str):
        return []
    keys = next(
        (each for each in ITEM_KEYS.get(name, ()) if value and isinstance(value[0], Mapping) and each[0] in value[0]),
        (),
    )
    if not keys or not all(isinstance(item, Mapping) and keys[0] in item for item in value):
        return []
    return [tuple((key, item.get(key, DEFAULTS.get(key))) for key in keys) for item in value]


def _item(items: Any, name: Step, step: Step) -> int:
    steps = _item_steps(items, name)
    return steps.index(step) if step in steps else -1


def _at(thing: Any, path: Path) -> Any:
    for place, step in enumerate(path):
        if isinstance(step, str):
            thing = thing.get(step) if isinstance(thing, Mapping) else None
        else:
            index = _item(thing, path[place - 1], step)
            thing = thing[index] if index >= 0 else None
    return thing


def _remove(thing: Any, path: Path) -> None:
    """Take a field away, and what is empty around it then."""
    *before, last = path
    holder = _at(thing, tuple(before))
    if isinstance(last, str):
        if isinstance(holder, dict):
            holder.pop(last, None)
    elif isinstance(holder, list) and (index := _item(holder, path[-2], last)) >= 0:
        del holder[index]
    if before and holder in ({}, []):
        _remove(thing, tuple(before))


def _put(thing: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        here = thing.get(name)
        if isinstance(value, Mapping) and isinstance(here, dict) and name not in ONE_VALUE:
            _put(here, value)
        elif _item_steps(value, name) and isinstance(here, list):
            _put_items(here, value, name)
        else:
            thing[name] = copy.deepcopy(value)


def _put_items(here: list[Any], wanted: list[Any], name: str) -> None:
    for step, item in zip(_item_steps(wanted, name), wanted, strict=True):
        index = _item(here, name, step)
        if index < 0:
            here.append(copy.deepcopy(item))
        else:
            _put(here[index], item)


def _nested(paths: frozenset[Path]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path in sorted(paths, key=repr):
        at = nested
        for step in path:
            key = f"f:{step}" if isinstance(step, str) else f"k:{json.dumps(dict(step), separators=(',', ':'))}"
            at = at.setdefault(key, {})
        if not isinstance(path[-1], str):
            at["."] = {}
    return nested
