"""How far a Deployment's rollout or a Job has come, from what the cluster says of it and of its pods. Pure.

After kubectl's `rollout status`: the status counts once the controller has seen the present generation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from noteship.cluster.cluster import Object

__all__ = ["Progress", "of_deployment", "of_job", "reason_of"]

State = Literal["under way", "done", "failed"]
# Sooner or later they go on by themselves.
_BEGINNING = ("ContainerCreating", "PodInitializing", "")


@dataclass(frozen=True)
class Progress:
    """A moment of a rollout or of a Job.

    - wanted, updated, ready: replicas; of a Job, how many have to end well, have begun, and have ended well
    - old: replicas of the state before that are still there
    - reason, message: why it failed, or why its newest pod waits; empty where nothing is in the way
    - pod: whose reason that is
    """

    state: State
    wanted: int = 0
    updated: int = 0
    ready: int = 0
    old: int = 0
    reason: str = ""
    message: str = ""
    pod: str = ""


def of_deployment(thing: Object, sets: Iterable[Object] = (), pods: Iterable[Object] = ()) -> Progress:
    """How far its rollout has come; it fails when the controller's own deadline for progress has passed.

    Of the pods, those of the newest of its ReplicaSets tell what is in the way: others are about to go.
    """
    spec, status = _table(thing.get("spec")), _table(thing.get("status"))
    wanted = int(spec.get("replicas", 1))
    if int(status.get("observedGeneration", 0)) < int(_table(thing.get("metadata")).get("generation", 0)):
        return Progress("under way", wanted)
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    old = max(0, int(status.get("replicas", 0)) - updated)
    if updated >= wanted and old == 0 and available >= updated:
        return Progress("done", wanted, updated, available)
    present = _present(thing, sets)
    # The Deployment's own number counts old ones, too.
    ready = sum(int(_table(each.get("status")).get("availableReplicas", 0)) for each in present)
    pod, reason, message = _newest(_owned(present, pods))
    refused = _condition(status, "ReplicaFailure", "True")
    if refused and not reason:
        reason, message = str(refused.get("reason", "")), str(refused.get("message", ""))
    stuck = _condition(status, "Progressing", "False") or {}
    if stuck.get("reason") == "ProgressDeadlineExceeded":
        words = message or str(stuck.get("message", ""))
        return Progress("failed", wanted, updated, ready, old, reason or str(stuck["reason"]), words, pod)
    return Progress("under way", wanted, updated, ready, old, reason, message, pod)


def of_job(thing: Object, pods: Iterable[Object] = ()) -> Progress:
    """How far it has come; it is over once the controller says so."""
    spec, status = _table(thing.get("spec")), _table(thing.get("status"))
    wanted = int(spec.get("completions") or spec.get("parallelism") or 1)
    ended, begun = int(status.get("succeeded", 0)), sum(int(status.get(each, 0)) for each in _PODS)
    if _condition(status, "Complete", "True"):
        return Progress("done", wanted, begun, ended)
    pod, reason, message = _newest(pods)
    failed = _condition(status, "Failed", "True")
    if failed:
        words = message or str(failed.get("message", ""))
        return Progress("failed", wanted, begun, ended, 0, reason or str(failed.get("reason", "")), words, pod)
    if spec.get("suspend"):
        return Progress("under way", wanted, begun, ended, 0, "Suspended", "the Job waits to be let in")
    return Progress("under way", wanted, begun, ended, 0, reason, message, pod)


def reason_of(pod: Object) -> tuple[str, str]:
    """Why a pod does not do what it should, and the words to that; both empty where nothing is in the way.

    >>> reason_of({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}})
    ('Evicted', 'low on memory')
    """
    status = _table(pod.get("status"))
    if status.get("reason"):
        return str(status["reason"]), str(status.get("message", ""))
    unscheduled = _condition(status, "PodScheduled", "False")
    if unscheduled:
        return str(unscheduled.get("reason", "")), str(unscheduled.get("message", ""))
    for each in _containers(status):
        found = _of_container(each)
        if found:
            return found
    return "", ""


_REVISION = "deployment.kubernetes.io/revision"
_PODS = ("active", "succeeded", "failed")


def _present(thing: Object, sets: Iterable[Object]) -> list[Object]:
    """The ReplicaSet of a Deployment's present template: it has the revision that the Deployment has."""
    metadata = _table(thing.get("metadata"))
    revision = _table(metadata.get("annotations")).get(_REVISION)
    return [
        each for each in _owned([thing], sets) if _table(each["metadata"].get("annotations")).get(_REVISION) == revision
    ]


def _owned(owners: Iterable[Object], things: Iterable[Object]) -> list[Object]:
    uids = {str(_table(each.get("metadata")).get("uid")) for each in owners}
    return [each for each in things if uids & _owners(each)]


def _owners(thing: Object) -> set[str]:
    references = _table(thing.get("metadata")).get("ownerReferences") or ()
    return {str(each.get("uid")) for each in references}


def _containers(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _of_container(status: Mapping[str, Any]) -> tuple[str, str] | None:
    state, before = _table(status.get("state")), _table(_table(status.get("lastState")).get("terminated"))
    ended, waiting = _table(state.get("terminated")), _table(state.get("waiting"))
    if ended and ended.get("exitCode", 0) != 0:
        return _of_end(ended)
    reason = str(waiting.get("reason", ""))
    if reason == "CrashLoopBackOff" and before:
        why, words = _of_end(before)
        return reason, f"{words} ({why})" if why != "Error" else words
    return None if reason in _BEGINNING else (reason, str(waiting.get("message", "")))


def _of_end(ended: Mapping[str, Any]) -> tuple[str, str]:
    words = str(ended.get("message") or f"it ended with {ended.get('exitCode')}")
    return str(ended.get("reason", "Error")), words


def _newest(pods: Iterable[Object]) -> tuple[str, str, str]:
    """The newest pod in whose way something is, what that is, and the words to it."""
    in_order = sorted(pods, key=lambda pod: str(_table(pod.get("metadata")).get("creationTimestamp", "")), reverse=True)
    for pod in in_order:
        metadata = _table(pod.get("metadata"))
        reason, message = reason_of(pod)
        if reason and not metadata.get("deletionTimestamp"):
            return str(metadata.get("name", "")), reason, message
    return "", "", ""


def _condition(status: Mapping[str, Any], kind: str, value: str) -> Mapping[str, Any] | None:
    conditions = status.get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind and each.get("status") == value), None)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
