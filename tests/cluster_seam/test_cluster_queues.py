"""Queues of Kueue: those that are there, those that let nothing in, and what they count."""

from __future__ import annotations

from typing import Any

from noteship.cluster import queues
from noteship.cluster.cluster import ObjectRef
from noteship.cluster.memory_cluster import MemoryCluster

VERSION = f"{queues.GROUP}/v1beta2"


def with_kueue(**told: Any) -> MemoryCluster:
    """A cluster with one queue, whose status says that."""
    cluster = MemoryCluster("team-a")
    names = {"kind": "LocalQueue", "plural": "localqueues"}
    version = {"name": "v1beta2", "served": True, "storage": True}
    spec = {"group": queues.GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
    cluster.apply({**definition, "metadata": {"name": f"localqueues.{queues.GROUP}"}})
    cluster.apply({"apiVersion": VERSION, "kind": "LocalQueue", "metadata": {"name": "team"}})
    cluster.set_status(ObjectRef(VERSION, "LocalQueue", "team"), told)
    return cluster


def test_a_queue_that_lets_nothing_in_is_told() -> None:
    """One that is not there with those that are; one that is stopped with its own words; a good one not at all."""
    stopped = {"type": "Active", "status": "False", "message": "Can't submit: clusterQueue doesn't exist"}
    assert queues.fault(with_kueue(), "team", "team-a") == ""
    assert queues.fault(with_kueue(), "taem", "team-a").startswith(
        "the queue taem is not there in team-a; there is team:"
    )
    assert "lets nothing in (Can't submit" in queues.fault(with_kueue(conditions=[stopped]), "team", "team-a")
    assert queues.fault(MemoryCluster("team-a"), "team", "team-a") == ""


def test_what_a_queue_counts_is_read_from_it() -> None:
    """Of all its flavors; nothing where it is not there."""
    flavors = [{"name": each, "resources": [{"name": "cpu"}, {"name": each}]} for each in ("memory", "nvidia.com/gpu")]
    cluster = with_kueue(flavorsReservation=flavors)
    assert queues.counted(cluster, "team", "team-a") == ("cpu", "memory", "nvidia.com/gpu")
    assert queues.counted(cluster, "taem", "team-a") == queues.counted(MemoryCluster(), "team", "team-a") == ()


def test_a_queue_is_found_in_jobs_and_schedules() -> None:
    """By the label of the Job, or of those that a schedule makes."""
    labelled = {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "team"}}}
    assert queues.of({"kind": "Job", **labelled}) == "team"
    assert queues.of({"kind": "CronJob", "spec": {"jobTemplate": labelled}}) == "team"
    assert queues.of({"kind": "Deployment", "metadata": {"labels": {}}}) == ""
