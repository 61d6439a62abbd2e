"""What pods mount, and is not there: claims, and the files of Secrets and ConfigMaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from noteship.cluster.cluster import Object
from noteship.cluster.pods import table, tables
from noteship.cluster.why.cause import Cause, quoted
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import PodView, name_of

__all__ = ["missing", "unmounted"]

_VOLUME = re.compile(r'for volume "([^"]+)"')
_ABSENT = re.compile(r'(secret|configmap) "([^"]+)" not found')
_KEY = re.compile(r"references non-existent (secret|config) key: ([\w.-]+)")
_CLASS = "storageclass.storage.k8s.io "
KINDS = {"secret": "Secret", "configmap": "ConfigMap", "config": "ConfigMap"}


def unmounted(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """Claims that a pod waits for, and volumes that its node could not make."""
    if not pod.is_pending:
        return
    for name in _claims(pod):
        yield from _claim(pod, name, evidence)
    if all(table(each.status.get("state")).get("running") is None for each in pod.containers):
        yield from _mounts(pod)


def missing(pod: PodView, what: str, name: str, where: str, told: str) -> Cause:
    """A Secret or a ConfigMap that is not there; `where` says what for."""
    kind = KINDS[what]
    command = "kubectl create secret generic" if kind == "Secret" else "kubectl create configmap"
    return Cause(
        "secret-missing" if kind == "Secret" else "config-map-missing",
        f"the {kind} '{name}', which pod {pod.name} wants {where}, is not there in {pod.namespace}",
        f"make the {kind} '{name}' (`{command} {name} …`), or correct its name; the pod then goes on by itself",
        "team",
        (quoted(told),),
    )


def _mounts(pod: PodView) -> Iterator[Cause]:
    for said in pod.messages("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
        found = _VOLUME.search(said)
        volume = found[1] if found else ""
        absent, keys = _ABSENT.findall(said), _KEY.findall(said)
        for what, name in absent:
            yield missing(pod, what, name, f"as files of the volume '{volume}'", said)
        for what, key in keys:
            yield _key(pod, KINDS[what], key, volume, said)
        if not absent and not keys and not said.startswith("Unable to attach or mount volumes"):
            fact = (
                f"the volume '{volume}' of pod {pod.name} cannot be mounted: {quoted(said.partition(' : ')[2] or said)}"
            )
            yield Cause("mount-failing", fact, "have the storage looked after", "administrators", (quoted(said),))
        if absent or keys:
            return


def _key(pod: PodView, kind: str, key: str, volume: str, said: str) -> Cause:
    name = _holder(pod, kind, key, volume)
    the = f"the {kind} '{name}'" if name else f"a {kind}"
    return Cause(
        "key-missing",
        f"{the}, which pod {pod.name} wants as files of the volume '{volume}', has no key '{key}'",
        f"add the key '{key}' to {the}, or name one that it has",
        "team",
        (quoted(said),),
    )


def _holder(pod: PodView, kind: str, key: str, volume: str) -> str:
    """Which Secret or ConfigMap of a volume should have the key."""
    for _, each in tables(pod.spec.get("volumes")):
        if each.get("name") == volume:
            for name, items in _sources(each, kind):
                if any(item.get("key") == key for _, item in tables(items)):
                    return name
    return ""


def _sources(volume: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    field = "secret" if kind == "Secret" else "configMap"
    own = table(volume.get(field))
    if own:
        yield str(own.get("secretName") or own.get("name")), own.get("items")
    for _, each in tables(table(volume.get("projected")).get("sources")):
        part = table(each.get(field))
        if part:
            yield str(part.get("name")), part.get("items")


def _claims(pod: PodView) -> list[str]:
    given = (table(each.get("persistentVolumeClaim")).get("claimName") for _, each in tables(pod.spec.get("volumes")))
    return [str(each) for each in given if each]


def _claim(pod: PodView, name: str, evidence: Evidence) -> Iterator[Cause]:
    if any(each.name == name for each in evidence.lacks("PersistentVolumeClaim")):
        yield Cause(
            "claim-missing",
            f"the volume claim '{name}', which pod {pod.name} mounts, is not there in {pod.namespace}",
            f"make the claim '{name}' (a PersistentVolumeClaim), or correct its name",
            "team",
            (quoted(str(pod.condition("PodScheduled").get("message") or "")),),
        )
    for claim in evidence.of_kind("PersistentVolumeClaim"):
        if name_of(claim) == name and table(claim.get("status")).get("phase") != "Bound":
            yield from _unbound(pod, claim, evidence)


def _unbound(pod: PodView, claim: Object, evidence: Evidence) -> Iterator[Cause]:
    name, spec = name_of(claim), table(claim.get("spec"))
    said = [str(each.get("message") or "") for each in reversed(evidence.events_of(claim))]
    told = tuple(quoted(each) for each in said[:1])
    known = sorted(name_of(each) for each in evidence.of_kind("StorageClass"))
    wanted = spec.get("storageClassName")
    if wanted and (any(_CLASS in each and "not found" in each for each in said) or (known and wanted not in known)):
        there = f"; there is: {', '.join(known)}" if known else ""
        wants = f"the volume claim '{name}' of pod {pod.name} wants the storage class '{wanted}'"
        fact = f"{wants}, which the cluster does not have{there}"
        yield Cause("storage-class-missing", fact, "name a storage class that there is, in a new claim", "you", told)
        return
    if any(each.startswith("waiting for first consumer") for each in said[:1]):
        return
    size = table(table(spec.get("resources")).get("requests")).get("storage", "?")
    modes = ", ".join(map(str, spec.get("accessModes") or ()))
    by = f"of the storage class '{wanted}'" if wanted else "without a storage class"
    yield Cause(
        "claim-pending",
        f"the volume claim '{name}' of pod {pod.name} has no volume yet: {size}, {modes}, {by}",
        "have a volume made that fits (size, access mode, class), or claim one that the storage class can make",
        "administrators",
        told,
    )
