"""`noteship status`: which releases there are, how their pods do, and whether what runs is what was recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from noteship import cluster, store
from noteship.cluster import releases as on_cluster
from noteship.cluster import rollouts
from noteship.cluster.manifests.labels import BUNDLE
from noteship.cluster.manifests.release import OF_KSERVE
from noteship.errors import NoteshipError
from noteship.operations import besides, canaries, hindrances, reaching, releases, releasing, sharing
from noteship.operations.errors import NoRelease, PlaceUnresolved
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["Standing", "pods_of", "status"]

Fields = Mapping[str, Any]
# What the cluster writes by itself.
OWN = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "deletionTimestamp")


@dataclass(frozen=True)
class Standing:
    """One release.

    - pods: how far its pods are; None of what has none by itself, such as a schedule
    - causes: what is in the way of pods that are not there, the nearest to the root first
    - differs: in what it is not what was recorded; None where there is no record of it here
    - evaluator: how far the pod is that closes its windows; None where there is none
    - canary: the one that stands beside it
    - moved: places that its pods may reach under addresses that are no longer theirs
    """

    name: str
    namespace: str
    kind: str
    bundle: str
    image: str
    pods: cluster.Progress | None
    record: releases.Record | None
    differs: tuple[str, ...] | None
    moved: tuple[str, ...]
    history: tuple[releases.Past, ...]
    evaluator: cluster.Progress | None = None
    canary: canaries.Canary | None = None
    causes: tuple[Cause, ...] = ()

    @property
    def share(self) -> sharing.Share | None:
        """Of a canary, what it has of the callers."""
        told = self.record.canary if self.record else None
        return sharing.Share.from_json(told["share"]) if told else None

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "release": self.name,
            "namespace": self.namespace,
            "kind": self.kind,
            "bundle": self.bundle,
            "image": self.image,
            "pods": asdict(self.pods) if self.pods else None,
            "evaluator": asdict(self.evaluator) if self.evaluator else None,
            "share": self.share.to_json() if self.share else None,
            "canary": self.canary.to_json() if self.canary else None,
            "causes": [each.to_json() for each in self.causes],
            "record": self.record.to_json() if self.record else None,
            "as_recorded": None if self.differs is None else not self.differs,
            "differs": list(self.differs or ()),
            "moved": list(self.moved),
            "history": [each.to_json() for each in self.history],
        }


def status(opened: OpenedProject, at: cluster.Cluster, namespace: str, name: str | None = None) -> tuple[Standing, ...]:
    """All releases of a namespace, or the one of a name. Raises NoRelease, the cluster's and the store's errors."""
    there = on_cluster.workloads(at, namespace)
    chosen = [each for each in there if name in (None, each["metadata"]["name"])]
    if name and not chosen:
        raise NoRelease(name, f"{namespace} of {at.url}", tuple(str(each["metadata"]["name"]) for each in there))
    return tuple(_standing(opened.store, at, each) for each in chosen)


def _standing(objects: store.Store, at: cluster.Cluster, thing: Fields) -> Standing:
    metadata = thing["metadata"]
    name, namespace = str(metadata["name"]), str(metadata["namespace"])
    template = _template(thing)
    place = releases.Place.of(at.url, namespace, name)
    present = releases.present(objects, place)
    record = releases.read(objects, place, present.id) if present else None
    sent = releases.manifests_of(objects, record) if record else None
    canary = canaries.present(objects, at, releasing.Named(name, namespace))
    pods = pods_of(at, thing)
    is_well = pods is not None and pods.state == "done"
    return Standing(
        name,
        namespace,
        str(thing["kind"]),
        str((template.get("metadata", template).get("annotations") or {}).get(BUNDLE, "")),
        str(template.get("spec", template)["containers"][0]["image"]),
        pods,
        record,
        None if sent is None else tuple(_differing(at, besides.with_led(objects, sent, canary))),
        tuple(_moved(at, record)) if record else (),
        tuple(releases.history(objects, place)),
        _evaluator(at, namespace, name),
        canary,
        () if is_well else hindrances.causes(at, thing),
    )


def _evaluator(at: cluster.Cluster, namespace: str, name: str) -> cluster.Progress | None:
    found = on_cluster.evaluator(at, name, namespace)
    return pods_of(at, found) if found else None


def _template(thing: Fields) -> Fields:
    """What its pods are made from; of an InferenceService the pod's own fields are beside its metadata's."""
    spec: Fields = thing["spec"]
    match thing["kind"]:
        case "CronJob":
            found: Fields = spec["jobTemplate"]["spec"]["template"]
        case "InferenceService":
            found = spec["predictor"]
        case _:
            found = spec["template"]
    return found


def pods_of(at: cluster.Cluster, thing: Fields) -> cluster.Progress | None:
    """How far the pods are of what makes them; None of what makes none by itself."""
    namespace, name = thing["metadata"]["namespace"], thing["metadata"]["name"]
    if thing["kind"] == "Job":
        labels = {"batch.kubernetes.io/job-name": name}
        return rollouts.of_job(thing, at.list(cluster.Selection("v1", "Pod", namespace, labels=labels)))
    if thing["kind"] == "InferenceService":
        made = at.get(cluster.ObjectRef("apps/v1", "Deployment", f"{name}{OF_KSERVE}", namespace))
        return rollouts.of_deployment(made) if made else cluster.Progress("under way")
    if thing["kind"] != "Deployment":
        return None
    labels = thing["spec"]["selector"]["matchLabels"]
    sets, pods = (
        at.list(cluster.Selection(version, kind, namespace, labels=labels))
        for version, kind in (("apps/v1", "ReplicaSet"), ("v1", "Pod"))
    )
    return rollouts.of_deployment(thing, sets, pods)


def _differing(at: cluster.Cluster, sent: Sequence[Fields]) -> Iterator[str]:
    """What would change if it were sent again: the cluster itself is asked, and changes nothing."""
    for each in sent:
        ref = cluster.ObjectRef.of(each)
        live = at.get(ref)
        if live is None:
            yield f"{ref.kind} {ref.name} is not there"
            continue
        if ref.kind == "Job":
            continue
        try:
            again = at.apply(each, dry_run=True).thing
        except cluster.errors.FieldsOwnedByOthers as error:
            parts = error.parts()
            yield f"{ref.kind} {ref.name} was changed by somebody else: {' '.join(parts.nearest.split()) or parts.fact}"
        except NoteshipError as error:
            yield f"{ref.kind} {ref.name} cannot be compared: {error.parts().fact}"
        else:
            if _plain(again) != _plain(live):
                yield f"{ref.kind} {ref.name} is not as it was sent"


def _plain(thing: Fields) -> Fields:
    metadata = {name: value for name, value in thing["metadata"].items() if name not in OWN}
    return {**{name: value for name, value in thing.items() if name != "status"}, "metadata": metadata}


def _moved(at: cluster.Cluster, record: releases.Record) -> Iterator[str]:
    """Names that have other addresses by now than when they were resolved, from here."""
    for place, then in record.reaches.items():
        host = place.rpartition(":")[0]
        if not re.fullmatch(r"[A-Za-z][\w.-]*", host) or not re.search(r":\d+(,\d+)*$", place):
            continue
        try:
            now = reaching.destination(place, "", reaching.looked_up(at))
        except PlaceUnresolved as error:
            yield f"{place} has no address any more: {error.reason}"
            continue
        found = [*now.networks] or [now.namespace]
        if sorted(found) != sorted(then):
            yield f"{place} is at {', '.join(found)} by now, and pods may reach {', '.join(then)}: deploy again"
