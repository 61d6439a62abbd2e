"""Pods and their containers as decisions look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from noteship.cluster.cluster import Object
from noteship.cluster.manifests import labels, release
from noteship.cluster.pods import listed, table, tables
from noteship.cluster.why.evidence import Evidence

__all__ = ["ContainerView", "PodView", "amount", "makers", "name_of", "pods", "seconds", "states"]

_BEGINNING = ("", "ContainerCreating", "PodInitializing")
# What a container did before it has been ready for as long is in nobody's way any more.
RECENT_S = 600
_KINDS = {"Release": "release", "Run": "run"}
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class ContainerView:
    """One container: what was asked for, what became of it, and what it said last; `now` is when that was asked."""

    name: str
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    lines: tuple[str, ...] = ()
    now: str = ""

    @property
    def waiting(self) -> Mapping[str, Any]:
        """Why it waits; empty where it does not."""
        return table(table(self.status.get("state")).get("waiting"))

    @property
    def reason(self) -> str:
        """Why it waits, in a word; empty where it is just being made."""
        reason = str(self.waiting.get("reason") or "")
        return "" if reason in _BEGINNING else reason

    @property
    def ended(self) -> Mapping[str, Any]:
        """How it ended last, now or the time before; empty where it never did, or has been ready for long since."""
        now = table(table(self.status.get("state")).get("terminated"))
        before = table(table(self.status.get("lastState")).get("terminated"))
        if self.status.get("ready") and seconds(str(before.get("finishedAt") or ""), self.now) > RECENT_S:
            return now
        return now or before

    @property
    def has_failed(self) -> bool:
        """Whether its last end was none that it should have."""
        return bool(self.ended) and self.ended.get("exitCode") != 0

    @property
    def restarts(self) -> int:
        """How often it was begun again."""
        return int(self.status.get("restartCount") or 0)

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return "running" in table(self.status.get("state"))

    @property
    def said(self) -> tuple[str, ...]:
        """Its last lines; where its log is gone, those that were kept with the pod."""
        return self.lines or tuple(str(self.ended.get("message") or "").splitlines())


@dataclass(frozen=True)
class PodView:
    """One pod, with the events about it."""

    thing: Object
    events: tuple[Object, ...]
    containers: tuple[ContainerView, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return name_of(self.thing)

    @property
    def namespace(self) -> str:
        """Where it is."""
        return str(table(self.thing.get("metadata")).get("namespace") or "")

    @property
    def spec(self) -> Mapping[str, Any]:
        """What was asked for."""
        return table(self.thing.get("spec"))

    @property
    def status(self) -> Mapping[str, Any]:
        """What became of it."""
        return table(self.thing.get("status"))

    @property
    def is_pending(self) -> bool:
        """Whether it has not begun."""
        return self.status.get("phase") in (None, "Pending")

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status.get("phase") in ("Succeeded", "Failed")

    def condition(self, kind: str) -> Mapping[str, Any]:
        """One of its conditions; empty where it has none such."""
        return next((each for _, each in tables(self.status.get("conditions")) if each.get("type") == kind), {})

    def messages(self, *reasons: str) -> list[str]:
        """What events of these reasons say, the newest first, each once."""
        said = [str(each.get("message") or "") for each in reversed(self.events) if each.get("reason") in reasons]
        return list(dict.fromkeys(said))


def pods(evidence: Evidence) -> list[PodView]:
    """The thing's own pods, the newest first; those that are about to go count only where there are no others."""
    own = [each for each in evidence.of_kind("Pod") if _is_own(each, evidence) and not _has_job_done(each, evidence)]
    staying = [each for each in own if not table(each.get("metadata")).get("deletionTimestamp")]
    found = sorted(
        staying or own, key=lambda pod: str(table(pod.get("metadata")).get("creationTimestamp", "")), reverse=True
    )
    return [_pod(each, evidence) for each in found]


def states(evidence: Evidence) -> list[str]:
    """What each of the thing's pods is doing, in a word: ready, or its phase."""
    return [
        "ready" if pod.condition("Ready").get("status") == "True" else str(pod.status.get("phase") or "Pending").lower()
        for pod in pods(evidence)
    ]


