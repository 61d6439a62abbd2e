"""`noteship rollback`: an earlier release runs again, exactly as it was sent then."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from noteship import cluster
from noteship.operations import preflight, releases, releasing, rolling, settling
from noteship.operations.carrying import Carried, Carrier
from noteship.operations.errors import NoRelease, NothingBefore
from noteship.operations.opened import OpenedProject
from noteship.operations.who import who

__all__ = ["RollbackRequest", "RolledBack", "rollback"]


@dataclass(frozen=True)
class RollbackRequest:
    """`to` is the start of a release's id; None is the last one before that came up."""

    to: str | None = None
    name: str | None = None
    namespace: str | None = None
    reason: str | None = None
    timeout_s: float | None = None
    is_dry_run: bool = False


@dataclass(frozen=True)
class RolledBack:
    """From which release to which; nothing was sent where `carried` is None."""

    named: releasing.Named
    before: releases.Record
    to: releases.Record
    carried: Carried | None

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship rollback --json` prints."""
        return {
            "release": self.named.name,
            "namespace": self.named.namespace,
            "from": self.before.to_json(),
            "to": self.to.to_json(),
            "sent": self.carried is not None,
            **(self.carried.to_json() if self.carried else {}),
        }


def rollback(
    opened: OpenedProject, request: RollbackRequest, at: cluster.Cluster, tell: rolling.Tell, stop: threading.Event
) -> RolledBack:
    """Send the manifests of an earlier release again: image, bundle, settings and numbers are what they were.

    A canary beside it is withdrawn first: what it was compared with is gone.

    Raises: NoRelease, NothingBefore, NotDeployable, ReleaseFailed, ReleaseMoved, the cluster's and the store's errors.
    """
    objects = opened.store
    named = releasing.named_release(opened, request.name, request.namespace, at)
    place = releases.Place.of(at.url, named.namespace, named.name)
    present = releases.present(objects, place)
    now = releases.read(objects, place, present.id) if present else None
    if present is None or now is None:
        raise NoRelease(named.name, f"the record of {named.namespace} in {objects.url}")
    to = _earlier(opened, place, now, request.to)
    sent = releases.manifests_of(objects, to)
    if sent is None:
        raise NoRelease(to.id, f"its manifests are no more in {objects.url}")
    preflight.check(at, named, sent)
    if request.is_dry_run:
        return RolledBack(named, now, to, None)
    record = releases.Record(
        to.bundle,
        to.image,
        to.manifests,
        to.shape,
        to.project,
        who(),
        request.reason,
        now.id,
        to.id,
        to.reaches,
    )
    settling.withdraw(opened, named, at, tell, f"what it stood beside went back to {to.id}")
    carrier = Carrier(at, objects, named, tell, cluster.Until(stop, request.timeout_s))
    return RolledBack(named, now, to, carrier.carry(record, sent, present))


def _earlier(opened: OpenedProject, place: releases.Place, now: releases.Record, asked: str | None) -> releases.Record:
    if asked is None:
        found = releases.good_before(opened.store, place, now)
        if found is None:
            raise NothingBefore(f"{place.name} in {place.namespace}")
        return found
    known = [past.record for past in releases.history(opened.store, place)]
    fitting = [each for each in known if each.id.startswith(asked)]
    if len(fitting) != 1:
        many = f"{asked}, as {len(fitting)} begin so" if fitting else asked
        raise NoRelease(many, f"{place.name} in {place.namespace}", tuple(each.id for each in fitting or known))
    return fitting[0]
