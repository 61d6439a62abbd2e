"""Clusters of tasks as a driver makes them, in a cluster in memory whose pods are played."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noteship import computing
from noteship.cluster import LogsOf, ObjectRef, Selection, errors, manifests
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.computing import dask_pods
from noteship.computing.errors import ClusterNotUp, EngineMissing
from noteship.notebooks import Cell, Document, execution
from noteship.operations.clusters import StageRunner
from noteship.operations.remote import computing_pods, pod_clusters, retrying
from noteship.operations.remote.computing_pods import Computed
from noteship.operations.remote.pod_clusters import PodClusters
from remote.pods import of

RUN = replace(of("20260301T101500123456Z-6f1e0c"), has_clusters=True)
WANTED = computing.Wanted("dask", workers=2, memory_bytes=1 << 30, cpu="50m")
PURPOSE = computing.Purpose("train", "w" * 64)
JOB = execution.Job("r", "train", Document("train.py", "script", (Cell(0, "code", ""),)))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds here."""
    for name in ("LOOK_S", "COMING_S", "WHY_EVERY_S", "BELIEVED_S"):
        monkeypatch.setattr(pod_clusters, name, 0.02)
    monkeypatch.setattr(pod_clusters, "PATIENCE_S", 0.1)
    monkeypatch.setattr(retrying, "LONGEST_S", 0.05)


@pytest.fixture
def at() -> MemoryCluster:
    return MemoryCluster("team-a")


def lending(at: MemoryCluster, platform: manifests.Platform | None = None) -> PodClusters:
    pods = computing_pods.pods_of(WANTED, manifests.Placement())
    made = Computed(manifests.computing(RUN, pods, platform or manifests.Platform()), manifests.secret_file(RUN.store))
    # As a driver has it, who was told of it in the store.
    made = Computed.from_json(made.to_json())
    found = computing.Clusters(computing.Place(Path(), Path(sys.executable), os.environ))
    owner = at.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "driver"}}).thing
    return PodClusters(at, RUN.id, "mail", {"train": made}, found, pod_clusters.owner_of(owner))


def jobs(at: MemoryCluster) -> list[Any]:
    return list(at.list(Selection("batch/v1", "Job")))


def pods_of(at: MemoryCluster, role: str) -> list[Any]:
    return list(at.list(Selection("v1", "Pod", labels={manifests.ROLE: role})))


@contextmanager
def played(at: MemoryCluster, status: Callable[[str, int], Mapping[str, Any]] | None = None) -> Iterator[None]:
    """A kubelet: each Job gets its pods, whose status is told by role and number; else they come up."""
    over = threading.Event()

    def play() -> None:
        while not over.wait(0.02):
            for each in jobs(at):
                role = each["metadata"]["labels"][manifests.ROLE]
                for number in range(each["spec"]["parallelism"]):
                    _begin(at, each, number, (status or ready)(role, number))

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _begin(at: MemoryCluster, job: Any, number: int, status: Mapping[str, Any]) -> None:
    ref = ObjectRef("v1", "Pod", f"{job['metadata']['name']}-{number}")
    if at.get(ref) is None:
        owner = {"apiVersion": "batch/v1", "kind": "Job"} | {key: job["metadata"][key] for key in ("name", "uid")}
        labels = job["spec"]["template"]["metadata"]["labels"] | {"batch.kubernetes.io/job-name": owner["name"]}
        metadata = {"name": ref.name, "labels": labels, "ownerReferences": [owner]}
        spec = job["spec"]["template"]["spec"]
        at.apply_as("kubelet", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        with suppress(errors.ObjectMissing):
            at.set_status(ref, status)
        if at.get(ObjectRef.of(job)) is None:
            # It went meanwhile, and its pods with it.
            at.delete(ref)


def ready(role: str, number: int) -> Mapping[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}]
    return {"phase": "Running", "podIP": f"10.0.{len(role)}.{number}", "conditions": conditions}


def use(found: PodClusters, cancel: threading.Event | None = None, purpose: computing.Purpose = PURPOSE) -> Any:
    return found.use(WANTED, {}, cancel or threading.Event(), purpose)


