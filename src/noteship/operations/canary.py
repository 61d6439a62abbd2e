"""`noteship canary`: how a canary does beside the stable release; promoted or withdrawn, by its evidence or by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from noteship import cluster, monitor
from noteship.cluster import releases as on_cluster
from noteship.operations import canaries, releasing, settling
from noteship.operations.comparing import Compared, Comparing
from noteship.operations.errors import NoCanary
from noteship.operations.opened import OpenedProject
from noteship.operations.status import pods_of

__all__ = ["CanaryRequest", "Stands", "Watching", "by_hand", "named", "of_pods", "settle"]

# Once is an accident of its node; a pod that is started again and again does not answer.
RESTARTS = 3
# So often it is looked again: windows are much longer.
LOOK_S = 5.0


@dataclass(frozen=True)
class CanaryRequest:
    """Which release's, and for how long a decision is waited for."""

    name: str | None = None
    namespace: str | None = None
    reason: str | None = None
    timeout_s: float | None = None


@dataclass(frozen=True)
class Stands:
    """How a canary stands.

    - verdict: of its windows, and of its pods; pods: how far these are; restarts: how often they were started again
    - moved: of what is off, where most, in words, by comparison
    """

    canary: canaries.Canary
    stable: releasing.Named
    verdict: monitor.Verdict
    pods: cluster.Progress | None
    restarts: int
    moved: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship canary --json` prints."""
        pods = self.pods
        return {
            "release": self.stable.name,
            "namespace": self.stable.namespace,
            "canary": self.canary.to_json(),
            "pods": {"ready": pods.ready, "wanted": pods.wanted, "state": pods.state} if pods else None,
            "restarts": self.restarts,
            "moved": dict(self.moved),
            **self.verdict.to_json(),
        }


def named(opened: OpenedProject, request: CanaryRequest, at: cluster.Cluster) -> releasing.Named:
    """The stable release that is meant. Raises NoNamespace."""
    return releasing.named_release(opened, request.name, request.namespace, at)


class Watching:
    """Looks at the canary of a release, again and again. Raises NoCanary where there is none."""

    def __init__(self, opened: OpenedProject, of: releasing.Named, at: cluster.Cluster) -> None:
        self._opened, self._of, self._at = opened, of, at
        found = canaries.present(opened.store, at, of)
        if found is None:
            raise NoCanary(str(of), canaries.last(opened.store, at, of))
        self.canary = found
        self._comparing: Comparing | None = None

    def look(self, now: float) -> Stands:
        """How it stands. Raises the cluster's and the store's errors."""
        found = canaries.present(self._opened.store, self._at, self._of)
        if found is None:
            raise NoCanary(str(self._of), canaries.last(self._opened.store, self._at, self._of))
        if found.record.id != self.canary.record.id or found.since != self.canary.since:
            self._comparing = None
        self.canary = found
        workload = next(iter(_workloads(self._at, found.named)), None)
        pods = pods_of(self._at, workload) if workload else None
        restarts = _restarts(self._at, found.named)
        verdict = of_pods(self._verdict(found, now), pods, restarts)
        moved = self._comparing.moved(verdict) if self._comparing else {}
        return Stands(found, self._of, verdict, pods, restarts, moved)

    def _verdict(self, found: canaries.Canary, now: float) -> monitor.Verdict:
        if found.since is None:
            return monitor.Verdict("go on", "it has not come up yet: noteship deploy with the same words goes on")
        if self._comparing is None:
            compared = Compared(self._of.name, found.bundle_beside, found.named.name, found.record.bundle, found.since)
            self._comparing = Comparing(self._opened, compared)
        verdict = self._comparing.look(now)
        if not verdict.windows and not (self._opened.store_url or "").startswith("s3://"):
            return replace(verdict, why="without a store on S3 pods keep no windows: settle it by what you know")
        return verdict


def of_pods(verdict: monitor.Verdict, pods: cluster.Progress | None, restarts: int) -> monitor.Verdict:
    """What is decided with what is known of its pods, whose failures no window tells: it answers nobody then. Pure."""
    if restarts >= RESTARTS:
        return replace(verdict, word="withdraw", why=f"its pods were started again {restarts} times")
    if pods is not None and pods.state == "failed":
        return replace(verdict, word="withdraw", why=f"its pods do not come up: {pods.reason}")
    if verdict.word == "promote" and (pods is None or pods.ready < pods.wanted):
        ready = f"{pods.ready} of {pods.wanted}" if pods else "none"
        return replace(verdict, word="go on", why=f"enough is known of it, but {ready} of its pods are ready")
    return verdict


def settle(
    opened: OpenedProject,
    request: CanaryRequest,
    at: cluster.Cluster,
    telling: settling.Telling,
    looked: Callable[[Stands], None],
) -> tuple[Stands, settling.Settled | None]:
    """Wait until its evidence decides, then promote it or withdraw it; None where the wait was ended before.

    What a killed process had begun is done first. Raises NoCanary, what `settling` raises, and the stores' errors.
    """
    of = named(opened, request, at)
    watching = Watching(opened, of, at)
    end = None if request.timeout_s is None else time.monotonic() + request.timeout_s
    while True:
        stands = watching.look(time.time())
        looked(stands)
        begun = stands.canary.settlement
        if begun is not None:
            return stands, settling.go_on(opened, of, stands.canary, begun, at, telling)
        if stands.verdict.word != "go on":
            state: canaries.State = "promoting" if stands.verdict.word == "promote" else "withdrawing"
            why = request.reason or stands.verdict.why
            settlement = canaries.Settlement(state, why, evidence=stands.verdict.to_json())
            return stands, settling.begin(opened, of, stands.canary, settlement, at, telling)
        wait_s = min(LOOK_S, max(0.0, end - time.monotonic())) if end is not None else LOOK_S
        if not wait_s or telling.stop.wait(wait_s):
            return stands, None


def by_hand(
    opened: OpenedProject,
    request: CanaryRequest,
    state: Literal["promoting", "withdrawing"],
    at: cluster.Cluster,
    telling: settling.Telling,
) -> settling.Settled:
    """Promote or withdraw it now, whatever its evidence, which goes on record. Raises what `settle` raises."""
    of = named(opened, request, at)
    stands = Watching(opened, of, at).look(time.time())
    begun = stands.canary.settlement
    if begun is not None and begun.state[:5] == state[:5]:
        return settling.go_on(opened, of, stands.canary, begun, at, telling)
    settlement = canaries.Settlement(state, request.reason or "by hand", evidence=stands.verdict.to_json())
    return settling.begin(opened, of, stands.canary, settlement, at, telling)


def _workloads(at: cluster.Cluster, own: releasing.Named) -> list[Any]:
    every = on_cluster.workloads(at, own.namespace)
    return [each for each in every if each["metadata"]["name"] == own.name]


def _restarts(at: cluster.Cluster, own: releasing.Named) -> int:
    labels = {"app.kubernetes.io/instance": own.name, "app.kubernetes.io/managed-by": "noteship"}
    found: Sequence[Any] = ()
    with suppress(cluster.errors.RightMissing):
        found = at.list(cluster.Selection("v1", "Pod", own.namespace, labels=labels))
    statuses = (status for pod in found for status in (pod.get("status") or {}).get("containerStatuses") or ())
    return sum(int(each.get("restartCount", 0)) for each in statuses)
