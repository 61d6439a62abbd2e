"""The seam to Kubernetes: a few verbs over objects that are plain values, as manifests have them.

Kinds are named by their ``apiVersion`` and ``kind`` and found by asking the cluster what it serves, so those of other
projects (custom resources) need nothing of their own here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = [
    "ENDLESS",
    "EVERYWHERE",
    "FIELD_MANAGER",
    "Applied",
    "Change",
    "Cluster",
    "LogsOf",
    "Object",
    "ObjectRef",
    "Policy",
    "Resource",
    "Right",
    "Selection",
    "Until",
]

# An object as the cluster gives it, or as a manifest has it.
Object = Mapping[str, Any]
# Who owns the fields that noteship sets; other managers' fields are left alone.
FIELD_MANAGER = "noteship"
# All namespaces, of a selection.
EVERYWHERE = "*"

Policy = Literal["background", "foreground", "orphan"]


@dataclass(frozen=True)
class ObjectRef:
    """What names one object. A namespace of "" is the cluster's own choice for kinds that live in one."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    @classmethod
    def of(cls, thing: Object) -> ObjectRef:
        """What names this object."""
        metadata = thing.get("metadata") or {}
        return cls(
            str(thing.get("apiVersion", "")),
            str(thing.get("kind", "")),
            str(metadata.get("name", "")),
            str(metadata.get("namespace", "")),
        )

    def __str__(self) -> str:
        """For messages.

        >>> str(ObjectRef("apps/v1", "Deployment", "mail", "team-a")), str(ObjectRef("v1", "Namespace", "team-a"))
        ('Deployment mail in team-a', 'Namespace team-a')
        """
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")


@dataclass(frozen=True)
class Selection:
    """Objects of one kind, by equality of labels and fields, all of which have to hold.

    - namespace: one, "" for the cluster's own choice, or EVERYWHERE
    - labels: a value, several of which one has to be, or None for whatever value
    - fields: paths such as ``metadata.name``; each kind has few that can be asked for
    """

    api_version: str
    kind: str
    namespace: str = ""
    labels: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def only(cls, ref: ObjectRef) -> Selection:
        """One object, whether or not it is there."""
        return cls(ref.api_version, ref.kind, ref.namespace, fields={"metadata.name": ref.name})


@dataclass(frozen=True)
class Until:
    """When something that lasts ends, without an error: when `stop` is set, or so many seconds have passed."""

    stop: threading.Event | None = None
    timeout_s: float | None = None


ENDLESS = Until()


@dataclass(frozen=True)
class Change:
    """What became of an object; a deleted one is as it was last seen."""

    what: Literal["added", "modified", "deleted"]
    thing: Object


@dataclass(frozen=True)
class Applied:
    """An object as the cluster has it after it was applied, and what the cluster warns of."""

    thing: Object
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogsOf:
    """Which lines a container said. `container` may be "" where a pod has one; `tail` is how many of the last ones."""

    pod: str
    namespace: str = ""
    container: str = ""
    tail: int | None = None
    follow: bool = False
    previous: bool = False


@dataclass(frozen=True)
class Right:
    """What somebody may want to do: a verb on a resource by its plural, such as ``patch`` ``deployments`` of ``apps``.

    A namespace of "" is the cluster's own choice, EVERYWHERE all of them, and what is in none needs it, too.
    """

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True)
class Resource:
    """A kind that the cluster serves."""

    api_version: str
    kind: str
    plural: str
    is_namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def group(self) -> str:
        """The group of its API; "" is the core.

        >>> Resource("apps/v1", "Deployment", "deployments", True).group, Resource("v1", "Pod", "pods", True).group
        ('apps', '')
        """
        return self.api_version.rpartition("/")[0]

    @property
    def full_name(self) -> str:
        """As rights name it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Cluster(Protocol):
    """A Kubernetes cluster, asked in one namespace unless another one is named.

    Every implementation guarantees: an object that was applied has the fields that were sent, and no other manager's
    field was changed; a read that follows a write sees it. Faults are raised as this room's errors: those of the
    connection (ClusterUnreachable, ClusterUntrusted, ClusterUnauthorized, ClusterBusy, ClusterFailed,
    BadClusterAnswer, LoginFailed) and RightMissing by every verb, ApiNotServed by every verb that names a kind.
    """

    @property
    def url(self) -> str:
        """The cluster, for messages: without credentials."""

    @property
    def namespace(self) -> str:
        """Where objects are that name no other."""

    def close(self) -> None:
        """End all connections."""

    def version(self) -> str:
        """Of the server, such as ``v1.34.1``."""

    def groups(self) -> frozenset[str]:
        """The groups of APIs that are served; "" is the core."""

    def resources(self, api_version: str) -> tuple[Resource, ...]:
        """What is served of an API version; nothing where the version is not."""

    def apply(self, thing: Object, *, dry_run: bool = False, force: bool = False) -> Applied:
        """Make the object's fields what they are here, and take away those that were set so before and are not here.

        With `dry_run` everything is checked and nothing kept; `force` takes fields from other managers.
        Raises FieldsOwnedByOthers, ObjectChanged (`metadata.resourceVersion` was given, and is another one now),
        ObjectInvalid, QuotaExceeded, PodSecurityRefused, AdmissionRefused, WebhookDown, NamespaceMissing,
        NamespaceEnding.
        """

    def get(self, ref: ObjectRef) -> Object | None:
        """The object; None when it is absent."""

    def list(self, which: Selection) -> tuple[Object, ...]:
        """The objects, in order of namespace and name; none where the namespace is absent, too."""

    def watch(self, which: Selection, until: Until = ENDLESS) -> Iterator[Change]:
        """What is there, each as added, and then what changes.

        States between two that follow fast may be left out, the last one never is. A connection that breaks off is
        made again, and what went missing meanwhile is told as deleted. Raises ClusterUnreachable when the cluster
        has not answered for a minute.
        """

    def delete(self, ref: ObjectRef, *, policy: Policy = "background", uid: str = "") -> bool:
        """Delete the object, and what it owns by the policy; whether it was there.

        With `uid` only that very one: ObjectChanged is raised when another one has taken its name.
        """

    def logs(self, which: LogsOf, until: Until = ENDLESS) -> Iterator[str]:
        """The lines, without their ends; what is no UTF-8 is replaced.

        None are those of a pod that no node has taken yet. Raises ObjectMissing, NoLogs.
        """

    def can_i(self, right: Right) -> bool:
        """Whether who asks may do it, as far as the cluster says beforehand."""
