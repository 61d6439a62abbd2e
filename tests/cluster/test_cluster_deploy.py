"""A release on a real cluster, in a namespace that enforces `restricted`: up, under load, changed, failed, back."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from cluster.test_cluster_images import REGISTRY, SETTINGS, place, trained
from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import LogsOf, ObjectRef, Selection, Until, waiting
from noteship.operations import access, patience

__all__ = ["place", "project", "trained"]

pytestmark = pytest.mark.cluster
# Asks until another version has answered and the first one does again, or for so long; says what it saw.
LOAD = """
import collections, json, sys, time, urllib.request
url, seconds = sys.argv[1], float(sys.argv[2])
token = open('/token/token').read()
body = json.dumps({'rows': [{'a': 0, 'b': 0}]}).encode()
seen, order, failed, end = collections.Counter(), [], [], time.monotonic() + seconds
while time.monotonic() < end and not (len(seen) == 2 and order[-50:] == order[:1] * 50):
    try:
        asked = urllib.request.Request(url, body, {'Authorization': 'Bearer ' + token})
        order.append(json.load(urllib.request.urlopen(asked, timeout=10))['version'])
        seen[order[-1]] += 1
    except Exception as error:
        failed.append(repr(error))
    time.sleep(0.02)
print(json.dumps({'asked': sum(seen.values()), 'failed': failed[:5], 'versions': sorted(seen)}))
"""


@pytest.fixture
def deployable(place: Place, trained: Project, tmp_path: Path) -> Project:
    """A project whose callers have a token."""
    declare(trained, place, tmp_path)
    file = tmp_path / "tokens"
    token = access.issue("load", ("predict",), file).token
    for name, key, text in (("mail-tokens", "tokens", file.read_text()), ("mail-load", "token", token)):
        place.cluster.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {key: text}}
        )
    return trained


def declare(project: Project, place: Place, folder: Path, memory: str = "512Mi", replicas: int = 1) -> None:
    project.write(
        "noteship.toml",
        f"""{SETTINGS}
[project]
name = "mail"
[image]
base = "{cluster_places.IMAGE}"
[kubernetes]
registry = "{REGISTRY}/noteship-test/{folder.name.lower()}"
namespace = "{place.cluster.namespace}"
replicas = {replicas}
[kubernetes.resources]
cpu = "20m"
memory = "{memory}"
temporary = "100Mi"
""",
    )


def load(place: Place, seconds: float) -> ObjectRef:
    """A pod that asks the release through its Service."""
    name = f"load-{secrets.token_hex(3)}"
    url = f"http://mail.{place.cluster.namespace}.svc/predict"
    container = {
        "name": "main",
        "image": cluster_places.IMAGE,
        "command": ["python", "-c", LOAD, url, str(seconds)],
        "securityContext": cluster_places.RESTRICTED,
        "volumeMounts": [{"name": "token", "mountPath": "/token"}],
    }
    spec = {
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{"name": "token", "secret": {"secretName": "mail-load"}}],
    }
    job = {"backoffLimit": 0, "template": {"metadata": {"labels": {"load": name}}, "spec": spec}}
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": job}
    return ObjectRef.of(place.cluster.apply(made).thing)


def said(place: Place, job: ObjectRef) -> str:
    """What a job's pod printed, when it has ended."""
    last = list(waiting.for_job(place.cluster, job, Until(timeout_s=200)))[-1]
    [pod] = place.cluster.list(Selection("v1", "Pod", labels={"load": job.name}))
    lines = "\n".join(place.cluster.logs(LogsOf(pod["metadata"]["name"])))
    assert last.state == "done", (last, lines)
    return lines


