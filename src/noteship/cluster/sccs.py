"""OpenShift's restricted-v2 and restricted-v3 as pure functions: what they refuse, and what a pod becomes under them.

Source: openshift/cluster-kube-apiserver-operator (the two constraints) and openshift/apiserver-library-go (how they are
applied). Whether an author may use a constraint is a matter of rights, and not of the pod.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from noteship.cluster.pods import Container, PodTemplate, Violation, listed, table, tables, templates, told
from noteship.cluster.restricted import SYSCTLS

__all__ = ["RESTRICTED_V2", "RESTRICTED_V3", "Allotment", "Constraint", "Range", "admitted", "violations"]

Fields = Mapping[str, Any]
VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
ADDABLE = ("NET_BIND_SERVICE",)
UID_RANGE, GROUPS, LEVEL = (f"openshift.io/sa.scc.{each}" for each in ("uid-range", "supplemental-groups", "mcs"))
ADMITTED_BY = "openshift.io/scc"
# Annotations of the old form of a seccomp profile.
SECCOMP_OF_POD, SECCOMP_OF_CONTAINER = (
    f"{each}.alpha.kubernetes.io/" for each in ("seccomp.security", "container.seccomp.security")
)


@dataclass(frozen=True)
class Range:
    """Numbers of users or groups, both ends included."""

    first: int
    last: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}" if self.first != self.last else str(self.first)

    @classmethod
    def parsed(cls, text: str) -> Self:
        """As a namespace is annotated with it: FIRST/HOW-MANY, or FIRST-LAST. Raises ValueError.

        >>> str(Range.parsed("1000650000/10000"))
        '1000650000 to 1000659999'
        """
        found = re.fullmatch(r"\s*(\d+)([/-])(\d+)\s*", text)
        if not found:
            raise ValueError("a range such as 1000650000/10000")
        first, number = int(found[1]), int(found[3])
        return cls(first, first + number - 1 if found[2] == "/" else number)


@dataclass(frozen=True)
class Allotment:
    """What OpenShift allots to a namespace: its users, its groups, and its level of SELinux. By default an example."""

    users: Range = Range(1_000_650_000, 1_000_659_999)
    groups: Range = Range(1_000_650_000, 1_000_659_999)
    level: str = "s0:c26,c5"

    @classmethod
    def of(cls, namespace: Fields) -> Self:
        """As the namespace's annotations say. Raises KeyError and ValueError where they do not."""
        annotations = table(table(namespace.get("metadata")).get("annotations"))
        users = Range.parsed(annotations[UID_RANGE])
        groups = annotations.get(GROUPS)
        return cls(users, Range.parsed(groups.split(",")[0]) if groups else users, annotations[LEVEL])


@dataclass(frozen=True)
class Constraint:
    """One of OpenShift's. Ranges that it does not have are the namespace's; without `group` the image's is taken.

    - fs_group: of which group volumes are; the first of the range where the pod does not say
    """

    name: str
    user: Range | None = None
    group: Range | None = None
    fs_group: Range | None = None
    supplemental: Range | None = None
    needs_user_namespace: bool = False


# Within a user namespace any number but root's will do: it is another one on the node.
_OF_USER_NAMESPACE = Range(1000, 65534)
RESTRICTED_V2 = Constraint("restricted-v2")
RESTRICTED_V3 = Constraint(
    "restricted-v3",
    user=_OF_USER_NAMESPACE,
    group=_OF_USER_NAMESPACE,
    fs_group=_OF_USER_NAMESPACE,
    supplemental=_OF_USER_NAMESPACE,
    needs_user_namespace=True,
)


def violations(
    manifest: Fields, constraint: Constraint = RESTRICTED_V2, namespace: Allotment | None = None
) -> tuple[Violation, ...]:
    """Why the constraint does not let the pods of a manifest in; empty is what "let in" means."""
    rules = _Rules(constraint, namespace or Allotment())
    return tuple(found for pod in templates(manifest) for found in rules.violations(pod))


def admitted(
    pod: PodTemplate, constraint: Constraint = RESTRICTED_V2, namespace: Allotment | None = None
) -> dict[str, Any]:
    """The pod after admission, as `metadata` and `spec`: what it said, and what the constraint sets beside it.

    Of a pod with violations it is what the pod would be without them. Where the constraint sets no group of the
    process, the image's is taken: group 0 for a user that the image does not know, as OpenShift's are.
    """
    return _Rules(constraint, namespace or Allotment()).admitted(pod)


