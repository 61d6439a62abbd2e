"""`noteship undeploy`: takes a release away, by its labels; nothing of anybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from noteship import cluster
from noteship.cluster import releases as on_cluster
from noteship.operations import releases, releasing, rolling, settling
from noteship.operations.errors import NoRelease
from noteship.operations.opened import OpenedProject

__all__ = ["Undeployed", "undeploy"]


@dataclass(frozen=True)
class Undeployed:
    """What was taken away, or would be; `left` still has something cleaned up after it, by who made that."""

    named: releasing.Named
    objects: tuple[str, ...]
    is_dry_run: bool
    left: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship undeploy --json` prints."""
        return {
            "release": self.named.name,
            "namespace": self.named.namespace,
            "objects": list(self.objects),
            "left": list(self.left),
            "sent": not self.is_dry_run,
        }


def undeploy(
    opened: OpenedProject, named: releasing.Named, at: cluster.Cluster, tell: rolling.Tell, *, is_dry_run: bool
) -> Undeployed:
    """Delete all that is labelled as the release's, what leads callers to it first; what was deployed stays on record.

    A canary beside it goes with it.

    Raises NoRelease where there is nothing of it; the cluster's and the store's errors.
    """
    there = on_cluster.found(at, named.name, named.namespace)
    if not there:
        others = {str(each["metadata"]["name"]) for each in on_cluster.workloads(at, named.namespace)}
        raise NoRelease(named.name, f"{named.namespace} of {at.url}", tuple(sorted(others)))
    refs = [cluster.ObjectRef.of(each) for each in there]
    left: tuple[str, ...] = ()
    if not is_dry_run:
        settling.withdraw(opened, named, at, tell, "what it stood beside was taken away")
        for ref, each in zip(refs, there, strict=True):
            tell(rolling.Moment(f"taking away {ref.kind} {ref.name}"))
            at.delete(ref, uid=str(each["metadata"]["uid"]))
        held = [ref for ref, each in zip(refs, there, strict=True) if each["metadata"].get("finalizers")]
        if held:
            tell(rolling.Moment(f"waiting for {', '.join(f'{ref.kind} {ref.name}' for ref in held)} to be cleaned up"))
            left = tuple(map(str, rolling.await_gone(at, held)))
        releases.forget(opened.store, releases.Place.of(at.url, named.namespace, named.name))
    return Undeployed(named, tuple(map(str, refs)), is_dry_run, left)
