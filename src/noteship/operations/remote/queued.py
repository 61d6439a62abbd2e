"""Whether Kueue really has a Job that names one of its queues: else its limits would hold for nothing."""

from __future__ import annotations

from noteship import cluster
from noteship.cluster.manifests import QUEUE_LABEL
from noteship.notebooks import execution

__all__ = ["unmanaged"]

GROUP = "kueue.x-k8s.io"
VERSIONS = (f"{GROUP}/v1beta2", f"{GROUP}/v1beta1")
# Its controller makes a Workload for a Job within moments; a busy one may take longer.
MADE_S = 15.0


def unmanaged(at: cluster.Cluster, job: cluster.Object, file: str, lasted_s: float) -> execution.Failure | None:
    """The failure of a stage whose Job runs without the queue that it names; None where all is well."""
    metadata = job["metadata"]
    queue = (metadata.get("labels") or {}).get(QUEUE_LABEL)
    if not queue or lasted_s < MADE_S or (job.get("spec") or {}).get("suspend"):
        return None
    try:
        version = next(each for each in VERSIONS if at.resources(each))
        there = at.list(cluster.Selection(version, "Workload", str(metadata.get("namespace", ""))))
    except (StopIteration, cluster.errors.ApiNotServed, cluster.errors.RightMissing):
        return None
    if any(_owns(metadata["uid"], each) for each in there):
        return None
    return execution.Failure(
        "cluster",
        f"its Job names the queue '{queue}', and Kueue has not taken it: the Job runs beside the queue",
        file,
        remedy="correct `queue` in [kubernetes.run], or have Kueue manage Jobs of this namespace; or leave it out",
        cause="queue-missing",
    )


def _owns(uid: str, workload: cluster.Object) -> bool:
    owners = workload["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == uid for each in owners)
