"""`noteship why`: what is in the way of something on the cluster."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import cluster
from noteship.cluster import why as cluster_why
from noteship.operations.opened import DECLARATION, OpenedProject

if TYPE_CHECKING:
    from noteship.cluster.why import Cause, Evidence, Thing

__all__ = ["Answer", "WhyRequest", "answer", "why"]


@dataclass(frozen=True)
class WhyRequest:
    """What is asked about, and where; "" is the kubeconfig's own choice.

    - thing: a release's name, or KIND/NAME; project: whose stages, "" for those of any
    """

    thing: str
    namespace: str = ""
    context: str = ""
    project: str = ""

    @classmethod
    def of(cls, folder: Path, thing: str | None, namespace: str, context: str) -> WhyRequest:
        """In a project's folder its namespace and its release, where nothing else is said."""
        if not (folder / DECLARATION).exists():
            return cls(thing or "", namespace, context)
        opened = OpenedProject.at(folder)
        declared = opened.settings.kubernetes
        release = declared.name or opened.name
        return cls(thing or release, namespace or declared.namespace or "", context, opened.name)


@dataclass(frozen=True)
class Answer:
    """What is in the way, the nearest to the root first; nothing where nothing is known to be.

    - pods: how many are in which state
    - unread: what could not be read, and why
    """

    thing: Thing
    causes: tuple[Cause, ...]
    pods: tuple[tuple[str, int], ...]
    unread: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "thing": {"kind": self.thing.kind, "name": self.thing.name, "namespace": self.thing.namespace},
            "causes": [each.to_json() for each in self.causes],
            "pods": dict(self.pods),
            "unread": list(self.unread),
        }


def why(request: WhyRequest) -> Answer:
    """Ask the cluster, and decide.

    Raises UnknownThing, ObjectMissing, what opening a cluster and reading from it raise.
    """
    thing = cluster_why.Thing.parsed(request.thing, request.namespace, request.project)
    opened = cluster.open_cluster(request.context, request.namespace)
    try:
        return answer(opened, thing)
    finally:
        opened.close()


def answer(opened: cluster.Cluster, thing: Thing) -> Answer:
    """The same of a cluster that is open."""
    evidence = cluster_why.gather(opened, thing)
    found = cluster_why.causes(evidence) or cluster_why.failed_work(evidence)
    if not found and any(each.kind == thing.kind for each in evidence.absent):
        raise cluster.errors.ObjectMissing(str(evidence.thing), opened.url)
    return Answer(evidence.thing, found, _states(evidence), evidence.unread)


def _states(evidence: Evidence) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(cluster_why.states(evidence)).items())
