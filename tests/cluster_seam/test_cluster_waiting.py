"""Waiting for a rollout or a Job, over a cluster in memory whose controllers the tests are."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from noteship.cluster import errors, waiting
from noteship.cluster.cluster import ObjectRef, Until
from noteship.cluster.memory_cluster import MemoryCluster

JOB = ObjectRef("batch/v1", "Job", "train")
WEB = ObjectRef("apps/v1", "Deployment", "web")
SOON = Until(timeout_s=20)


@pytest.fixture
def cluster() -> MemoryCluster:
    made = MemoryCluster("team-a")
    made.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": {"template": {}}})
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    made.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    return made


def ended(kind: str) -> dict[str, Any]:
    return {"succeeded": 1, "conditions": [{"type": kind, "status": "True", "reason": "It", "message": "did"}]}


def test_a_job_is_waited_for(cluster: MemoryCluster) -> None:
    """Each state is told once, as it comes; the last one says how it ended."""
    told = []
    for now in waiting.for_job(cluster, JOB, SOON):
        told.append((now.state, now.updated))
        if len(told) == 1:
            cluster.set_status(JOB, {"active": 1})
        elif len(told) == 2:
            cluster.set_status(JOB, ended("Complete"))
    assert told == [("under way", 0), ("under way", 1), ("done", 1)]


def test_what_is_over_already_is_told_at_once(cluster: MemoryCluster) -> None:
    """However long ago."""
    cluster.set_status(JOB, ended("Failed"))
    assert [(each.state, each.reason, each.message) for each in waiting.for_job(cluster, JOB)] == [
        ("failed", "It", "did")
    ]


def test_the_pods_of_the_present_state_say_what_is_in_the_way(cluster: MemoryCluster) -> None:
    """Those of a ReplicaSet of another revision do not."""
    annotated = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": revision(2)}}
    web = cluster.apply_as("controller", annotated).thing
    for number, reason in ((1, "CrashLoopBackOff"), (2, "ImagePullBackOff")):
        made = cluster.apply(owned("apps/v1", "ReplicaSet", f"web-{number}", web, annotations=revision(number))).thing
        cluster.apply(owned("v1", "Pod", f"web-{number}-x", made))
        waits = {"name": "serve", "state": {"waiting": {"reason": reason, "message": "why"}}}
        cluster.set_status(ObjectRef("v1", "Pod", f"web-{number}-x"), {"containerStatuses": [waits]})
    cluster.set_status(WEB, {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1})
    *_, last = waiting.for_rollout(cluster, WEB, Until(timeout_s=1))
    assert (last.state, last.reason, last.pod) == ("under way", "ImagePullBackOff", "web-2-x")


def revision(number: int) -> dict[str, str]:
    return {"deployment.kubernetes.io/revision": str(number)}


def owned(version: str, kind: str, name: str, owner: Any, **metadata: Any) -> dict[str, Any]:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    reference |= {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    metadata |= {"name": name, "labels": {"app": "web"}, "ownerReferences": [reference]}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def test_waiting_ends_when_it_is_stopped(cluster: MemoryCluster) -> None:
    """Within a moment, with what is known; no thread is left behind."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    assert [each.state for each in waiting.for_job(cluster, JOB, Until(stop))] == ["under way"]
    assert time.monotonic() - began < 5
    assert not [each for each in threading.enumerate() if each.name.startswith("noteship-watch")]


def test_waiting_ends_with_its_time(cluster: MemoryCluster) -> None:
    """The last that is told is what is known by then."""
    assert [each.state for each in waiting.for_rollout(cluster, WEB, Until(timeout_s=0.3))] == ["under way"]


def test_who_stops_listening_leaves_nothing_behind(cluster: MemoryCluster) -> None:
    """Closing the generator ends its watches."""
    progress = waiting.for_job(cluster, JOB)
    next(progress)
    progress.close()  # type: ignore[attr-defined]
    assert not [each for each in threading.enumerate() if each.name.startswith("noteship-watch")]


def test_what_is_absent_cannot_be_waited_for(cluster: MemoryCluster) -> None:
    """Nor what is deleted meanwhile."""
    with pytest.raises(errors.ObjectMissing):
        next(waiting.for_job(cluster, ObjectRef("batch/v1", "Job", "none")))
    progress = waiting.for_job(cluster, JOB, SOON)
    next(progress)
    cluster.delete(JOB)
    with pytest.raises(errors.ObjectMissing):
        list(progress)


def test_a_fault_of_a_watch_is_told() -> None:
    """It does not look like a Job that takes long."""
    rules = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]}]
    cluster = MemoryCluster("team-a", rules)
    cluster.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": {}})
    with pytest.raises(errors.RightMissing, match="watch pods"):
        list(waiting.for_job(cluster, JOB, SOON))
