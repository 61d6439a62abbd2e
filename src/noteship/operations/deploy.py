"""`noteship deploy`: a bundle becomes a release on a cluster, and is on record with who, when and why."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from noteship import cluster
from noteship.operations import build, canaries, preflight, releases, releasing, rolling
from noteship.operations.calling import Calling, calling
from noteship.operations.carrying import Carried, Carrier
from noteship.operations.opened import OpenedProject
from noteship.operations.render import RenderedRelease, RenderRequest, render

__all__ = ["DeployRequest", "Deployed", "Telling", "deploy"]


@dataclass(frozen=True)
class DeployRequest:
    """What is asked for beside the declaration; `timeout_s` limits the wait for pods."""

    bundle: str | None = None
    image: str | None = None
    name: str | None = None
    namespace: str | None = None
    reason: str | None = None
    timeout_s: float | None = None
    is_dry_run: bool = False


@dataclass(frozen=True)
class Telling:
    """Who is told of the build and of the rollout, and what stops both."""

    build: Callable[[build.Progress], None]
    rollout: rolling.Tell
    stop: threading.Event


@dataclass(frozen=True)
class Deployed:
    """What was made and sent; nothing was sent where `carried` is None."""

    named: releasing.Named
    made: RenderedRelease
    carried: Carried | None
    calling: Calling | None

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship deploy --json` prints."""
        rendered = self.made.to_json()
        manifests = rendered.pop("manifests")
        return {
            **rendered,
            "manifests": [str(cluster.ObjectRef.of(each)) for each in manifests],
            "sent": self.carried is not None,
            **(self.carried.to_json() if self.carried else {}),
            "calling": self.calling.to_json() if self.calling else None,
        }


def deploy(opened: OpenedProject, request: DeployRequest, at: cluster.Cluster, telling: Telling) -> Deployed:
    """Build, look at all that would be in the way, send, and wait until the pods are ready.

    Raises what `render` raises; CanaryUnderWay and NotDeployable, when nothing was sent; ReleaseFailed, when the
    release before is back; ReleaseMoved; the cluster's and the store's errors; images.registries.transport.Stopped.
    """
    named = releasing.named_release(opened, request.name, request.namespace, at)
    canaries.check_none(opened.store, at, named)
    place = releases.Place.of(at.url, named.namespace, named.name)
    before = releases.present(opened.store, place)
    asked = RenderRequest(request.bundle, request.image, named.name, named.namespace, None)
    made = render(opened, asked, telling.build, telling.stop, at)
    sent = made.rendered.manifests
    telling.rollout(rolling.Moment("looking whether it can be deployed"))
    preflight.check(at, named, sent)
    if request.is_dry_run:
        return Deployed(named, made, None, None)
    record = made.record(opened, request.reason, before)
    carrier = Carrier(at, opened.store, named, telling.rollout, cluster.Until(telling.stop, request.timeout_s))
    carried = carrier.carry(record, sent, before)
    return Deployed(named, made, carried, calling(at, opened.store, named, sent, record.bundle))
