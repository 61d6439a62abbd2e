"""What becomes of a canary: promoted, it is the stable release by the ordinary rollout; withdrawn, it is taken away.

Each begins with a word on record, and ends with one; all between can be done again. So whoever comes after a process
that was killed at any moment goes on where it was.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from noteship import cluster, store
from noteship.operations import besides, canaries, preflight, releases, releasing, render, rolling
from noteship.operations.carrying import Carried, Carrier
from noteship.operations.errors import NotDeployable, ReleaseFailed, ReleaseMoved
from noteship.operations.imaged import Imaged
from noteship.operations.naming import Named
from noteship.operations.opened import OpenedProject

__all__ = ["Settled", "Telling", "begin", "go_on", "withdraw"]


@dataclass(frozen=True)
class Telling:
    """Who is told how far it is, and what ends waiting; `timeout_s` limits the wait for pods."""

    rollout: rolling.Tell
    stop: threading.Event
    timeout_s: float | None = None


@dataclass(frozen=True)
class Settled:
    """What became of a canary; `carried` is the stable release that it became, if it did.

    - is_done: False where waiting for the rollout was ended before: the next call goes on
    """

    named: releasing.Named
    canary: canaries.Canary
    settlement: canaries.Settlement
    carried: Carried | None
    taken_away: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.settlement.is_done

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship canary --json` prints when it is settled."""
        return {
            "release": self.named.name,
            "namespace": self.named.namespace,
            "canary": self.canary.to_json(),
            "settlement": self.settlement.to_json(),
            "promotion": self.carried.to_json() if self.carried else None,
            "taken_away": list(self.taken_away),
        }


def begin(
    opened: OpenedProject,
    named: releasing.Named,
    canary: canaries.Canary,
    settlement: canaries.Settlement,
    at: cluster.Cluster,
    telling: Telling,
) -> Settled:
    """Write down what is to become of it, then do it. Raises what `go_on` raises."""
    try:
        canary = canaries.write(opened.store, canary, settlement)
    except store.errors.RefMoved as error:
        raise ReleaseMoved(str(canary.named), "somebody") from error
    return go_on(opened, named, canary, settlement, at, telling)


def go_on(
    opened: OpenedProject,
    named: releasing.Named,
    canary: canaries.Canary,
    settlement: canaries.Settlement,
    at: cluster.Cluster,
    telling: Telling,
) -> Settled:
    """Do what is on record to become of it, from the beginning; what was done is done again and changes nothing.

    Raises NotDeployable and ReleaseFailed where a promotion's rollout fails, when the stable release and the canary are
    as before; ReleaseMoved; the cluster's and the store's errors.
    """
    carried = None
    if settlement.state in ("promoting", "promoted"):
        carried = _promote(opened, named, canary, settlement, at, telling)
        if not carried.is_up:
            return Settled(named, canary, settlement, carried)
    gone = _take_away(opened.store, named, canary, at, telling.rollout, is_promoted=carried is not None)
    done = _done(settlement)
    if not settlement.is_done:
        canary = canaries.write(opened.store, canary, done)
    # Last: as long as the name is there, somebody goes on.
    releases.forget(opened.store, canary.place)
    return Settled(named, canary, done, carried, gone)


def withdraw(opened: OpenedProject, named: releasing.Named, at: cluster.Cluster, tell: rolling.Tell, why: str) -> None:
    """Withdraw the canary of a release, if there is one: what it stands beside goes, or becomes another one."""
    canary = canaries.present(opened.store, at, named)
    if canary is None:
        return
    settlement = canaries.Settlement("withdrawing", why)
    begin(opened, named, canary, settlement, at, Telling(tell, threading.Event()))


def _done(settlement: canaries.Settlement) -> canaries.Settlement:
    state: canaries.State = "promoted" if settlement.state in ("promoting", "promoted") else "withdrawn"
    return canaries.Settlement(state, settlement.why, settlement.by, evidence=settlement.evidence)


def _promote(
    opened: OpenedProject,
    named: releasing.Named,
    canary: canaries.Canary,
    settlement: canaries.Settlement,
    at: cluster.Cluster,
    telling: Telling,
) -> Carried:
    """The stable release becomes what the canary is, with the declaration's numbers."""
    objects, own = opened.store, canary.record
    place = releases.Place.of(at.url, named.namespace, named.name)
    before = releases.present(objects, place)
    imaged = Imaged(own.image, Named(own.bundle, own.project, "canary"))
    made = render.rendered(opened, named, imaged, render.RenderRequest(platform=None), at)
    sent = made.rendered.manifests
    try:
        preflight.check(at, named, sent)
    except NotDeployable:
        canaries.forget(objects, canary)
        raise
    record = made.record(opened, f"promoted from {own.id}: {settlement.why}", before)
    carrier = Carrier(at, objects, named, telling.rollout, cluster.Until(telling.stop, telling.timeout_s))
    try:
        return carrier.carry(record, sent, before)
    except ReleaseFailed:
        # The stable release is back, with a route that leads nobody here.
        canaries.forget(objects, canary)
        _lead_again(objects, named, canary, at)
        raise


def _lead_again(objects: store.Store, named: releasing.Named, canary: canaries.Canary, at: cluster.Cluster) -> None:
    stable = besides.stable_of(objects, at, named)
    route = besides.route_of(stable.sent)
    own = releases.manifests_of(objects, canary.record)
    if route is not None and own is not None and canary.share.by == "route":
        besides.lead(at, route, besides.service_of(own), canary.share.percent)


def _take_away(
    objects: store.Store,
    named: releasing.Named,
    canary: canaries.Canary,
    at: cluster.Cluster,
    tell: rolling.Tell,
    *,
    is_promoted: bool,
) -> tuple[str, ...]:
    """Lead callers elsewhere first, then delete what bears its labels."""
    if canary.share.by == "route" and not is_promoted:
        record = _stable_record(objects, named, at)
        sent = releases.manifests_of(objects, record) if record else None
        route = besides.route_of(sent) if sent else None
        if route is not None:
            tell(rolling.Moment("leading callers away from it"))
            besides.lead(at, route)
    tell(rolling.Moment(f"taking away {canary.named.name}"))
    return rolling.prune(at, canary.named.name, canary.named.namespace, ())


def _stable_record(objects: store.Store, named: releasing.Named, at: cluster.Cluster) -> releases.Record | None:
    place = releases.Place.of(at.url, named.namespace, named.name)
    present = releases.present(objects, place)
    return releases.read(objects, place, present.id) if present else None
