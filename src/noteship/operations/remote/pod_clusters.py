"""Clusters of tasks on Kubernetes: each is made for one stage, by the driver, and ends with it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship import cluster, computing, digests
from noteship.cluster import manifests, why
from noteship.computing import dask_pods
from noteship.computing.errors import ClusterGone, ClusterNotUp
from noteship.errors import NoteshipError
from noteship.operations.remote import computing_pods, failing
from noteship.operations.remote.computing_pods import Computed

__all__ = ["PodClusters", "cluster_name", "owner_of"]

# A project's name is cut, so that a pod's name has room for what the cluster adds.
PROJECT_LETTERS, DIGITS = 20, 16
LOOK_S = 0.5
# A pod is on its way for so long before anybody asks why it is not there, and then now and then.
COMING_S, WHY_EVERY_S = 4.0, 8.0
# What goes on by itself seldom is given so long; a cluster that waits for its turn, an hour, as its scheduler does.
PATIENCE_S, LONGEST_S = 30.0, 3600.0
# How long a scheduler that was seen is believed to be there.
BELIEVED_S = 5.0
AGAIN = "run again: a cluster is made anew, and what had finished is not done twice"


@dataclass(frozen=True)
class PodClusters:
    """Makes clusters for the stages of one run; thread-safe.

    A cluster's name is that of the work that it is for. A driver that goes on where another one was finds it again, and
    so does the stage, which may be in the middle of it.

    - found: where those come from that somebody else keeps, at an address
    - computed: by stage, what its cluster is made of; owner: with whom all of them go
    """

    at: cluster.Cluster
    run: str
    project: str
    computed: Mapping[str, Computed]
    found: computing.Clusters
    owner: Mapping[str, Any] | None = None

    @contextlib.contextmanager
    def use(
        self,
        wanted: computing.Wanted,
        modules: Mapping[str, str],
        cancel: threading.Event,
        purpose: computing.Purpose,
    ) -> Iterator[computing.Cluster]:
        """A cluster as wanted, for as long as the context lasts.

        Raises EngineMissing, ClusterNotUp, ClusterUnreachable; OpeningStopped, once `cancel` is set.
        """
        if wanted.address is not None:
            with self.found.use(wanted, modules, cancel, purpose) as there:
                yield there
            return
        computing_pods.check_installed()
        made = _Made(self, wanted, self.computed[purpose.stage], cluster_name(self.project, self.run, purpose.work))
        try:
            made.open(cancel, purpose)
            yield made
        finally:
            made.close()

    def close(self) -> None:
        """Those that were made have ended with their stages."""
        self.found.close()


def cluster_name(project: str, run: str, work: str) -> str:
    """Of the cluster for some work of a run.

    >>> cluster_name("mail", "20260301T101500123456Z-6f1e0c", "6f1e")
    'mail-dask-f2a3931194f5bf2b'
    """
    return f"{project[:PROJECT_LETTERS].rstrip('-')}-dask-{digests.of_value([run, work])[:DIGITS]}"


def owner_of(thing: cluster.Object | None) -> dict[str, Any] | None:
    """The entry of `ownerReferences` for what belongs to a thing, such as the driver's Job."""
    if thing is None:
        return None
    own = thing["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", "name": own["name"], "uid": own["uid"]}


@dataclass
class _Made:
    """The pods of one cluster, as the driver sees them."""

    of: PodClusters
    wanted: computing.Wanted
    computed: Computed
    name: str
    scheduler: str = ""
    asked: float = 0.0
    was_alive: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def access(self, stage: str, modules: Mapping[str, str]) -> computing.Access:
        """For the stage that it was made for."""
        return self.computed.meeting(self.name).access(stage, modules, self.wanted.workers or 1)

    def describe(self) -> str:
        """What it is."""
        return computing_pods.described(self.wanted)

    def gone(self) -> ClusterGone:
        """That it went away."""
        return ClusterGone(self.describe())

    def alive(self, *, now: bool = False) -> bool:
        """Whether the scheduler that was there still is; one that nobody used any more ended well."""
        with self.lock:
            if now or time.monotonic() - self.asked >= BELIEVED_S:
                self.asked = time.monotonic()
                with contextlib.suppress(NoteshipError):
                    self.was_alive = any(_goes_on(each) and _uid(each) == self.scheduler for each in self._pods())
            return self.was_alive

    def news(self) -> tuple[str, ...]:
        """What befell its workers, as the scheduler tells it."""
        try:
            pods = self._pods()
            name = next(each["metadata"]["name"] for each in pods if _uid(each) == self.scheduler)
            lines = list(self.of.at.logs(cluster.LogsOf(name, self._namespace, "noteship")))
        except (NoteshipError, StopIteration):
            return ()
        killed = sum(_was_killed(each) for each in pods if not _is_scheduler(each))
        return dask_pods.news(dask_pods.events(lines), killed, computing_pods.memory_bytes(self.wanted))

    def close(self) -> None:
        """Delete it. Where the cluster does not answer it ends by itself."""
        for each in self._filled():
            with contextlib.suppress(NoteshipError):
                self.of.at.delete(cluster.ObjectRef.of(each))

    def open(self, cancel: threading.Event, purpose: computing.Purpose) -> None:
        """Make it, and wait until all of it is there. Raises ClusterNotUp, OpeningStopped."""
        opening = _Opening(self, purpose, list(self._filled()))
        while not opening.looked():
            if cancel.wait(LOOK_S) or cancel.is_set():
                raise computing.OpeningStopped

    @property
    def _namespace(self) -> str:
        return str(self.computed.templates[0]["metadata"]["namespace"])

    def _filled(self) -> list[dict[str, Any]]:
        return self.computed.filled(self.name, self.wanted, self.of.owner)

    def _pods(self) -> tuple[cluster.Object, ...]:
        labels = {manifests.CLUSTER: self.name}
        return self.of.at.list(cluster.Selection("v1", "Pod", self._namespace, labels=labels))


