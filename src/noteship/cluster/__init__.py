"""Kubernetes: manifests as plain values, what may be in them, and the one way of talking to a cluster."""

from noteship.cluster import errors
from noteship.cluster.cluster import (
    ENDLESS,
    EVERYWHERE,
    FIELD_MANAGER,
    Applied,
    Change,
    Cluster,
    LogsOf,
    Object,
    ObjectRef,
    Policy,
    Resource,
    Right,
    Selection,
    Until,
)
from noteship.cluster.opening import open_cluster
from noteship.cluster.rollouts import Progress
from noteship.cluster.rollouts import of_job as progress_of_job
from noteship.cluster.waiting import for_job, for_rollout

__all__ = [
    "ENDLESS",
    "EVERYWHERE",
    "FIELD_MANAGER",
    "Applied",
    "Change",
    "Cluster",
    "LogsOf",
    "Object",
    "ObjectRef",
    "Policy",
    "Progress",
    "Resource",
    "Right",
    "Selection",
    "Until",
    "errors",
    "for_job",
    "for_rollout",
    "open_cluster",
    "progress_of_job",
]
