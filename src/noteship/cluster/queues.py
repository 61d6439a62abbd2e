"""Queues of Kueue: in which one a manifest's Jobs wait, and whether it takes any."""

from __future__ import annotations

from contextlib import suppress

from noteship.cluster import errors
from noteship.cluster.cluster import Cluster, Object, ObjectRef, Selection
from noteship.cluster.manifests.workloads import QUEUE_LABEL
from noteship.cluster.pods import table, tables

__all__ = ["GROUP", "counted", "fault", "of", "version"]

GROUP = "kueue.x-k8s.io"
# The newest first; Kueue serves the older one beside it.
VERSIONS = (f"{GROUP}/v1beta2", f"{GROUP}/v1beta1")


def version(cluster: Cluster) -> str:
    """Of Kueue's API; empty where the cluster does not serve it."""
    return next((each for each in VERSIONS if cluster.resources(each)), "") if GROUP in cluster.groups() else ""


def of(manifest: Object) -> str:
    """The queue in which a manifest's Jobs wait; empty where there is none."""
    holder = manifest
    if manifest.get("kind") == "CronJob":
        holder = table(table(manifest.get("spec")).get("jobTemplate"))
    return str(table(table(holder.get("metadata")).get("labels")).get(QUEUE_LABEL) or "")


def counted(cluster: Cluster, name: str, namespace: str) -> tuple[str, ...]:
    """The resources that a queue counts, in their order; nothing where it is not there, or does not say."""
    found = version(cluster)
    with suppress(errors.RightMissing):
        there = cluster.get(ObjectRef(found, "LocalQueue", name, namespace)) if found else None
        flavors = tables(table((there or {}).get("status")).get("flavorsReservation"))
        return tuple(sorted({str(each.get("name")) for _, one in flavors for _, each in tables(one.get("resources"))}))
    return ()


def fault(cluster: Cluster, name: str, namespace: str) -> str:
    """Why a queue would let nothing in, ever, and what to do; empty where it would, or one may not look."""
    found = version(cluster)
    with suppress(errors.RightMissing):
        there = cluster.list(Selection(found, "LocalQueue", namespace)) if found else ()
        queues = {str(each["metadata"]["name"]): each for each in there}
        if found and name not in queues:
            others = f"; there is {', '.join(sorted(queues))}" if queues else ""
            return (
                f"the queue {name} is not there in {namespace}{others}:"
                " name a LocalQueue that there is, or have one made"
            )
        for _, each in tables(table(queues.get(name, {}).get("status")).get("conditions")):
            if (each.get("type"), each.get("status")) == ("Active", "False"):
                return (
                    f"the queue {name} lets nothing in ({' '.join(str(each.get('message')).split())}):"
                    " have the cluster's administrators look after it, or name another one"
                )
    return ""
