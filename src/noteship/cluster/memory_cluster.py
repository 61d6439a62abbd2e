"""A cluster in this process's memory: for tests, and the simplest statement of what a cluster is.

It keeps objects as an API server does: versions, owners of fields, namespaces that have to be there, what is owned
going with its owner. It runs nothing: no controller, no pod, no defaults, no schema. Whoever tests says what became
of things by `set_status` and `add_logs`, and what another one did by `apply_as`.
"""

from __future__ import annotations

import copy
import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from noteship.cluster import errors, owned_fields, selecting, watching
from noteship.cluster.builtin_kinds import BUILTIN, FIELDS
from noteship.cluster.cluster import (
    ENDLESS,
    EVERYWHERE,
    FIELD_MANAGER,
    Applied,
    Change,
    LogsOf,
    Object,
    ObjectRef,
    Policy,
    Resource,
    Right,
    Selection,
    Until,
)
from noteship.cluster.memory_rights import allows

__all__ = ["MemoryCluster"]

LOOK_S = 0.05
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_ENDED = ("Succeeded", "Failed")
# What cannot be changed, of the kinds that noteship applies.
_FIXED = {"Deployment": ("selector",), "StatefulSet": ("selector",), "Job": ("selector", "template", "completions")}

Key = tuple[str, str, str]