def makers(evidence: Evidence) -> Iterator[Object]:
    """What makes the thing's pods, and is told when it may not: present ReplicaSets, and Jobs."""
    deployments = [each for each in evidence.of_kind("Deployment") if _is_asked(each, evidence)]
    sets = [
        each
        for one in deployments
        for each in evidence.owned_by([one], "ReplicaSet")
        if _revision(each) == _revision(one)
    ]
    yield from sets
    yield from (each for each in evidence.of_kind("Job") if _is_asked(each, evidence))


def name_of(thing: Object) -> str:
    """Its name."""
    return str(table(thing.get("metadata")).get("name") or "")


def amount(text: Any) -> float:
    """A quantity as a number: of CPUs, of bytes, of whatever.

    >>> amount("200m"), amount("2Gi"), amount("64"), amount("5M")
    (0.2, 2147483648.0, 64.0, 5000000.0)
    """
    said = str(text).strip()
    digits = said.rstrip("KMGTPEkmnui")
    unit = said[len(digits) :]
    try:
        return float(digits) * _UNITS.get(unit, 1.0)
    except ValueError:
        return 0.0


_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3} | {
    sign: base**power
    for base, signs in ((1e3, ("k", "M", "G", "T", "P", "E")), (1024.0, ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")))
    for power, sign in enumerate(signs, 1)
}


def seconds(begun: str, now: str) -> float:
    """From one time to another, as the cluster writes them; 0 where one is none.

    >>> seconds("2026-11-23T17:00:00Z", "2026-11-23T17:01:30Z"), seconds("", "")
    (90.0, 0.0)
    """
    try:
        return (datetime.fromisoformat(now) - datetime.fromisoformat(begun)).total_seconds()
    except ValueError:
        return 0.0


def _pod(thing: Object, evidence: Evidence) -> PodView:
    spec, status = table(thing.get("spec")), table(thing.get("status"))
    containers = []
    for specs, statuses in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")):
        known = {str(each.get("name")): each for _, each in tables(status.get(statuses))}
        for _, each in tables(spec.get(specs)):
            name = str(each.get("name"))
            lines = evidence.logs.get(f"{name_of(thing)}/{name}", ())
            containers.append(ContainerView(name, each, known.get(name, {}), tuple(lines), evidence.now))
    return PodView(thing, tuple(evidence.events_of(thing)), tuple(containers))


def _is_own(pod: Object, evidence: Evidence) -> bool:
    asked = evidence.thing
    if asked.kind == "Pod":
        return name_of(pod) == asked.name and table(pod.get("metadata")).get("namespace") == asked.namespace
    if asked.kind in _KINDS:
        return _has_label(pod, evidence)
    present = {str(table(each.get("metadata")).get("uid")) for each in makers(evidence)}
    owners = listed(table(pod.get("metadata")).get("ownerReferences"))
    return any(str(table(each).get("uid")) in present for each in owners)


def _has_job_done(pod: Object, evidence: Evidence) -> bool:
    """Whether its Job ended well, so that nobody minds how often it had to try."""
    owners = {str(table(each).get("uid")) for each in listed(table(pod.get("metadata")).get("ownerReferences"))}
    jobs = [each for each in evidence.of_kind("Job") if str(table(each.get("metadata")).get("uid")) in owners]
    conditions = [each for job in jobs for _, each in tables(table(job.get("status")).get("conditions"))]
    return any((each.get("type"), each.get("status")) == ("Complete", "True") for each in conditions)


def _is_asked(thing: Object, evidence: Evidence) -> bool:
    asked = evidence.thing
    if asked.kind in _KINDS:
        return _has_label(thing, evidence)
    if asked.kind == "InferenceService":
        return thing.get("kind") == "Deployment" and name_of(thing) == f"{asked.name}{release.OF_KSERVE}"
    return asked.kind == "Pod" or (thing.get("kind") == asked.kind and name_of(thing) == asked.name)


def _has_label(thing: Object, evidence: Evidence) -> bool:
    label = f"{labels.PREFIX}/{_KINDS[evidence.thing.kind]}"
    return bool(table(table(thing.get("metadata")).get("labels")).get(label) == evidence.thing.name)


def _revision(thing: Object) -> Any:
    return table(table(thing.get("metadata")).get("annotations")).get(_REVISION)
