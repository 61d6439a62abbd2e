"""What is in the way of a release's pods, in the words of `noteship why`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from noteship import cluster
from noteship.errors import NoteshipError

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["causes"]


def causes(at: cluster.Cluster, workload: Mapping[str, Any]) -> tuple[Cause, ...]:
    """The nearest to the root first; nothing where nothing is known to be, or the cluster does not say.

    - workload: what makes the pods, as manifest or as the cluster has it; of a Deployment its newest pods count
    """
    # Most releases come up without it.
    from noteship.cluster import why

    ref = cluster.ObjectRef.of(workload)
    match ref.kind:
        case "Deployment" | "InferenceService" | "Job":
            thing = why.Thing(ref.kind, ref.name, ref.namespace)
        case _:
            thing = why.Thing("Release", ref.name, ref.namespace)
    try:
        return why.causes(why.gather(at, thing))
    except NoteshipError:
        # Words are help, and no reason to fail otherwise.
        return ()