def test_a_cluster_is_made_for_its_work_and_ends_with_it(at: MemoryCluster) -> None:
    """Who goes on with the same work finds the same one; for other work it is another; all belong to the driver."""
    found = lending(at)
    with played(at):
        with use(found) as cluster:
            [scheduler, workers] = sorted(jobs(at), key=lambda each: len(each["metadata"]["name"]))
            assert [each["metadata"]["ownerReferences"][0]["name"] for each in (scheduler, workers)] == ["driver"] * 2
            args = workers["spec"]["template"]["spec"]["containers"][0]["args"]
            assert args[:2] == ["compute", "worker"] and f"--memory={1 << 30}" in args and "--threads=1" in args
            # The next driver, in the middle of it.
            with use(lending(at)) as same:
                assert same.access("train", {}) == cluster.access("train", {})
                assert len(jobs(at)) == 2 and same.alive(now=True)
        assert jobs(at) == [] and pods_of(at, "scheduler") == []
        with use(found, purpose=replace(PURPOSE, work="other")) as other:
            assert other.access("train", {}) != cluster.access("train", {})
    assert "2 workers with 1 thread and 1.0 GiB of memory each" in cluster.describe()


def test_workers_come_when_the_scheduler_has_an_address(at: MemoryCluster) -> None:
    """Before that there are none; who waits is told what for, and who is stopped leaves nothing."""
    told: list[str] = []
    cancel = threading.Event()
    late = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}
    awaited = "the scheduler of its cluster is on its way"

    def tell(text: str) -> None:
        told.append(text)
        if awaited in text:
            cancel.set()

    with (
        played(at, lambda *_: late),
        pytest.raises(computing.OpeningStopped),
        use(lending(at), cancel, replace(PURPOSE, tell=tell)),
    ):
        pass
    assert len(told) == 1 and jobs(at) == []
    awaited = "0 of 2 workers of its cluster are there"
    with played(at, lambda role, number: ready(role, number) if role == "scheduler" else late):
        cancel.clear()
        told.clear()
        with pytest.raises(computing.OpeningStopped), use(lending(at), cancel, replace(PURPOSE, tell=tell)):
            pass
    assert awaited in told[-1] and jobs(at) == []


def test_what_has_ended_under_its_name_makes_room(at: MemoryCluster) -> None:
    """Of a stage whose scheduler went, when it begins again at once."""
    found = lending(at)
    name = pod_clusters.cluster_name("mail", RUN.id, PURPOSE.work)
    for each in found.computed["train"].filled(name, WANTED, None):
        old = at.apply(each).thing
        at.set_status(ObjectRef.of(old), {"conditions": [{"type": "Failed", "status": "True"}]})
    old_uids = {each["metadata"]["uid"] for each in jobs(at)}
    with played(at), use(found):
        assert not old_uids & {each["metadata"]["uid"] for each in jobs(at)} and len(jobs(at)) == 2


def test_a_scheduler_that_does_not_come_up_says_why(at: MemoryCluster) -> None:
    """With its last words; nothing of it is left."""
    words = "noteship: the project's Python has no distributed"
    terminated = {"exitCode": 3, "reason": "Error", "message": words}
    failed = {
        "phase": "Failed",
        "containerStatuses": [{"name": "noteship", "restartCount": 0, "state": {"terminated": terminated}}],
    }
    with played(at, lambda *_: failed), pytest.raises(ClusterNotUp) as error, use(lending(at)):
        pass
    assert "did not come up" in str(error.value) and jobs(at) == []


def test_a_scheduler_that_is_another_one_is_none(at: MemoryCluster) -> None:
    """It is alive while its pod is the same and was not begun again; one that nobody used any more ended well."""
    with played(at), use(lending(at)) as cluster:
        [pod] = pods_of(at, "scheduler")
        ref = ObjectRef.of(pod)
        at.set_status(ref, {"phase": "Succeeded"})
        assert cluster.alive(now=True)
        again = {"phase": "Running", "containerStatuses": [{"name": "noteship", "restartCount": 1}]}
        at.set_status(ref, again)
        assert not cluster.alive(now=True)
        at.set_status(ref, {"phase": "Running"})
        assert cluster.alive(now=True)
        at.delete(ref)
        _until(lambda: pods_of(at, "scheduler"))
        assert not cluster.alive(now=True) and "went away" in str(cluster.gone())


