"""Asks the cluster for all that may tell why a thing is as it is. Nothing is changed, and no Secret is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from noteship import errors as base_errors
from noteship.cluster import errors, queues
from noteship.cluster.cluster import EVERYWHERE, Cluster, LogsOf, Object, ObjectRef, Selection, Until
from noteship.cluster.manifests import labels, release, runs
from noteship.cluster.pods import table, tables
from noteship.cluster.why.evidence import Evidence, without_values
from noteship.cluster.why.thing import Thing, ThingKind

__all__ = ["gather"]

# Of each container; a traceback of a deep library is longer, but its end is what tells.
LINES = 60
# A record of noteship's log, or a Status of the cluster, is whole; sentences are shorter than that anyway.
LINE_LIMIT = 4_000
# Pods of one cause are alike: the newest ones are looked at.
PODS = 5
LOGS_S = 10.0
_VERSIONS = {
    "Pod": "v1",
    "Deployment": "apps/v1",
    "InferenceService": "serving.kserve.io/v1beta1",
    "Job": "batch/v1",
}
# What pods come from; where nothing of it is there, nothing needs to be looked at around it.
_MAKERS = ("Pod", "Deployment", "InferenceService", "Job")
_BY_NAME: tuple[ThingKind, ...] = ("Deployment", "Job", "Pod")
_LABELS = {"Release": "release", "Run": "run"}
_QUIET = ("ContainerCreating", "PodInitializing")


def gather(cluster: Cluster, thing: Thing) -> Evidence:
    """What the cluster tells of a thing; what may not be read is named in `unread`, and the rest is gathered.

    Where no release has the name, a Deployment, a Job or a pod that has it is meant, and is the evidence's thing; of a
    stage it is the Job.

    Raises what reading raises, but RightMissing. Cost: about ten requests, and one for each container that failed.
    """
    return _Gathering(cluster, replace(thing, namespace=thing.namespace or cluster.namespace)).all()


class _Gathering:
    def __init__(self, cluster: Cluster, thing: Thing) -> None:
        self._cluster = cluster
        self._thing = thing
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._absent: list[ObjectRef] = []
        self._unread: list[str] = []

    def all(self) -> Evidence:
        self._get("v1", "Namespace", self._thing.namespace, namespace="")
        events: list[Object] = []
        logs: dict[str, tuple[str, ...]] = {}
        if not self._absent:
            self._asked()
            pods = self._newest()
            if self._objects_of(*_MAKERS):
                self._around(pods)
                events = sorted(self._events(), key=_time)
                logs = dict(self._logs(pods))
        return Evidence(
            self._thing,
            tuple(self._objects.values()),
            tuple(events),
            logs,
            tuple(self._absent),
            tuple(dict.fromkeys(self._unread)),
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _asked(self) -> None:
        """The thing, and the pods and what makes them."""
        thing = self._thing
        if thing.kind in _LABELS:
            label = {f"{labels.PREFIX}/{_LABELS[thing.kind]}": thing.name}
            for kind, version in _VERSIONS.items():
                self._list(version, kind, label)
            self._list("apps/v1", "ReplicaSet", label)
            if not self._objects_of(*_MAKERS):
                self._named()
            return
        if thing.kind == "Stage":
            self._of_stage()
            return
        found = self._get(_VERSIONS[thing.kind], thing.kind, thing.name)
        if found is None:
            return
        if thing.kind == "Pod":
            self._owners(found)
            return
        if thing.kind == "InferenceService":
            found = self._get("apps/v1", "Deployment", f"{thing.name}{release.OF_KSERVE}")
        if found is not None:
            self._made(found)

    def _of_stage(self) -> None:
        """The Job that was begun last for a stage of this name is meant."""
        thing = self._thing
        of_stages = {"app.kubernetes.io/component": "stage", "app.kubernetes.io/managed-by": runs.MANAGER}
        own = {"app.kubernetes.io/name": thing.project} if thing.project else {}
        jobs = [
            each
            for each in self._listed(Selection("batch/v1", "Job", thing.namespace, {**of_stages, **own}))
            if table(each["metadata"].get("annotations")).get(runs.STAGE) == thing.name
        ]
        if not jobs:
            self._absent.append(ObjectRef("", thing.kind, thing.name, thing.namespace))
            return
        last = max(jobs, key=lambda each: str(each["metadata"].get("creationTimestamp", "")))
        self._thing = Thing("Job", str(last["metadata"]["name"]), thing.namespace)
        self._asked()

    def _made(self, maker: Object) -> None:
        """The pods of a Deployment or a Job, and the sets of these."""
        selector = table(table(maker.get("spec")).get("selector")).get("matchLabels") or {}
        for version, kind in (("apps/v1", "ReplicaSet"), ("v1", "Pod")):
            if kind == "Pod" or maker.get("kind") == "Deployment":
                self._list(version, kind, selector)

    def _named(self) -> None:
        """Nothing has the label: what somebody else has made, and has the name, is meant."""
        before = list(self._absent)
        for kind in _BY_NAME:
            if self._get(_VERSIONS[kind], kind, self._thing.name):
                self._absent = before
                self._thing = Thing(kind, self._thing.name, self._thing.namespace)
                self._asked()
                return
        self._absent = [*before, ObjectRef("", self._thing.kind, self._thing.name, self._thing.namespace)]

    def _owners(self, thing: Object) -> None:
        """What made a pod: a Job says when it has to be over, a ReplicaSet nothing more than the pod."""
        for _, each in tables(table(thing.get("metadata")).get("ownerReferences")):
            if each.get("kind") == "Job":
                self._get("batch/v1", "Job", str(each.get("name")))

    def _around(self, pods: list[Object]) -> None:
        """What pods need, and what rules there are where they are."""
        for name in sorted({claim for each in pods for claim in _claims(each)}):
            self._get("v1", "PersistentVolumeClaim", name)
        if self._objects_of("PersistentVolumeClaim"):
            self._list("storage.k8s.io/v1", "StorageClass")
        for version, kind in (
            ("v1", "Node"),
            ("v1", "ResourceQuota"),
            ("v1", "Service"),
            ("networking.k8s.io/v1", "NetworkPolicy"),
        ):
            self._list(version, kind)
        if self._objects_of("NetworkPolicy"):
            self._peers()
        if self._objects_of("Job"):
            self._queues()

    def _peers(self) -> None:
        """Whom the pods might want to reach: other pods here, and who answers for names."""
        self._list("v1", "Pod")
        self._list("v1", "Service", {"k8s-app": "kube-dns"}, EVERYWHERE)
        self._list("v1", "Pod", {"k8s-app": "kube-dns"}, EVERYWHERE)

    def _queues(self) -> None:
        version = queues.version(self._cluster)
        for kind in ("Workload", "LocalQueue", "ClusterQueue") if version else ():
            self._list(version, kind)

    def _events(self) -> Iterator[Object]:
        """Those of what was gathered. One listing: to select by each object would take many requests."""
        known = {(str(each.get("kind")), str(table(each.get("metadata")).get("name"))) for each in self._all()}
        for each in self._listed(Selection("v1", "Event", self._thing.namespace)):
            involved = table(each.get("involvedObject"))
            if (str(involved.get("kind")), str(involved.get("name"))) in known:
                yield _event(each)

    def _logs(self, pods: list[Object]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for pod in pods:
            for status in _statuses(pod):
                lines = self._lines(pod, status)
                if lines:
                    yield f"{pod['metadata']['name']}/{status['name']}", lines

    def _lines(self, pod: Object, status: Object) -> tuple[str, ...]:
        """The last lines of a container that is not as it should be; of the time before when it began anew."""
        state = table(status.get("state"))
        if "waiting" in state and not status.get("restartCount"):
            return ()
        if table(state.get("terminated")).get("exitCode") == 0 or (
            status.get("ready") and not status.get("restartCount")
        ):
            return ()
        has_before = bool(table(status.get("lastState")).get("terminated"))
        named = LogsOf(pod["metadata"]["name"], self._thing.namespace, str(status["name"]), LINES)
        # Of one that waits to be begun again, the last lines are those of the time before, under either name.
        for previous in (True, False) if has_before and "running" in state else (False, True):
            said = self._said(LogsOf(named.pod, named.namespace, named.container, LINES, previous=previous))
            if said:
                return said
        return ()

    def _said(self, which: LogsOf) -> tuple[str, ...]:
        try:
            lines = self._cluster.logs(which, Until(timeout_s=LOGS_S))
            return tuple(base_errors.cut(each, LINE_LIMIT) for each in lines)
        except (errors.NoLogs, errors.ObjectMissing):
            return ()
        except errors.RightMissing as error:
            self._unread.append(error.parts().fact)
            return ()

    def _newest(self) -> list[Object]:
        """Pods, those that are about to go last."""

        def place(pod: Object) -> tuple[bool, str]:
            metadata = table(pod.get("metadata"))
            return "deletionTimestamp" not in metadata, str(metadata.get("creationTimestamp", ""))

        return sorted(self._objects_of("Pod"), key=place, reverse=True)[:PODS]

    def _get(self, version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        ref = ObjectRef(version, kind, name, self._thing.namespace if namespace is None else namespace)
        try:
            found = self._cluster.get(ref)
        except errors.RightMissing as error:
            self._unread.append(error.parts().fact)
            return None
        if found is None:
            self._absent.append(ref)
            return None
        return self._keep({**found, "apiVersion": version, "kind": kind})

    def _list(self, version: str, kind: str, labels: Any = None, namespace: str = "") -> None:
        for each in self._listed(Selection(version, kind, namespace or self._thing.namespace, labels or {})):
            self._keep({**each, "apiVersion": version, "kind": kind})

    def _listed(self, which: Selection) -> Iterable[Object]:
        try:
            return self._cluster.list(which)
        except errors.RightMissing as error:
            self._unread.append(error.parts().fact)
        except errors.ApiNotServed:
            pass
        return ()

    def _keep(self, thing: Object) -> Object:
        ref = ObjectRef.of(thing)
        kept = without_values(thing)
        return self._objects.setdefault((ref.kind, ref.namespace, ref.name), kept)

    def _objects_of(self, *kinds: str) -> list[Object]:
        return [each for each in self._all() if each.get("kind") in kinds]

    def _all(self) -> Iterable[Object]:
        return list(self._objects.values())


def _claims(pod: Object) -> Iterator[str]:
    for _, each in tables(table(pod.get("spec")).get("volumes")):
        claim = table(each.get("persistentVolumeClaim")).get("claimName")
        if claim:
            yield str(claim)


def _statuses(pod: Object) -> list[Object]:
    status = table(pod.get("status"))
    found = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return [each for each in found if table(table(each.get("state")).get("waiting")).get("reason") not in _QUIET]


def _time(event: Object) -> str:
    return str(
        event.get("lastTimestamp") or event.get("eventTime") or table(event.get("metadata")).get("creationTimestamp")
    )


def _event(event: Object) -> Object:
    involved = {name: table(event.get("involvedObject")).get(name) for name in ("kind", "name", "uid", "fieldPath")}
    return {
        "involvedObject": {name: each for name, each in involved.items() if each},
        **{name: event.get(name) for name in ("type", "reason", "count")},
        "message": base_errors.cut(str(event.get("message") or ""), LINE_LIMIT),
        "lastTimestamp": _time(event),
    }