def asked_as_told(commands: list[str], place: Place) -> str:
    """What the lines that `deploy` prints answer, pasted into a shell at once."""
    secret = place.cluster.get(ObjectRef("v1", "Secret", "mail-load"))
    assert secret is not None
    token = base64.b64decode(secret["data"]["token"]).decode()
    lines = ["trap 'kill $(jobs -p)' EXIT", *commands]
    shell = ["bash", "-c", "\n".join(lines)]
    done = subprocess.run(shell, env={**os.environ, "TOKEN": token}, capture_output=True, text=True, timeout=60)
    # What the way in says of itself comes before.
    return done.stdout[done.stdout.find("{") :]


def standing(project: Project) -> Any:
    [found] = project.json("status", "mail")["releases"]
    return found


def test_a_release_is_rolled_without_a_failed_request(deployable: Project, place: Place, tmp_path: Path) -> None:
    """Deployed, changed under load, looked at, rolled back and taken away; callers saw two versions and no fault."""
    first = deployable.json("deploy", "--reason", "the first")
    assert (first["state"], first["ready"], first["sent"]) == ("done", 1, True)
    assert deployable.json("render", "--discover", "--image", first["image"])["digest"] == first["digest"]
    assert json.loads(asked_as_told(first["calling"]["commands"], place))["version"] == first["bundle"][:12]
    deployable.write("rows.csv", deployable.text("rows.csv") + "100,3,yes\n")
    deployable.json("run")
    asking = load(place, 150)
    second = deployable.json("deploy", "--reason", "one row more")
    assert second["bundle"] != first["bundle"] and second["record"]["before"] == first["record"]["id"]
    back = deployable.json("rollback")
    assert back["to"]["id"] == first["record"]["id"]
    told = said(place, asking)
    assert '"failed": []' in told and first["bundle"][:12] in told and second["bundle"][:12] in told, told
    at = standing(deployable)
    assert (at["bundle"], at["as_recorded"], at["pods"]["ready"]) == (first["bundle"], True, 1)
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mail"}, "spec": {"replicas": 2}}
    place.apply_as("somebody", scaled)
    assert "somebody" in standing(deployable)["differs"][0]
    deployable.json("undeploy")
    assert place.cluster.get(ObjectRef("v1", "Secret", "mail-tokens"))
    for version, kind in (("apps/v1", "Deployment"), ("v1", "Service"), ("networking.k8s.io/v1", "NetworkPolicy")):
        assert place.cluster.get(ObjectRef(version, kind, "mail")) is None


def test_a_release_that_fails_goes_back(
    deployable: Project, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little memory: told so, with the release before back, and its pod the one that it was."""
    monkeypatch.setattr(patience, "PATIENCE_S", 5.0)
    deployable.json("deploy")

    def pods() -> set[str]:
        labels = {"app.kubernetes.io/instance": "mail"}
        return {str(each["metadata"]["name"]) for each in place.cluster.list(Selection("v1", "Pod", labels=labels))}

    before = pods()
    declare(deployable, place, tmp_path, memory="40Mi")
    answer = deployable.call("deploy")
    assert answer.code == 1 and "used more than its memory limit of 40Mi" in answer.err, answer.err
    assert "serves as it did all the time" in answer.err
    at = standing(deployable)
    assert (at["pods"]["state"], at["as_recorded"], at["history"][0]["state"]) == ("done", True, "failed")
    assert before <= pods()


def test_all_faults_are_told_before_anything_is_sent(deployable: Project, place: Place, tmp_path: Path) -> None:
    """A quota without room, a Secret that is gone, and somebody else's Service; then nothing is there."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    place.cluster.apply({**quota, "spec": {"hard": {"requests.memory": "256Mi"}}})
    place.cluster.delete(ObjectRef("v1", "Secret", "mail-tokens"))
    spec = {"ports": [{"port": 80}], "selector": {"app": "other"}}
    place.apply_as("helm", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mail"}, "spec": spec})
    answer = deployable.call("deploy")
    assert answer.code == 1, answer.err
    for each in ("the quota small leaves", "the Secret mail-tokens is not there", "belongs to somebody else"):
        assert each in answer.err, answer.err
    assert place.cluster.get(ObjectRef("apps/v1", "Deployment", "mail")) is None
