"""What was gathered of a thing: plain values, so that decisions need no cluster, and a case can be kept as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from noteship.cluster.cluster import Object, ObjectRef
from noteship.cluster.pods import listed, table, tables
from noteship.cluster.why.thing import Thing

__all__ = ["Evidence", "without_values"]

_KEPT = (
    *("name", "namespace", "uid", "labels", "generation", "creationTimestamp", "deletionTimestamp", "finalizers"),
    "ownerReferences",
)
_REVISION = "deployment.kubernetes.io/revision"
_OF_NO_USE = ("managedFields", "resourceVersion", "selfLink")


@dataclass(frozen=True)
class Evidence:
    """What the cluster told of a thing.

    - objects: it, what it belongs to and made, and what these need; no Secret, and no value of a variable
    - events: of those objects, the oldest first
    - logs: the last lines of containers, by POD/CONTAINER
    - absent: what was looked for and is not there
    - unread: what could not be read, and why
    - now: when that was, as the cluster writes times
    """

    thing: Thing
    objects: tuple[Object, ...] = ()
    events: tuple[Object, ...] = ()
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[ObjectRef, ...] = ()
    unread: tuple[str, ...] = ()
    now: str = ""

    def of_kind(self, kind: str) -> Iterator[Object]:
        """The objects of a kind."""
        return (each for each in self.objects if each.get("kind") == kind)

    def lacks(self, kind: str) -> Iterator[ObjectRef]:
        """What of a kind is not there."""
        return (each for each in self.absent if each.kind == kind)

    def events_of(self, thing: Object, *reasons: str) -> list[Object]:
        """Those of an object, of these reasons or any, the oldest first."""
        metadata = table(thing.get("metadata"))
        who = str(thing.get("kind")), str(metadata.get("name"))
        return [
            each
            for each in self.events
            if (_involved(each, "kind"), _involved(each, "name")) == who
            and _involved(each, "uid") in ("", str(metadata.get("uid", "")))
            and (not reasons or each.get("reason") in reasons)
        ]

    def owned_by(self, owners: Iterable[Object], kind: str) -> list[Object]:
        """The objects of a kind that these own."""
        uids = {str(table(each.get("metadata")).get("uid")) for each in owners}
        return [each for each in self.of_kind(kind) if uids & _owners(each)]

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "thing": {"kind": self.thing.kind, "name": self.thing.name, "namespace": self.thing.namespace},
            "now": self.now,
            "absent": [vars(each) for each in self.absent],
            "unread": list(self.unread),
            "logs": {name: list(lines) for name, lines in self.logs.items()},
            "objects": list(self.objects),
            "events": list(self.events),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From what `to_json` gave."""
        return cls(
            Thing(**value["thing"]),
            tuple(value["objects"]),
            tuple(value["events"]),
            {name: tuple(lines) for name, lines in value["logs"].items()},
            tuple(ObjectRef(**each) for each in value["absent"]),
            tuple(value["unread"]),
            value["now"],
        )


def without_values(thing: Object) -> Object:
    """An object without what nobody needs to be told why: values of variables, annotations, all words but the first."""
    metadata = table(thing.get("metadata"))
    kept = {name: metadata[name] for name in _KEPT if name in metadata}
    revision = table(metadata.get("annotations")).get(_REVISION)
    if revision:
        kept["annotations"] = {_REVISION: revision}
    parts = {name: thing[name] for name in ("spec", "status", *_OF_OTHERS) if name in thing}
    if thing.get("kind") == "Node":
        status = table(parts.get("status"))
        parts = {**parts, "status": {name: status[name] for name in _OF_NODES if name in status}}
    rest = {name: _closed(each) for name, each in parts.items()}
    return {"apiVersion": thing.get("apiVersion"), "kind": thing.get("kind"), "metadata": kept, **rest}


# What StorageClasses have beside, and have instead of a spec.
_OF_OTHERS = ("provisioner", "volumeBindingMode")
_OF_NODES = ("allocatable", "conditions")


def _closed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _of_field(name, each) for name, each in value.items() if name not in _OF_NO_USE}
    return [_closed(each) for each in value] if isinstance(value, list) else value


def _of_field(name: str, value: Any) -> Any:
    if name == "env":
        return [{key: each[key] for key in ("name", "valueFrom") if key in each} for _, each in tables(value)]
    if name in ("command", "args"):
        # Which program was asked for may be told, and what it was told may not.
        return list(listed(value)[:1]) if name == "command" else []
    if name in ("annotations", "httpHeaders"):
        return {} if isinstance(value, Mapping) else []
    return _closed(value)


def _involved(event: Object, name: str) -> str:
    return str(table(event.get("involvedObject")).get(name) or "")


def _owners(thing: Object) -> set[str]:
    return {str(each.get("uid")) for _, each in tables(table(thing.get("metadata")).get("ownerReferences"))}
