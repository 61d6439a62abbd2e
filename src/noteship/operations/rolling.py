"""Sends a release's manifests, waits for its pods, and says why they do not come up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from noteship import cluster
from noteship.cluster import releases
from noteship.cluster.manifests.labels import TEMPLATE
from noteship.cluster.manifests.release import OF_KSERVE
from noteship.errors import NoteshipError
from noteship.operations import hindrances
from noteship.operations.patience import Patience

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["Moment", "Outcome", "Tell", "await_gone", "await_pods", "prune", "send"]

Fields = Mapping[str, Any]
# A controller takes moments to make what it answers for, and to clean up after what it made.
MADE_S, LOOK_S = 60.0, 0.3
LAST_LINES = 10


@dataclass(frozen=True)
class Moment:
    """What is being done, how far the rollout is, and what it waits for, the nearest to the root first."""

    what: str
    progress: cluster.Progress | None = None
    causes: tuple[Cause, ...] = ()


Tell = Callable[[Moment], None]


@dataclass(frozen=True)
class Outcome:
    """How a rollout ended.

    - said: the last lines of a pod in whose way something is
    - causes: what that is, the nearest to the root first
    """

    state: Literal["under way", "done", "failed"]
    progress: cluster.Progress | None = None
    said: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()

    @property
    def why(self) -> str:
        """In words."""
        told = self.progress
        if self.causes:
            return self.causes[0].sentence
        if told is None or not (told.reason or told.message):
            return f"{told.ready} of {told.wanted} pods are ready" if told else "nothing is known of its pods"
        return ": ".join(each for each in (told.reason, told.message) if each)


def send(at: cluster.Cluster, sent: Sequence[Fields], tell: Tell) -> tuple[str, ...]:
    """Apply them in their order; what the cluster warns of. Raises what `apply` raises."""
    warnings: list[str] = []
    for each in sent:
        ref = cluster.ObjectRef.of(each)
        tell(Moment(f"applying {ref.kind} {ref.name}"))
        if ref.kind == "Job":
            _take_away(at, ref)
        warnings += at.apply(each).warnings
    return tuple(dict.fromkeys(warnings))


def await_pods(at: cluster.Cluster, sent: Sequence[Fields], tell: Tell, until: cluster.Until) -> Outcome:
    """Wait until the pods of what was sent are ready, or a Job has ended; "under way" where `until` came before.

    What is surely in the way is not waited for longer than `Patience` has it.
    """
    workload = releases.workload_of(sent)
    kind, namespace = str(workload["kind"]), str(workload["metadata"]["namespace"])
    if kind == "CronJob":
        return Outcome("done")
    patience = Patience(until, is_job=kind == "Job")
    ref = _of_kserve(at, workload, patience) if kind == "InferenceService" else cluster.ObjectRef.of(workload)
    moment = _followed(at, workload, ref, tell, patience) if ref else Moment("", cluster.Progress("under way"))
    last = moment.progress
    if last is not None and last.state == "done":
        return Outcome("done", last)
    has_failed = (last is not None and last.state == "failed") or patience.gives_up
    is_missing = ref is None and not patience.is_over
    said = _last_lines(at, namespace, last.pod if last else "")
    causes = hindrances.causes(at, workload) or moment.causes
    return Outcome("failed" if has_failed or is_missing else "under way", last, said, causes)


def _followed(at: cluster.Cluster, workload: Fields, ref: cluster.ObjectRef, tell: Tell, patience: Patience) -> Moment:
    """The last moment of a rollout or of a Job: it is over, or is not waited for any longer."""
    follow = cluster.for_job if ref.kind == "Job" else cluster.for_rollout
    moment = Moment("waiting for pods")
    while True:
        for last in follow(at, ref, patience.until):
            moment = replace(moment, progress=last)
            tell(moment)
            if patience.hear(last, moment.causes):
                break
        if last.state != "under way" or patience.is_over:
            return moment
        moment = replace(moment, causes=hindrances.causes(at, workload))
        patience.hear(last, moment.causes)
        tell(moment)
        if patience.gives_up:
            return moment


def await_gone(at: cluster.Cluster, refs: Iterable[cluster.ObjectRef]) -> tuple[cluster.ObjectRef, ...]:
    """Wait, a minute at most, for what was deleted and is held by whoever has to clean up after it; what is left."""
    left, end = tuple(refs), time.monotonic() + MADE_S
    while left := tuple(ref for ref in left if at.get(ref) is not None):
        if time.monotonic() >= end:
            break
        time.sleep(LOOK_S)
    return left


def prune(at: cluster.Cluster, name: str, namespace: str, kept: Iterable[Fields]) -> tuple[str, ...]:
    """Delete of a release what its manifests do not have any more; their names."""
    gone = []
    for each in releases.stray(releases.found(at, name, namespace), kept):
        ref = cluster.ObjectRef.of(each)
        if at.delete(ref, uid=str(each["metadata"]["uid"])):
            gone.append(str(ref))
    return tuple(gone)


def _of_kserve(at: cluster.Cluster, service: Fields, patience: Patience) -> cluster.ObjectRef | None:
    """The Deployment that KServe makes, once it is of this release; None where it does not become that."""
    ref = cluster.ObjectRef(
        "apps/v1", "Deployment", f"{service['metadata']['name']}{OF_KSERVE}", service["metadata"]["namespace"]
    )
    end = time.monotonic() + MADE_S
    while time.monotonic() < end and not patience.is_over:
        there = at.get(ref)
        if there and _is_of(there, service):
            return ref
        time.sleep(LOOK_S)
    return None


def _is_of(deployment: Fields, service: Fields) -> bool:
    """Whether KServe has taken over the pods' template, and their number where that is not the autoscaler's."""
    predictor, spec = service["spec"]["predictor"], deployment["spec"]
    marks = spec["template"].get("metadata", {}).get("annotations") or {}
    is_scaled = predictor["minReplicas"] != predictor["maxReplicas"]
    has_number = is_scaled or spec.get("replicas", 1) == predictor["minReplicas"]
    return bool(has_number and marks.get(TEMPLATE) == predictor["annotations"][TEMPLATE])


def _take_away(at: cluster.Cluster, ref: cluster.ObjectRef) -> None:
    """A Job cannot be changed, so that the one before goes with its pods."""
    if at.get(ref) is not None and at.delete(ref, policy="foreground"):
        await_gone(at, [ref])


def _last_lines(at: cluster.Cluster, namespace: str, pod: str) -> tuple[str, ...]:
    """What it said before it ended, else what it says."""
    for previous in (True, False) if pod else ():
        # Words are help, and no reason to fail otherwise.
        with suppress(NoteshipError):
            lines = tuple(at.logs(cluster.LogsOf(pod, namespace, tail=LAST_LINES, previous=previous)))
            if lines:
                return lines
    return ()
