"""An image made without Docker, run by a real cluster: by any user, on a root that nobody writes to, `restricted`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import waiting
from noteship.cluster.cluster import LogsOf, ObjectRef, Selection, Until

__all__ = ["project"]

pytestmark = pytest.mark.cluster
LONG = Until(timeout_s=180)
REGISTRY = os.environ.get("CLUSTER_REGISTRY", "localhost:5000")
LOCKED = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
TRAIN = """
import helpers
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
rows = pd.read_csv('rows.csv')
model = LogisticRegression().fit(rows[['a', 'b']], rows['label'])
joblib.dump(model, 'model.joblib')
"""
SETTINGS = """
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
"""
# Asked in a pod: which modules a service compiles from source, and whether all byte code is of the interpreter there.
COMPILED = """
import importlib.util, json, marshal, pathlib, platform, subprocess, sys
code = "import noteship.serving, noteship.operations.serve, pandas, scipy.stats, skops.io, sklearn.linear_model"
said = subprocess.run([sys.executable, "-v", "-c", code], capture_output=True, text=True, check=True).stderr
sources = [line for line in said.splitlines() if line.startswith("# code object from /opt/noteship/")]
# Some look what is in scikit-learn, empty packages of tests included.
sources = [line for line in sources if "/tests/" not in line]
found = [path.read_bytes() for path in pathlib.Path("/opt/noteship").rglob("*.pyc")]
good = [marshal.loads(data[16:]) for data in found if data.startswith(importlib.util.MAGIC_NUMBER)]
print(json.dumps([platform.python_version(), sources, len(found), len(good)]))
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with cluster_places.opened("real", tmp_path) as opened:
        opened.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {
                    "name": opened.cluster.namespace,
                    "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
                },
            }
        )
        yield opened


@pytest.fixture
def trained(project: Project) -> Project:
    """A project with a lock and a bundle."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" not in cluster_places.IMAGE:
        pytest.skip("the cluster's base image has another Python")
    project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in LOCKED))
    project.write("rows.csv", "a,b,label\n" + "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(60)))
    project.write("helpers.py", "text = 'from the project'\n")
    project.write("train.py", TRAIN)
    project.write("noteship.toml", SETTINGS)
    assert project.json("run")["bundle"]["digest"]
    return project


def pod(name: str, image: str, user: int, group: int, args: list[str]) -> dict[str, Any]:
    """As OpenShift and Pod Security `restricted` would have it."""
    container = {
        "name": "main",
        "image": image,
        "args": args,
        "securityContext": {
            **cluster_places.RESTRICTED,
            "readOnlyRootFilesystem": True,
            "runAsUser": user,
            "runAsGroup": group,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "200Mi"}}],
    }
    job = {"backoffLimit": 0, "template": {"metadata": {"labels": {"job": name}}, "spec": spec}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": job}


def ended(place: Place, job: dict[str, Any]) -> tuple[str, str]:
    """How a job ended, and what it said."""
    place.cluster.apply(job)
    name = job["metadata"]["name"]
    last = list(waiting.for_job(place.cluster, ObjectRef.of(job), LONG))[-1]
    [run] = place.cluster.list(Selection("v1", "Pod", labels={"job": name}))
    return last.state, "\n".join(place.cluster.logs(LogsOf(run["metadata"]["name"])))


def test_an_image_runs_as_anybody_and_writes_nowhere(place: Place, trained: Project, tmp_path: Path) -> None:
    """It scores a file with the model in it, as a random user of a random group, and of group 0 as OpenShift has it."""
    words = ("build", "--base", cluster_places.IMAGE, "--to", f"{REGISTRY}/noteship-test/{tmp_path.name.lower()}")
    built = trained.json(*words)
    image = f"{built['image'].partition('@')[0].rpartition(':')[0]}@{built['digest']}"
    score = ["score", "/bundle", "/project/rows.csv", "/tmp/scores.jsonl", f"--trust-source={built['bundle']}"]
    for number, (user, group) in enumerate(((123_456, 7_777), (1_000_650_000, 0))):
        state, said = ended(place, pod(f"score-{number}", image, user, group, score))
        assert (state, "60 rows in" in said) == ("done", True), said
    # A stage's worker is the same image: its project is there, without what stages make.
    state, said = ended(place, pod("graph", image, 123_456, 7_777, ["graph", "--json", "--project", "/project"]))
    assert state == "done", said
    assert [each["name"] for each in json.loads(said)["stages"]] == ["train"]
    # Its byte code was compiled here, by a release of Python that the base need not have.
    asked = pod("compiled", image, 123_456, 7_777, [])
    asked["spec"]["template"]["spec"]["containers"][0]["command"] = ["python", "-c", COMPILED]
    state, said = ended(place, asked)
    assert state == "done", said
    _, sources, found, good = json.loads(said)
    assert sources == [] and found == good > 1_000
    # Another one each time: the registry may remember.
    trained.write("helpers.py", f"text = 'from {tmp_path}, changed'\n")
    again = trained.json(*words)
    assert again["sent"]["layers"] == 2 and again["sent"]["size_bytes"] < 1_000_000
