"""Sends a release's manifests, waits for its pods, and says why they do not come up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from noteship import cluster, stopping
from noteship.cluster import releases
from noteship.errors import NoteshipError

__all__ = ["Moment", "Outcome", "Tell", "await_pods", "prune", "send"]

Fields = Mapping[str, Any]
# What goes on by itself seldom, so that it is not waited for until the cluster's own deadline.
HOPELESS = frozenset(
    {
        *("CrashLoopBackOff", "Error", "OOMKilled", "StartError", "RunContainerError"),
        *("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"),
        *("CreateContainerConfigError", "CreateContainerError", "FailedCreate"),
    }
)
# A registry that stutters, or a store that comes up beside it, is given so long.
PATIENCE_S = 30.0
# KServe's controller takes moments to make the Deployment that it answers for.
MADE_S, LOOK_S = 60.0, 0.3
LAST_LINES = 10


@dataclass(frozen=True)
class Moment:
    """What is being done, and how far the rollout is."""

    what: str
    progress: cluster.Progress | None = None


Tell = Callable[[Moment], None]


@dataclass(frozen=True)
class Outcome:
    """How a rollout ended; `said` are the last lines of a pod in whose way something is."""

    state: Literal["under way", "done", "failed"]
    progress: cluster.Progress | None = None
    said: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """In words."""
        told = self.progress
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

    What is surely in the way is not waited for longer than half a minute.
    """
    workload = releases.workload_of(sent)
    ref = cluster.ObjectRef.of(workload)
    if ref.kind == "CronJob":
        return Outcome("done")
    if ref.kind == "InferenceService":
        ref = _of_kserve(at, workload, until)
    follow = cluster.for_job if ref.kind == "Job" else cluster.for_rollout
    patience, last, is_hopeless = _Patience(until), cluster.Progress("under way"), False
    while last.state == "under way" and not (is_hopeless or patience.is_over):
        for last in follow(at, ref, patience.until):
            tell(Moment("waiting for pods", last))
            patience.hear(last)
        is_hopeless = patience.gives_up(last)
    patience.close()
    if last.state == "done":
        return Outcome("done", last)
    has_failed = is_hopeless or last.state == "failed"
    return Outcome("failed" if has_failed else "under way", last, _last_lines(at, ref.namespace, last.pod))


def prune(at: cluster.Cluster, name: str, namespace: str, kept: Iterable[Fields]) -> tuple[str, ...]:
    """Delete of a release what its manifests do not have any more; their names."""
    gone = []
    for each in releases.stray(releases.found(at, name, namespace), kept):
        ref = cluster.ObjectRef.of(each)
        if at.delete(ref, uid=str(each["metadata"]["uid"])):
            gone.append(str(ref))
    return tuple(gone)


class _Patience:
    """Ends a wait when something that is surely in the way has been there for long enough."""

    def __init__(self, until: cluster.Until) -> None:
        self._outer = until.stop or threading.Event()
        self._deadline = time.monotonic() + until.timeout_s if until.timeout_s is not None else None
        self._ready = 0
        self._timer: threading.Timer | None = None
        self._stop = stopping.Beneath(self._outer)

    @property
    def until(self) -> cluster.Until:
        """For the next watch."""
        self._stop = stopping.Beneath(self._outer)
        if self._timer is not None and not self._timer.is_alive():
            self._timer = None
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        return cluster.Until(self._stop, left)

    @property
    def is_over(self) -> bool:
        """Whether the caller's own time has passed, or it was stopped."""
        return self._outer.is_set() or (self._deadline is not None and time.monotonic() >= self._deadline)

    def hear(self, progress: cluster.Progress) -> None:
        """Begin to count where something is in the way, and stop where pods come up nevertheless."""
        if progress.ready > self._ready:
            self.close()
        self._ready = progress.ready
        if progress.reason in HOPELESS and self._timer is None:
            self._timer = threading.Timer(PATIENCE_S, lambda: self._stop.set())
            self._timer.daemon = True
            self._timer.start()

    def gives_up(self, last: cluster.Progress) -> bool:
        """Whether the time is over, and it still is in the way."""
        is_over = self._timer is not None and not self._timer.is_alive()
        return is_over and last.reason in HOPELESS

    def close(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _of_kserve(at: cluster.Cluster, service: Fields, until: cluster.Until) -> cluster.ObjectRef:
    """The Deployment that KServe makes, once it is of this release."""
    ref = cluster.ObjectRef(
        "apps/v1", "Deployment", f"{service['metadata']['name']}-predictor", service["metadata"]["namespace"]
    )
    wanted = service["spec"]["predictor"]["containers"][0]
    end = time.monotonic() + MADE_S
    while time.monotonic() < end and not (until.stop and until.stop.is_set()):
        there = at.get(ref)
        containers = there["spec"]["template"]["spec"]["containers"] if there else ()
        if any((each["image"], each.get("args")) == (wanted["image"], wanted["args"]) for each in containers):
            break
        time.sleep(LOOK_S)
    return ref


def _take_away(at: cluster.Cluster, ref: cluster.ObjectRef) -> None:
    """A Job cannot be changed, so that the one before goes with its pods."""
    if at.get(ref) is None or not at.delete(ref, policy="foreground"):
        return
    end = time.monotonic() + MADE_S
    while at.get(ref) is not None and time.monotonic() < end:
        time.sleep(LOOK_S)


def _last_lines(at: cluster.Cluster, namespace: str, pod: str) -> tuple[str, ...]:
    """What it said before it ended, else what it says."""
    for previous in (True, False) if pod else ():
        # Words are help, and no reason to fail otherwise.
        with suppress(NoteshipError):
            lines = tuple(at.logs(cluster.LogsOf(pod, namespace, tail=LAST_LINES, previous=previous)))
            if lines:
                return lines
    return ()
