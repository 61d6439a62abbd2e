"""Clusters of tasks on a real Kubernetes: a stage's own, in a namespace that enforces `restricted`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement

from cli.projects import Project, project
from clients.environments import CLIENTS, environment
from cluster import run_places
from cluster.run_places import Away, until
from noteship.cluster import ObjectRef, Selection, bucket_claims

__all__ = ["project"]

pytestmark = pytest.mark.cluster
OPERATED = "kubernetes.dask.org/v1"
CLUSTER = """
[stage.spread]
cluster = { engine = "dask", workers = 2, memory = "400Mi", cpu = "50m" }
"""
# Of the project, for tasks in whichever pod.
HELPERS = """
import socket, time
def where(number):
    time.sleep(0.3)
    return number, socket.gethostname()
"""
SPREAD = """
import json, helpers
from dask.distributed import get_client
client = get_client()
found = client.gather(client.map(helpers.where, range(20), pure=False))
json.dump([found, client.scheduler.address], open('found.json', 'w'))
"""
LONG = """
import json, time, helpers
from dask.distributed import get_client, as_completed
client = get_client()
def slow(n):
    time.sleep(1.5)
    return helpers.where(n)
futures = client.map(slow, range(30), pure=False)
found = [future.result() for future in as_completed(futures)]
json.dump(found, open('found.json', 'w'))
"""


@contextmanager
def alone(how: int) -> Iterator[None]:
    """What is served by the whole cluster is seen by everybody: no other test asks for clusters of tasks meanwhile."""
    with Path(tempfile.gettempdir(), "noteship-tests-dask.lock").open("w") as lock:
        fcntl.flock(lock, how)
        yield


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    with alone(fcntl.LOCK_SH), asking_for_dask(project, tmp_path) as found:
        yield found


@contextmanager
def asking_for_dask(project: Project, tmp_path: Path) -> Iterator[Away]:
    """A project whose stage asks for a cluster of its own."""
    with run_places.opened(project, tmp_path) as found:
        names = sorted(needed("ipykernel", "dask", "distributed", "cryptography", "joblib"))
        project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in names))
        project.write("helpers.py", HELPERS)
        found.declare(CLUSTER)
        yield found


def needed(*names: str) -> set[str]:
    """These distributions, and all that they need here."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            each = Requirement(text)
            if not each.marker or each.marker.evaluate({"extra": ""}):
                left.append(each.name.lower().replace("_", "-"))
    return found


def pods(away: Away, role: str) -> list[Any]:
    labels = {"noteship.dev/role": role}
    return list(away.place.cluster.list(Selection("v1", "Pod", labels=labels)))


def delivered(away: Away) -> Any:
    """What the stage wrote: all is cached, so that a run here only fetches it."""
    assert {each["state"] for each in away.project.json("run")["stages"]} == {"reused"}
    return json.loads(away.project.text("found.json"))


def names(found: list[Any]) -> set[str]:
    return {str(each["metadata"]["name"]) for each in found}


def is_gone(away: Away) -> bool:
    labels = {"noteship.dev/cluster": None}
    kinds = (("v1", "Pod"), ("batch/v1", "Job"))
    return not any(away.place.cluster.list(Selection(*kind, labels=labels)) for kind in kinds)


def seen(away: Away, role: str, count: int) -> list[Any]:
    """Its pods that run, once there are so many."""

    def found() -> list[Any]:
        there = [each for each in pods(away, role) if (each.get("status") or {}).get("phase") == "Running"]
        return there if len(there) >= count else []

    return list(until(found, 240))


def test_tasks_run_in_the_pods_of_a_stage_s_cluster(away: Away) -> None:
    """In both workers, with the project's modules and in the stage's folder; afterwards nothing of it is left."""
    away.project.notebook("spread", SPREAD)
    name = away.begun()
    workers = names(seen(away, "worker", 2))
    document = away.project.json("runs", "--follow", name)
    assert document["state"] == "done", document
    found, address = delivered(away)
    assert {host for _, host in found} == workers and address.startswith("tls://mail-dask-")
    [stage] = document["stages"]
    assert "it had a Dask cluster made for it on Kubernetes: 2 workers with 1 thread and 400 MiB" in str(stage["notes"])
    until(lambda: is_gone(away), 60)


def test_a_killed_worker_is_replaced(away: Away) -> None:
    """Its tasks are done elsewhere, another pod takes its place, and the stage notes it."""
    away.project.notebook("spread", LONG)
    name = away.begun()
    first = seen(away, "worker", 2)
    away.running("stage")
    away.delete(first[0])
    until(lambda: names(pods(away, "worker")) - names(first))
    document = away.project.json("runs", "--follow", name)
    [stage] = document["stages"]
    assert document["state"] == "done" and "a worker of the cluster ended" in str(stage["notes"]), stage
    found = delivered(away)
    assert {number for number, _ in found} == set(range(30))
    until(lambda: is_gone(away))


def test_a_killed_scheduler_lets_the_stage_begin_again(away: Away) -> None:
    """With a cluster made anew; nothing of either is left."""
    away.project.notebook("spread", LONG)
    name = away.begun()
    [scheduler] = seen(away, "scheduler", 1)
    away.running("stage")
    away.delete(scheduler)
    document = away.project.json("runs", "--follow", name)
    [stage] = document["stages"]
    assert document["state"] == "done" and "its cluster went away" in str(stage["notes"]), stage
    assert "it was begun again" in str(stage["notes"])
    until(lambda: is_gone(away))


