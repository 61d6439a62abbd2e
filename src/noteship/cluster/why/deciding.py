"""From what was gathered to what is in the way: pure, the nearest to the root first."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.cluster.why import (
    admission,
    controllers,
    ending,
    network_ways,
    probing,
    pulling,
    queueing,
    said,
    scheduling,
    starting,
    views,
    volumes,
)
from noteship.cluster.why.cause import Cause
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.views import PodView

__all__ = ["causes", "failed_work"]


def causes(evidence: Evidence) -> tuple[Cause, ...]:
    """What is in the way of a thing, what the others follow from first; empty where nothing is.

    The order is the one in which a pod comes to be: namespace, controller, queue, admission, node, volumes, image,
    start, and then what it said, how it ended, its probes, and what its Job made of that. Of pods that are alike, one
    is named.
    """
    found: dict[tuple[str, str], Cause] = {}
    for each in _walked(evidence):
        # Only the pod's name differs among replicas.
        found.setdefault((each.kind, _nameless(each.sentence, evidence)), each)
    return tuple(found.values())


def failed_work(evidence: Evidence) -> tuple[Cause, ...]:
    """What pods that ended well have left to say: a stage's failure is on record, and its pod did its work.

    Nothing is in the way of these pods, so this is no part of `causes`.
    """
    over = (each for each in views.pods(evidence) if each.status.get("phase") == "Succeeded")
    return tuple(cause for pod in over for each in pod.containers for cause in said.last_words(pod, each))


def _walked(evidence: Evidence) -> Iterator[Cause]:
    yield from controllers.nowhere(evidence)
    yield from controllers.not_made(evidence)
    yield from queueing.waiting(evidence)
    yield from admission.refused(evidence)
    pods = views.pods(evidence)
    for pod in pods:
        yield from _of_pod(pod, evidence)
    yield from probing.misled(pods, evidence)
    yield from controllers.given_up(evidence)


def _of_pod(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    if pod.status.get("phase") == "Succeeded":
        yield from ending.sent_away(pod)
        return
    yield from scheduling.unscheduled(pod, evidence)
    yield from volumes.unmounted(pod, evidence)
    yield from pulling.unpulled(pod, evidence)
    yield from starting.unstarted(pod)
    yield from _of_run(pod, evidence)


def _of_run(pod: PodView, evidence: Evidence) -> Iterator[Cause]:
    """What became of it once it ran; an exit code is told only where nothing says more."""
    ends = [*ending.removed(pod), *ending.killed(pod)]
    yield from ends
    words = [] if ends else [cause for each in pod.containers for cause in _words(pod, each, evidence)]
    yield from words
    probes = [] if ends or words else list(probing.failing(pod))
    yield from probes
    if not ends and not words and not probes:
        yield from ending.ended(pod)


def _words(pod: PodView, container: views.ContainerView, evidence: Evidence) -> Iterator[Cause]:
    """A connection that failed is told with its way, before the traceback that it ended in."""
    if container.status.get("ready") and not container.has_failed:
        return
    found = list(said.last_words(pod, container))
    ways = list(network_ways.forbidden(pod, evidence)) if not found or found[0].kind in _OF_CODE else []
    yield from ways or found


# What a failed connection may look like from within.
_OF_CODE = ("crash", "noteship-error")


def _nameless(sentence: str, evidence: Evidence) -> str:
    for pod in evidence.of_kind("Pod"):
        sentence = sentence.replace(views.name_of(pod), "POD")
    return sentence