class MemoryCluster:
    """Objects in a dictionary, gone with the process; safe among threads.

    - namespace: where objects are that name no other; it is there, as `default` is
    - rights: rules as a Role has them, for all namespaces; None allows everything
    """

    def __init__(self, namespace: str = "default", rights: Sequence[Mapping[str, Any]] | None = None) -> None:
        self._namespace = namespace
        self._rights = rights
        self._served = list(BUILTIN)
        self._things: dict[Key, dict[str, Any]] = {}
        self._owners: dict[Key, dict[str, frozenset[owned_fields.Path]]] = {}
        self._logs: dict[tuple[str, str, str, bool], list[str]] = {}
        self._version = 0
        self._changed = threading.Condition(threading.RLock())
        with self._changed:
            for name in {"default", namespace}:
                self._keep(self._new({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}), {})

    def close(self) -> None:
        """Nothing is open."""

    @property
    def url(self) -> str:
        """The place, for messages."""
        return "memory:"

    @property
    def namespace(self) -> str:
        """Where objects are that name no other."""
        return self._namespace

    def version(self) -> str:
        """As of the server whose ways these are."""
        return "v1.36.0"

    def groups(self) -> frozenset[str]:
        """The groups that are served."""
        return frozenset(each.group for each in self._served)

    def resources(self, api_version: str) -> tuple[Resource, ...]:
        """What is served of an API version."""
        return tuple(each for each in self._served if each.api_version == api_version)

    def apply(self, thing: Object, *, dry_run: bool = False, force: bool = False) -> Applied:
        """Server-side apply."""
        return self.apply_as(FIELD_MANAGER, thing, dry_run=dry_run, force=force)

    def apply_as(self, manager: str, thing: Object, *, dry_run: bool = False, force: bool = False) -> Applied:
        """The same, as another manager of fields."""
        wanted = copy.deepcopy(dict(thing))
        with self._changed:
            resource, ref = self._of(ObjectRef.of(wanted), "patch")
            key = _key(ref)
            if key not in self._things:
                self._check("create", resource, ref)
            self._check_new(ref, key)
            live = self._things.get(key)
            self._check_version(wanted, live, ref)
            merged = owned_fields.merge(live or {}, self._owners.get(key, {}), manager, _placed(wanted, ref))
            if merged.conflicts and not force:
                told = tuple((each.manager, owned_fields.shown(each.path)) for each in merged.conflicts)
                raise errors.FieldsOwnedByOthers(str(ref), told)
            kept = self._updated(live, merged.thing, ref) if live else self._new(merged.thing)
            kept["metadata"]["managedFields"] = owned_fields.managed_fields(merged.owners, ref.api_version)
            if dry_run:
                return Applied(copy.deepcopy(kept))
            if live is None or kept != live:
                self._keep(kept, merged.owners)
            if kept["metadata"].get("deletionTimestamp") and not kept["metadata"].get("finalizers"):
                self._drop(key)
            return Applied(copy.deepcopy(kept))

    def get(self, ref: ObjectRef) -> Object | None:
        """The object; None when it is absent."""
        with self._changed:
            _, ref = self._of(ref, "get")
            return copy.deepcopy(self._things.get(_key(ref)))

    def list(self, which: Selection) -> tuple[Object, ...]:
        """The objects, in order of namespace and name."""
        with self._changed:
            return self._selected(which, "list")

    def watch(self, which: Selection, until: Until = ENDLESS) -> Iterator[Change]:
        """What is there, and what changes."""
        deadline, seen = watching.Deadline(until), watching.Seen()
        while not deadline.is_over():
            with self._changed:
                version, things = self._version, self._selected(which, "watch")
            yield from seen.listed(things)
            self._wait(version, deadline)

    def delete(self, ref: ObjectRef, *, policy: Policy = "background", uid: str = "") -> bool:
        """Delete the object, and at once what it owns, unless that is to stay."""
        with self._changed:
            _, ref = self._of(ref, "delete")
            live = self._things.get(_key(ref))
            if live is None:
                return False
            if uid and live["metadata"]["uid"] != uid:
                raise errors.ObjectChanged(str(ref), "another one has its name")
            self._delete(_key(ref), policy)
            return True

    def logs(self, which: LogsOf, until: Until = ENDLESS) -> Iterator[str]:
        """The lines that were added; following ends with the pod."""
        deadline = watching.Deadline(until)
        ref = ObjectRef("v1", "Pod", which.pod, which.namespace or self._namespace)
        lines = self._lines(ref, which)
        told = 0 if which.tail is None else max(0, len(lines) - which.tail)
        while not deadline.is_over():
            with self._changed:
                version, new = self._version, lines[told:]
                pod = self._things.get(_key(ref))
            yield from new
            told += len(new)
            is_over = pod is None or (pod.get("status") or {}).get("phase") in _ENDED
            if not which.follow or (is_over and told == len(lines)):
                return
            self._wait(version, deadline)

    def can_i(self, right: Right) -> bool:
        """By the rules that were given."""
        return self._rights is None or allows(self._rights, right)

    def set_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> None:
        """What a controller or the kubelet would say of an object. Raises ObjectMissing."""
        with self._changed:
            ref = self._whole(ref)
            live = self._things.get(_key(ref))
            if live is None:
                raise errors.ObjectMissing(str(ref), self.url)
            self._keep({**copy.deepcopy(live), "status": copy.deepcopy(dict(status))}, self._owners[_key(ref)])

    def add_logs(self, which: LogsOf, *lines: str) -> None:
        """What a container says."""
        with self._changed:
            key = (which.namespace or self._namespace, which.pod, which.container, which.previous)
            self._logs.setdefault(key, []).extend(lines)
            self._tell()

    def _lines(self, ref: ObjectRef, which: LogsOf) -> Sequence[str]:
        with self._changed:
            _, ref = self._of(ref, "get", "log")
            pod = self._things.get(_key(ref))
            if pod is None:
                raise errors.ObjectMissing(str(ref), self.url)
            key = (ref.namespace, ref.name, which.container, which.previous)
            said = self._logs.get(key)
            if said is None and not (pod.get("status") or {}).get("containerStatuses"):
                # No node has taken it.
                return self._logs.setdefault(key, [])
            if said is None:
                reason = "there was none before" if which.previous else "it is waiting to start"
                raise errors.NoLogs(str(ref), f'container "{which.container}": {reason}')
            return said

    def _selected(self, which: Selection, verb: str) -> tuple[Object, ...]:
        resource = self._resource(which.api_version, which.kind)
        namespace = (which.namespace or self._namespace) if resource.is_namespaced else ""
        self._check(verb, resource, ObjectRef(which.api_version, which.kind, "", namespace))
        for name in which.fields:
            if name not in ("metadata.name", "metadata.namespace", *FIELDS.get(which.kind, ())):
                raise errors.ObjectInvalid(resource.full_name, (), f"field label not supported: {name}")
        found = (
            thing
            for (kind, space, _), thing in self._things.items()
            if kind == f"{which.api_version}/{which.kind}" and namespace in (space, EVERYWHERE, "")
        )
        chosen = [each for each in found if selecting.fits_labels(each, which.labels) and _fits(each, which.fields)]
        return tuple(copy.deepcopy(each) for each in sorted(chosen, key=selecting.place))

    def _of(self, ref: ObjectRef, verb: str, subresource: str = "") -> tuple[Resource, ObjectRef]:
        resource, ref = self._resource(ref.api_version, ref.kind), self._whole(ref)
        self._check(verb, resource, ref, subresource)
        return resource, ref

    def _whole(self, ref: ObjectRef) -> ObjectRef:
        is_namespaced = self._resource(ref.api_version, ref.kind).is_namespaced
        namespace = (ref.namespace or self._namespace) if is_namespaced else ""
        return ObjectRef(ref.api_version, ref.kind, ref.name, namespace)

    def _resource(self, api_version: str, kind: str) -> Resource:
        served = self.resources(api_version)
        found = selecting.of_kind(kind, served)
        if not found:
            near = selecting.near(api_version, kind, self.groups(), served)
            raise errors.ApiNotServed(api_version, kind, self.url, near)
        return found

    def _check(self, verb: str, resource: Resource, ref: ObjectRef, subresource: str = "") -> None:
        namespace = "" if ref.namespace == EVERYWHERE else ref.namespace
        if not self.can_i(Right(verb, resource.plural, resource.group, ref.namespace, ref.name, subresource)):
            full = resource.full_name + (f"/{subresource}" if subresource else "")
            raise errors.RightMissing(verb, full, namespace, "tester")

    def _check_new(self, ref: ObjectRef, key: Key) -> None:
        """What an API server looks at before it takes an object."""
        space = self._things.get(("v1/Namespace", "", ref.namespace)) if ref.namespace else {}
        if space is None:
            raise errors.NamespaceMissing(ref.namespace, self.url)
        if space.get("metadata", {}).get("deletionTimestamp") and key not in self._things:
            raise errors.NamespaceEnding(ref.namespace, self.url)
        if not ref.name:
            raise errors.ObjectInvalid(str(ref), (("metadata.name", "Required value"),))
        if not _NAME.fullmatch(ref.name):
            said = f'Invalid value: "{ref.name}": a lowercase RFC 1123 subdomain is wanted'
            raise errors.ObjectInvalid(str(ref), (("metadata.name", said),))

    def _check_version(self, wanted: Mapping[str, Any], live: Mapping[str, Any] | None, ref: ObjectRef) -> None:
        asked = (wanted.get("metadata") or {}).get("resourceVersion")
        if live and asked and asked != live["metadata"]["resourceVersion"]:
            raise errors.ObjectChanged(str(ref), "the object has been modified")

    def _new(self, thing: Mapping[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = {"uid": str(uuid.uuid4()), "creationTimestamp": now}
        counted = {"generation": 1} if "spec" in thing else {}
        return {**thing, "metadata": {**thing["metadata"], **made, **counted}}

    def _updated(self, live: Mapping[str, Any], thing: dict[str, Any], ref: ObjectRef) -> dict[str, Any]:
        spec, before = thing.get("spec") or {}, live.get("spec") or {}
        fixed = [name for name in _FIXED.get(ref.kind, ()) if name in before and spec.get(name) != before[name]]
        if fixed:
            said = "Invalid value: field is immutable"
            raise errors.ObjectInvalid(str(ref), tuple((f"spec.{name}", said) for name in fixed))
        # Those that the object has already count, not those that came with what was applied.
        own = {name: live["metadata"][name] for name in _OWN if name in live["metadata"]}
        thing = {**thing, "metadata": {**thing["metadata"], **own}}
        if spec != before:
            thing["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1
        return thing

    def _keep(self, thing: dict[str, Any], owners: dict[str, frozenset[owned_fields.Path]]) -> None:
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)
        key = _key(ObjectRef.of(thing))
        self._things[key], self._owners[key] = thing, owners
        if thing["kind"] == "CustomResourceDefinition":
            self._served += [each for each in _defined(thing) if each not in self._served]
        self._changed.notify_all()

    def _delete(self, key: Key, policy: Policy) -> None:
        thing = self._things[key]
        contents = [each for each in self._things if key[0] == "v1/Namespace" and each[1] == key[2]]
        for each in contents:
            self._delete(each, "background")
        if thing["metadata"].get("finalizers") or any(each in self._things for each in contents):
            ending = copy.deepcopy(thing)
            ending["metadata"].setdefault("deletionTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            self._keep(ending, self._owners[key])
            return
        self._drop(key)
        self._collect(thing["metadata"]["uid"], policy)

    def _collect(self, uid: str, policy: Policy) -> None:
        """What an object owned, once it is gone."""
        for key, each in list(self._things.items()):
            references = each["metadata"].get("ownerReferences") or []
            left = [reference for reference in references if reference.get("uid") != uid]
            if len(left) == len(references) or key not in self._things:
                continue
            if left or policy == "orphan":
                self._keep({**each, "metadata": {**each["metadata"], "ownerReferences": left}}, self._owners[key])
            else:
                self._delete(key, policy)

    def _drop(self, key: Key) -> None:
        del self._things[key], self._owners[key]
        self._tell()
        space = ("v1/Namespace", "", key[1])
        waits = key[1] and self._things.get(space, {}).get("metadata", {}).get("deletionTimestamp")
        if waits and not any(each[1] == key[1] for each in self._things):
            self._drop(space)

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _wait(self, version: int, deadline: watching.Deadline) -> None:
        """Until something has changed since a version, or the deadline."""
        with self._changed:
            while self._version == version and not deadline.is_over():
                self._changed.wait(min(LOOK_S, deadline.left_s))


_OWN = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "resourceVersion")


def _key(ref: ObjectRef) -> Key:
    return f"{ref.api_version}/{ref.kind}", ref.namespace, ref.name


def _placed(thing: dict[str, Any], ref: ObjectRef) -> dict[str, Any]:
    """With its namespace, and without what apply does not take."""
    given = {name: value for name, value in thing.items() if name != "status"}
    metadata = {name: value for name, value in thing["metadata"].items() if name not in (*_OWN, "managedFields")}
    return {**given, "metadata": {**metadata, **({"namespace": ref.namespace} if ref.namespace else {})}}


def _fits(thing: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    for path, wanted in fields.items():
        value: Any = thing
        for name in path.split("."):
            value = (value or {}).get(name)
        if str(value or "") != wanted:
            return False
    return True


def _defined(definition: Mapping[str, Any]) -> list[Resource]:
    spec = definition["spec"]
    names, is_namespaced = spec["names"], spec["scope"] == "Namespaced"
    verbs = BUILTIN[0].verbs
    return [
        Resource(f"{spec['group']}/{each['name']}", names["kind"], names["plural"], is_namespaced, verbs)
        for each in spec["versions"]
        if each.get("served", True)
    ]
