"""The evaluator beside a release on a real cluster, with its windows in a real object store."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.projects import Project, project
from cluster.test_cluster_deploy import LOAD
from cluster.test_cluster_images import REGISTRY, SETTINGS, place, trained
from contracts import cluster_places, store_places
from contracts.cluster_places import Place
from noteship import monitor, store
from noteship.cluster import LogsOf, ObjectRef, Selection
from noteship.operations import access
from noteship.store.s3 import S3Bucket

__all__ = ["place", "project", "trained"]

pytestmark = pytest.mark.cluster
WINDOW_S = 10
OWN = {"app.kubernetes.io/component": "evaluator"}
# For ever, or until it is deleted: what is asked is the release's to say.
ENDLESS = LOAD.replace("(len(seen) == 2 and order[-50:] == order[:1] * 50)", "False")


@pytest.fixture
def objects() -> Iterator[store.Store]:
    """A fresh prefix of a bucket on the gateway that AWS_* name."""
    if not os.environ.get("AWS_ACCESS_KEY_ID") or not os.environ.get("CLUSTER_HOST"):
        pytest.skip("windows of pods are in an object store, named by AWS_*, which they reach at CLUSTER_HOST")
    store_places.make_bucket(store_places.TEST_BUCKET)
    bucket = S3Bucket(store_places.TEST_BUCKET, f"t-{secrets.token_hex(6)}")
    yield store.Store(bucket)
    for entry in bucket.list(""):
        bucket.delete(entry.key)


@pytest.fixture
def deployable(place: Place, project: Project, objects: store.Store, request: pytest.FixtureRequest) -> Project:
    """A project with its store on the gateway, and the Secrets of its pods."""
    trained = request.getfixturevalue("trained")
    declare(trained, place, objects)
    trained.json("run")
    file = trained.root.parent / "tokens"
    token = access.issue("load", ("predict",), file).token
    profile = "[default]\naws_access_key_id = {AWS_ACCESS_KEY_ID}\naws_secret_access_key = {AWS_SECRET_ACCESS_KEY}\n"
    for name, key, text in (
        ("mail-tokens", "tokens", file.read_text()),
        ("mail-load", "token", token),
        ("mail-store", "credentials", profile.format(**os.environ)),
    ):
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {key: text}}
        place.cluster.apply(made)
    return trained


def declare(project: Project, place: Place, objects: store.Store) -> None:
    """With windows of seconds, and the store at the address that pods see."""
    host = os.environ["CLUSTER_HOST"]
    project.write(
        "noteship.toml",
        f"""{SETTINGS}
[project]
name = "mail"
[store]
url = "{objects.url}"
[monitor]
window = "{WINDOW_S}s"
[image]
base = "{cluster_places.IMAGE}"
[kubernetes]
registry = "{REGISTRY}/noteship-test/{project.root.parent.name.lower()}"
namespace = "{place.cluster.namespace}"
[kubernetes.store]
endpoint = "http://{host}:7480"
[kubernetes.resources]
cpu = "20m"
memory = "512Mi"
temporary = "100Mi"
""",
    )


def until(is_so: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.5)


def asking(place: Place) -> ObjectRef:
    """A pod that asks the release again and again."""
    url = f"http://mail.{place.cluster.namespace}.svc/predict"
    container = {
        "name": "main",
        "image": cluster_places.IMAGE,
        "command": ["python", "-c", ENDLESS, url, "600"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "token", "mountPath": "/token"}],
    }
    spec = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "token", "secret": {"secretName": "mail-load"}}],
    }
    return ObjectRef.of(
        place.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "load"}, "spec": spec}).thing
    )


def windows_of(objects: store.Store, version: str) -> monitor.Windows:
    return monitor.Windows(objects, monitor.Place("mail", "mail", version))


def says(place: Place) -> str:
    """What the evaluator's pods have said."""
    pods = place.cluster.list(Selection("v1", "Pod", labels=OWN))
    return "\n".join(line for each in pods for line in place.cluster.logs(LogsOf(each["metadata"]["name"])))


def test_windows_are_closed_by_the_evaluator_also_when_nobody_serves(
    deployable: Project, place: Place, objects: store.Store, tmp_path: Path
) -> None:
    """It closes windows of rows that were asked, those of pods that are gone, and of the bundle that comes next."""
    first = deployable.json("deploy")
    status = deployable.json("status", "mail")["releases"]
    assert [each["release"] for each in status] == ["mail"]
    load = asking(place)
    windows = windows_of(objects, first["bundle"])
    until(lambda: len(windows.decided()) >= 2, "no window was closed")
    until(lambda: "mail, window " in says(place), "the evaluator has closed none")
    assert deployable.json("status", "mail")["releases"][0]["evaluator"]["state"] == "done"
    # Who served is gone, with nobody left but the evaluator.
    place.cluster.delete(ObjectRef("apps/v1", "Deployment", "mail"))
    until(lambda: not place.cluster.list(Selection("v1", "Pod", labels={"app.kubernetes.io/component": "service"})), "")
    last = max(windows.starts())
    until(lambda: last in windows.decided(), "the last window of pods that are gone was not closed")
    deployable.write("rows.csv", deployable.text("rows.csv") + "100,3,yes\n")
    deployable.json("run")
    second = deployable.json("deploy")
    assert second["bundle"] != first["bundle"]
    following = windows_of(objects, second["bundle"])
    until(lambda: bool(following.decided()), "the evaluator does not follow")
    until(lambda: second["bundle"][:12] in says(place), "the evaluator has not found the new version")
    assert deployable.json("status", "mail")["releases"][0]["as_recorded"]
    place.cluster.delete(load)
    deployable.json("undeploy")
    for kind in ("Deployment", "NetworkPolicy"):
        version = "apps/v1" if kind == "Deployment" else "networking.k8s.io/v1"
        assert place.cluster.get(ObjectRef(version, kind, "mail-evaluator")) is None