def test_news_are_the_scheduler_s_with_what_the_cluster_killed(at: MemoryCluster) -> None:
    """A worker that the kernel ended says nothing; its pod tells why."""
    with played(at), use(lending(at)) as cluster:
        [pod] = pods_of(at, "scheduler")
        at.add_logs(LogsOf(pod["metadata"]["name"], container="noteship"), "noise", '{"event": "lost", "worker": "a"}')
        assert cluster.news() == ("a worker of the cluster ended; another took its place and its tasks",)
        killed = {"name": "noteship", "state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
        at.set_status(ObjectRef.of(pods_of(at, "worker")[0]), {"phase": "Failed", "containerStatuses": [killed]})
        assert "it took more than its memory of 1.0 GiB" in cluster.news()[0]


def test_a_stage_whose_scheduler_went_begins_again(at: MemoryCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code's own failure is told beside; the second time it has a cluster made anew."""
    monkeypatch.setattr("noteship.operations.clusters.LAST_WORDS_S", 0.0)
    seen: list[str] = []

    class Runner:
        def run(self, job: execution.Job, cancel: threading.Event, progress: Any) -> execution.Execution:
            seen.append(job.environment["DASK_SCHEDULER_ADDRESS"])
            if len(seen) > 1:
                return execution.Execution()
            at.delete(ObjectRef.of(pods_of(at, "scheduler")[0]))
            _until(cancel.is_set)
            return execution.Execution(failure=execution.Failure("interrupted", "it was stopped", "train.py"))

        def release(self, run: str) -> None: ...

        def close(self) -> None: ...

    runner = StageRunner(Runner(), lending(at), lambda _: WANTED, dict)
    with played(at):
        done = retrying.Retrying(runner).run(JOB, threading.Event(), lambda _: None)
    assert done.failure is None and len(set(seen)) == 2, done
    assert "the scheduler of its cluster went away" in " ".join(done.notes)
    assert jobs(at) == []


def test_what_an_image_lacks_is_said_before_anything_is_made(
    at: MemoryCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, with the command."""
    monkeypatch.setattr(dask_pods, "NEEDED", ("distributed", "no_such_module"))
    with pytest.raises(EngineMissing, match="no_such_module"), use(lending(at)):
        pass
    assert jobs(at) == []


def test_the_operator_s_cluster_is_one_object(at: MemoryCluster) -> None:
    """Where its API is served; its pods are known by the operator's labels."""
    names = {"plural": "daskclusters", "kind": "DaskCluster"}
    spec = {"group": "kubernetes.dask.org", "scope": "Namespaced", "names": names}
    at.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "daskclusters.kubernetes.dask.org"},
            "spec": {**spec, "versions": [{"name": "v1", "served": True, "storage": True}]},
        }
    )
    found = lending(at, replace(manifests.Platform(), has_dask_operator=True))
    thread = threading.Thread(target=_operate, args=(at,))
    thread.start()
    with use(found) as cluster:
        address = cluster.access("train", {}).environment["DASK_SCHEDULER_ADDRESS"]
        assert address.startswith("tls://mail-dask-") and address.endswith("-scheduler.team-a.svc:8786")
    thread.join()
    assert at.list(Selection("kubernetes.dask.org/v1", "DaskCluster")) == ()


def _operate(at: MemoryCluster) -> None:
    [made] = _until(lambda: at.list(Selection("kubernetes.dask.org/v1", "DaskCluster")))
    owner = {"apiVersion": made["apiVersion"], "kind": made["kind"], "name": made["metadata"]["name"]}
    for role, number in (("scheduler", 0), ("worker", 0), ("worker", 1)):
        labels = made["metadata"]["labels"] | {"dask.org/component": role}
        metadata = {"name": f"{owner['name']}-{role}-{number}", "labels": labels}
        metadata["ownerReferences"] = [{**owner, "uid": made["metadata"]["uid"]}]
        spec = made["spec"][role]["spec"]
        pod = at.apply_as("operator", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}).thing
        at.set_status(ObjectRef.of(pod), ready(role, number))


def _until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found