class _Opening:
    """A cluster on its way, looked at again and again."""

    def __init__(self, made: _Made, purpose: computing.Purpose, left: list[dict[str, Any]]) -> None:
        self._made = made
        self._at = made.of.at
        self._tell = purpose.tell
        self._first = left[0]
        self._left = left
        self._began = time.monotonic()
        self._asked = 0.0
        self._hopeless_since: float | None = None

    def looked(self) -> bool:
        """Whether all of it is there; what is not yet sent is, as soon as what comes before it has an address."""
        try:
            return self._looked()
        except ClusterNotUp:
            raise
        except NoteshipError as error:
            if error.retryable and time.monotonic() - self._began < LONGEST_S:
                return False
            parts = error.parts()
            raise ClusterNotUp(self._made.describe(), parts.fact, parts.remedy, error.retryable) from error

    def _looked(self) -> bool:
        pods = [each for each in self._made._pods() if not each["metadata"].get("deletionTimestamp")]
        scheduler = next((each for each in pods if _is_scheduler(each)), None)
        if self._left:
            self._send(scheduler)
            return False
        ready = [each for each in pods if _is_ready(each)]
        workers = sum(not _is_scheduler(each) for each in ready)
        wanted = self._made.wanted.workers or 1
        if scheduler is not None and scheduler in ready and workers >= wanted:
            self._made.scheduler = _uid(scheduler)
            return True
        self._judge(scheduler, pods, f"{workers} of {wanted} workers of its cluster are there")
        return False

    def _send(self, scheduler: cluster.Object | None) -> None:
        """The next one. Workers that look for the scheduler's name too early are told for a while that it is none."""
        thing = self._left[0]
        has_address = scheduler is not None and (scheduler.get("status") or {}).get("podIP")
        if thing is not self._first and not has_address:
            self._judge(scheduler, [], "the scheduler of its cluster is on its way")
        elif self._is_cleared(cluster.ObjectRef.of(thing)):
            self._at.apply(thing)
            self._left.pop(0)

    def _is_cleared(self, ref: cluster.ObjectRef) -> bool:
        """Whether nothing of the name is there that has ended, or is about to go."""
        there = self._at.get(ref)
        if there is None:
            return True
        conditions = (there.get("status") or {}).get("conditions") or ()
        ended = any(each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in conditions)
        if ended and not there["metadata"].get("deletionTimestamp"):
            self._at.delete(ref, policy="foreground")
        return not ended and not there["metadata"].get("deletionTimestamp")

    def _judge(self, scheduler: cluster.Object | None, pods: list[cluster.Object], what: str) -> None:
        """Tell what is waited for. Raises ClusterNotUp where that is in vain, or took too long."""
        now = time.monotonic()
        is_over = scheduler is not None and (scheduler.get("status") or {}).get("phase") == "Failed"
        if not is_over and (now - self._began < COMING_S or now - self._asked < WHY_EVERY_S):
            return
        self._asked = now
        cause = self._cause(scheduler, pods)
        self._tell(f"{what}: {cause.sentence}" if cause else what)
        is_hopeless = cause is not None and cause.kind in (*failing.HOPELESS, "noteship-error", "import-failed")
        self._hopeless_since = (self._hopeless_since or now) if is_hopeless else None
        is_vain = self._hopeless_since is not None and now - self._hopeless_since >= PATIENCE_S
        if is_over or is_vain or now - self._began >= LONGEST_S:
            sentence = cause.sentence if cause else what
            remedy = cause.remedy if cause else AGAIN
            raise ClusterNotUp(self._made.describe(), sentence, remedy, can_pass=is_over and not is_hopeless)

    def _cause(self, scheduler: cluster.Object | None, pods: list[cluster.Object]) -> why.Cause | None:
        """What is in the way of the first pod that is not there: the scheduler before its workers."""
        late = [each for each in (scheduler, *pods) if each is not None and not _is_ready(each)]
        namespace = str(self._first["metadata"]["namespace"])
        # Where there is no pod at all, that is its Job's matter.
        thing = why.Thing("Job", self._made.name if self._left else f"{self._made.name}-workers", namespace)
        if late:
            thing = why.Thing("Pod", str(late[0]["metadata"]["name"]), namespace)
        with contextlib.suppress(NoteshipError):
            return next(iter(why.causes(why.gather(self._at, thing))), None)
        return None


def _uid(pod: cluster.Object) -> str:
    return str(pod["metadata"]["uid"])


def _is_scheduler(pod: cluster.Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return "scheduler" in (labels.get(manifests.ROLE), labels.get("dask.org/component"))


def _is_ready(pod: cluster.Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _goes_on(pod: cluster.Object) -> bool:
    """Whether a scheduler's pod is there as it was, or ended well; one that was begun again has forgotten all."""
    status = pod.get("status") or {}
    is_begun_again = any(each.get("restartCount") for each in status.get("containerStatuses") or ())
    is_going = bool(pod["metadata"].get("deletionTimestamp"))
    return status.get("phase") in ("Running", "Succeeded") and not is_going and not is_begun_again


def _was_killed(pod: cluster.Object) -> bool:
    """Whether its container was ended for its memory."""
    for each in (pod.get("status") or {}).get("containerStatuses") or ():
        for state in (each.get("state") or {}, each.get("lastState") or {}):
            if (state.get("terminated") or {}).get("reason") == "OOMKilled":
                return True
    return False
