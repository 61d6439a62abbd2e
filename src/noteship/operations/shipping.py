"""What a retraining does with a model that passed: beside the stable release, or in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from noteship import cluster
from noteship.operations import besides, canary, settling
from noteship.operations import deploy as deploying
from noteship.operations.errors import NoCanary
from noteship.operations.opened import OpenedProject
from noteship.project.retrain_settings import RetrainSettings

__all__ = ["Shipping"]

GONE = {"state": "gone", "why": "somebody settled it"}


@dataclass(frozen=True)
class Shipping:
    """Releases of one project.

    - asked: what all have in common; opening: opens the cluster when it is first needed, and gives who is told
    """

    opened: OpenedProject
    asked: deploying.DeployRequest
    opening: Callable[[], tuple[cluster.Cluster, deploying.Telling]]

    def deploy(self, bundle: str, reason: str) -> Mapping[str, Any]:
        """Make it the release. Raises what `deploy.deploy` raises."""
        done = deploying.deploy(self.opened, self._request(bundle, reason), *self.opening())
        return {"release": done.carried.record.id if done.carried else None}

    def canary(self, bundle: str, reason: str) -> Mapping[str, Any]:
        """Put it beside the release, with the share that is declared. Raises what `besides.deploy` raises."""
        share = (self.opened.settings.retrain or RetrainSettings()).share
        done = besides.deploy(self.opened, self._request(bundle, reason), share, *self.opening())
        return {"release": done.carried.record.id if done.carried else None, "share": done.share.to_json()}

    def settle(self) -> Mapping[str, Any] | None:
        """Promote or withdraw the canary if its evidence decides by now; None where it does not. Raises as `settle`."""
        request = canary.CanaryRequest(self.asked.name, self.asked.namespace, timeout_s=0.0)
        at, telling = self.opening()
        told = settling.Telling(telling.rollout, telling.stop, None)
        try:
            _, settled = canary.settle(self.opened, request, at, told, lambda _: None)
        except NoCanary:
            return GONE
        if settled is None or not settled.is_done:
            return None
        return {"state": settled.settlement.state, "why": settled.settlement.why}

    def _request(self, bundle: str, reason: str) -> deploying.DeployRequest:
        return replace(self.asked, bundle=bundle, reason=reason)