def test_a_killed_driver_finds_cluster_and_stage_again(away: Away) -> None:
    """There is one scheduler and one stage in all, and the run ends well."""
    away.project.notebook("spread", LONG)
    name = away.begun()
    before = names(seen(away, "scheduler", 1))
    away.running("stage")
    away.delete(away.running("driver"))
    after = set[str]()

    def is_over() -> bool:
        after.update(names(pods(away, "scheduler")))
        return is_gone(away)

    until(is_over, 150)
    document = away.project.json("runs", "--follow", name)
    assert (document["state"], after, len(away.jobs())) == ("done", before, 1), document


def test_no_key_is_in_what_the_cluster_keeps(away: Away) -> None:
    """Neither in a manifest nor in a variable of a pod, and no Secret was made; only the tests' own is there."""
    away.project.notebook("spread", SPREAD)
    name = away.begun()
    seen(away, "worker", 2)
    kept = [*pods(away, "worker"), *pods(away, "scheduler"), *away.pods("driver")]
    kept += away.place.cluster.list(Selection("batch/v1", "Job"))
    text = json.dumps(kept)
    assert "PRIVATE KEY" not in text and os.environ["AWS_SECRET_ACCESS_KEY"] not in text
    assert names(list(away.place.cluster.list(Selection("v1", "Secret")))) == {"mail-store"}
    assert not [each for each in pods(away, "worker") if each["spec"]["automountServiceAccountToken"]]
    away.project.json("runs", "--stop", name)
    until(lambda: is_gone(away))


def test_the_store_is_the_bucket_of_a_claim(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and in pods who asks it is read of the claim; the keys of a stage's cluster are made of that, too."""
    cluster = away.place.cluster
    if not cluster.resources(bucket_claims.API):
        pytest.skip("the cluster serves no object bucket claims")
    bucket, _, prefix = away.url.removeprefix("s3://").partition("/")
    provided(away, bucket)
    text = away.project.text("noteship.toml")
    text = text.replace(f'url = "{away.url}"', f'url = "obc://team-bucket/{prefix}"')
    away.project.write("noteship.toml", re.sub(r"\[kubernetes.store\]\n.*\n.*\n", "", text))
    away.project.notebook("spread", SPREAD)
    with monkeypatch.context() as without:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            without.delenv(name)
        without.setenv("AWS_SHARED_CREDENTIALS_FILE", str(away.project.root / "none"))
        document = away.run()
        assert document["state"] == "done" and len(delivered(away)[0]) == 20, document
    [pod] = away.pods("stage")
    assert "mail-store" not in json.dumps(pod) and "team-bucket" in json.dumps(pod["spec"]["volumes"])


def provided(away: Away, bucket: str) -> None:
    """A claim of a bucket that is there, bound as a provisioner does it."""
    found = urlsplit(run_places.endpoint())
    told = {"BUCKET_NAME": bucket, "BUCKET_HOST": str(found.hostname), "BUCKET_PORT": str(found.port)}
    keys = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    metadata = {"name": "team-bucket", "namespace": away.place.cluster.namespace}
    claim = {"apiVersion": bucket_claims.API, "kind": "ObjectBucketClaim", "metadata": metadata}
    away.place.apply_as("team", {**claim, "spec": {"storageClassName": "ceph-bucket"}})
    away.place.apply_as(
        "provisioner",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {**told, "BUCKET_REGION": "us-east-1"}},
    )
    away.place.apply_as("provisioner", {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": keys})
    away.place.set_status(ObjectRef(bucket_claims.API, "ObjectBucketClaim", "team-bucket"), {"phase": "bound"})


@pytest.fixture
def operated(project: Project, tmp_path: Path) -> Iterator[Away]:
    """Where Dask's operator is; where it is not, it is brought for as long as the test takes."""
    with alone(fcntl.LOCK_EX), asking_for_dask(project, tmp_path) as found:
        if found.place.cluster.resources(OPERATED):
            yield found
            return
        python = environment(CLIENTS / "dask-operator.txt", tmp_path / "operator")
        crds = sorted(python.parents[1].glob("lib/*/site-packages/dask_kubernetes/operator/deployment/**/crds/*.yaml"))
        kinds = [yaml.safe_load(each.read_text(encoding="utf-8")) for each in crds]
        try:
            for each in kinds:
                found.place.cluster.apply(each)
            until(lambda: found.place.cluster.resources(OPERATED))
            with operator(python, found):
                yield found
        finally:
            for each in kinds:
                found.place.cluster.delete(ObjectRef.of(each))


@contextmanager
def operator(python: Path, away: Away) -> Iterator[None]:
    """Its controller, for this namespace."""
    words = [python.with_name("kopf"), "run", "--standalone", "--namespace", away.place.cluster.namespace]
    process = subprocess.Popen(
        [*words, "--module", "dask_kubernetes.operator.controller"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_a_dask_cluster_is_asked_for_where_its_operator_is(operated: Away) -> None:
    """The pods that it makes of what it is told are a cluster that a stage finds; with the DaskCluster they go."""
    operated.project.notebook("spread", SPREAD)
    document = operated.run()
    assert document["state"] == "done", document
    found, address = delivered(operated)
    assert len({host for _, host in found}) == 2
    labels = {"noteship.dev/cluster": None}
    cluster = operated.place.cluster
    until(lambda: not cluster.list(Selection("v1", "Pod", labels=labels)))
    assert not cluster.list(Selection("kubernetes.dask.org/v1", "DaskCluster"))
    assert address.startswith("tls://")