@dataclass(frozen=True)
class _Rules:
    constraint: Constraint
    namespace: Allotment
    users: Range = field(init=False)
    fs_groups: Range = field(init=False)

    def __post_init__(self) -> None:
        # Of the namespace's groups, volumes may be of the first alone.
        own = Range(self.namespace.groups.first, self.namespace.groups.first)
        object.__setattr__(self, "users", self.constraint.user or self.namespace.users)
        object.__setattr__(self, "fs_groups", self.constraint.fs_group or own)

    def violations(self, pod: PodTemplate) -> Iterator[Violation]:
        yield from self._of_pod(pod)
        yield from self._of_volumes(pod)
        for each in pod.containers:
            yield from self._of_container(each)
        for path, context in pod.contexts:
            yield from self._of_context(path, context)

    def _of_pod(self, pod: PodTemplate) -> Iterator[Violation]:
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(name):
                yield self._violation(f"{pod.path}.{name}", True, "nothing, or false")
        if self.constraint.needs_user_namespace and not pod.has_user_namespace:
            yield self._violation(f"{pod.path}.hostUsers", pod.spec.get("hostUsers"), "false")
        yield from self._in(f"{pod.path}.securityContext.fsGroup", pod.context.get("fsGroup"), self.fs_groups)
        for place, group in enumerate(listed(pod.context.get("supplementalGroups"))):
            path = f"{pod.path}.securityContext.supplementalGroups[{place}]"
            yield from self._in(path, group, self.constraint.supplemental)
        for place, each in tables(pod.context.get("sysctls")):
            if each.get("name") not in SYSCTLS:
                path = f"{pod.path}.securityContext.sysctls[{place}].name"
                yield self._violation(path, each.get("name"), "one that concerns the pod alone, or nothing")
        for name, value in table(pod.metadata.get("annotations")).items():
            if name.startswith((SECCOMP_OF_POD, SECCOMP_OF_CONTAINER)) and value != "runtime/default":
                yield self._violation(f"{pod.metadata_path}.annotations[{name}]", value, "nothing, or runtime/default")

    def _of_volumes(self, pod: PodTemplate) -> Iterator[Violation]:
        for place, volume in tables(pod.spec.get("volumes")):
            kinds = [name for name, value in volume.items() if name != "name" and value is not None]
            if kinds and not any(kind in VOLUMES for kind in kinds):
                yield self._violation(f"{pod.path}.volumes[{place}]", ", ".join(kinds), " or ".join(VOLUMES))

    def _of_container(self, each: Container) -> Iterator[Violation]:
        path = f"{each.path}.securityContext"
        for name in ("privileged", "allowPrivilegeEscalation"):
            if each.context.get(name):
                yield self._violation(f"{path}.{name}", True, "nothing, or false")
        for place, name in enumerate(listed(table(each.context.get("capabilities")).get("add"))):
            if name not in ADDABLE:
                yield self._violation(f"{path}.capabilities.add[{place}]", name, f"nothing, or {ADDABLE[0]}")
        for place, port in tables(each.fields.get("ports")):
            if port.get("hostPort"):
                yield self._violation(f"{each.path}.ports[{place}].hostPort", port["hostPort"], "nothing, or 0")

    def _of_context(self, path: str, context: Fields) -> Iterator[Violation]:
        yield from self._in(f"{path}.runAsUser", context.get("runAsUser"), self.users)
        yield from self._in(f"{path}.runAsGroup", context.get("runAsGroup"), self.constraint.group)
        profile = context.get("seccompProfile")
        if profile is not None and table(profile).get("type") != "RuntimeDefault":
            found = table(profile).get("type")
            yield self._violation(f"{path}.seccompProfile.type", found, "nothing, or RuntimeDefault")
        options = table(context.get("seLinuxOptions"))
        for name in ("user", "role", "type"):
            if options.get(name):
                yield self._violation(f"{path}.seLinuxOptions.{name}", options[name], "nothing")
        if options and not _is_same_level(options.get("level", ""), self.namespace.level):
            asked = f"nothing, or {self.namespace.level}"
            yield self._violation(f"{path}.seLinuxOptions.level", options.get("level"), asked)

    def _in(self, path: str, number: Any, allowed: Range | None) -> Iterator[Violation]:
        if allowed is not None and number is not None and number not in allowed:
            yield self._violation(path, number, f"nothing, or {allowed}")

    def _violation(self, path: str, found: Any, asked: str) -> Violation:
        return Violation(self.constraint.name, path, told(found), asked)

    def admitted(self, pod: PodTemplate) -> dict[str, Any]:
        spec = copy.deepcopy(dict(pod.spec))
        metadata = copy.deepcopy(dict(pod.metadata))
        metadata["annotations"] = {
            **table(metadata.get("annotations")),
            ADMITTED_BY: self.constraint.name,
            f"{SECCOMP_OF_POD}pod": "runtime/default",
        }
        spec["securityContext"] = self._context_of_pod(dict(table(spec.get("securityContext"))))
        for name in ("initContainers", "containers", "ephemeralContainers"):
            if listed(spec.get(name)):
                spec[name] = [self._container(spec["securityContext"], dict(each)) for _, each in tables(spec[name])]
        return {"metadata": metadata, "spec": spec}

    def _context_of_pod(self, context: dict[str, Any]) -> dict[str, Any]:
        context.setdefault("seLinuxOptions", {"level": self.namespace.level})
        context.setdefault("fsGroup", self.fs_groups.first)
        if self.constraint.supplemental is not None:
            context.setdefault("supplementalGroups", [self.constraint.supplemental.first])
        context.setdefault("seccompProfile", {"type": "RuntimeDefault"})
        return context

    def _container(self, of_pod: Fields, container: dict[str, Any]) -> dict[str, Any]:
        context = dict(table(container.get("securityContext")))
        if context.get("runAsUser") is None and of_pod.get("runAsUser") is None:
            context["runAsUser"] = self.users.first
        if self.constraint.group and context.get("runAsGroup") is None and of_pod.get("runAsGroup") is None:
            context["runAsGroup"] = self.constraint.group.first
        if context.get("runAsNonRoot") is None and of_pod.get("runAsNonRoot") is None:
            context["runAsNonRoot"] = True
        context.setdefault("allowPrivilegeEscalation", False)
        capabilities = dict(table(context.get("capabilities")))
        dropped = listed(capabilities.get("drop"))
        context["capabilities"] = {**capabilities, "drop": dropped if "ALL" in dropped else [*dropped, "ALL"]}
        return {**container, "securityContext": context}


def _is_same_level(one: Any, other: str) -> bool:
    """Categories may be in any order."""
    return [set(part.split(",")) for part in str(one).split(":")] == [set(part.split(",")) for part in other.split(":")]
