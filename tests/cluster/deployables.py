"""A project that is deployed on a real cluster, in a namespace that enforces `restricted`, and pods that ask it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cli.projects import Project
from contracts import cluster_places
from contracts.cluster_places import Place
from noteship.cluster import LogsOf, ObjectRef, Selection, Until, waiting
from noteship.operations import access

__all__ = ["HOST", "Deployable", "credentials", "endpoint", "missing_store", "needs", "opened", "until"]

REGISTRY = os.environ.get("CLUSTER_REGISTRY", "localhost:5000")
# By which pods reach the machine of the tests.
HOST = os.environ.get("CLUSTER_HOST", "")
LOCKED = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
TRAIN = """
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
rows = pd.read_csv('rows.csv')
model = LogisticRegression().fit(rows[['a', 'b']], rows['label'])
joblib.dump(model, 'model.joblib')
"""
SERVICE = f"""
[project]
name = "mail"
[image]
base = "{cluster_places.IMAGE}"
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
"""


@dataclass(frozen=True)
class Deployable:
    """A project with a bundle, and the namespace where it is deployed."""

    project: Project
    place: Place

    @property
    def namespace(self) -> str:
        """The tests' own."""
        return self.place.cluster.namespace

    def declare(self, kubernetes: str = "", tables: str = "") -> None:
        """Its settings: of `[kubernetes]`, and further tables."""
        self.project.write(
            "noteship.toml",
            f"""{SERVICE}
[kubernetes]
registry = "{REGISTRY}/noteship-test/{self.namespace}"
namespace = "{self.namespace}"
{kubernetes}
[kubernetes.resources]
cpu = "20m"
memory = "512Mi"
temporary = "100Mi"
{tables}""",
        )

    def deploy(self, *words: str) -> Any:
        """What a deployment says that ends well."""
        return self.project.json("deploy", *words)

    def learn(self) -> str:
        """A bundle of one row more."""
        self.project.write("rows.csv", self.project.text("rows.csv") + "100,3,yes\n")
        return str(self.project.json("run")["bundle"]["digest"])

    def keep(self, name: str, **values: str) -> None:
        """A Secret."""
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
        self.place.cluster.apply(secret)

    def token(self, account: str) -> str:
        """Of a service account, which is made; the cluster itself is who it is for."""
        assert isinstance(self.place, cluster_places.Real)
        self.place.space.make_account(account)
        return self.place.space.token(account)

    def live(self, version: str, kind: str, name: str = "mail") -> Any:
        """An object as the cluster has it, or None."""
        return self.place.cluster.get(ObjectRef(version, kind, name))

    def standing(self) -> Any:
        """What `noteship status` says."""
        [found] = self.project.json("status", "mail")["releases"]
        return found

    def begin(self, code: str, *words: str, secret: str = "mail-load") -> ObjectRef:
        """A Job whose one pod runs Python code, with a Secret's files in /secret."""
        name = f"asks-{secrets.token_hex(3)}"
        container = {
            "name": "main",
            "image": cluster_places.IMAGE,
            "command": ["python", "-c", code, *words],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "secret", "mountPath": "/secret"}],
        }
        spec = {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "secret", "secret": {"secretName": secret}}],
        }
        body = {"backoffLimit": 0, "template": {"metadata": {"labels": {"asks": name}}, "spec": spec}}
        made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": body}
        return ObjectRef.of(self.place.cluster.apply(made).thing)

    def said(self, job: ObjectRef) -> Any:
        """The JSON that such a pod printed, when it has ended."""
        last = list(waiting.for_job(self.place.cluster, job, Until(timeout_s=200)))[-1]
        [pod] = self.place.cluster.list(Selection("v1", "Pod", labels={"asks": job.name}))
        lines = "\n".join(self.place.cluster.logs(LogsOf(pod["metadata"]["name"])))
        assert last.state == "done", (last, lines)
        return json.loads(lines)


def trained(root: Path) -> Project:
    """A project with a lock and a bundle, that knows no cluster yet."""
    root.mkdir()
    project = Project(root)
    project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in LOCKED))
    project.write("rows.csv", "a,b,label\n" + "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(60)))
    project.write("train.py", TRAIN)
    project.write("noteship.toml", SERVICE)
    assert project.json("run")["bundle"]["digest"]
    return project


@contextmanager
def opened(like: Project, folder: Path) -> Iterator[Deployable]:
    """A copy of a project, in a namespace with Secrets for callers."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" not in cluster_places.IMAGE:
        pytest.skip("the cluster's base image has another Python")
    shutil.copytree(like.root, folder / "project")
    with cluster_places.opened("real", folder) as place:
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        name = {"name": place.cluster.namespace, "labels": labels}
        place.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": name})
        made = Deployable(Project(folder / "project"), place)
        token = access.issue("load", ("predict",), folder / "tokens").token
        made.keep("mail-tokens", tokens=(folder / "tokens").read_text())
        made.keep("mail-load", token=token)
        made.declare()
        yield made


def needs(group: str, addon: str) -> None:
    """Skip where the cluster does not serve an API."""
    from noteship.cluster import open_cluster

    if not os.environ.get("KUBECONFIG"):
        pytest.fail("these tests need a cluster, named by KUBECONFIG")
    cluster = open_cluster()
    try:
        if group not in cluster.groups():
            pytest.skip(f"the cluster has no {addon}: it does not serve {group}")
    finally:
        cluster.close()


def missing_store() -> str:
    """Why there is no object store that pods reach; empty where there is one."""
    lacking = [
        name for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not os.environ.get(name)
    ]
    return f"no object store: {', '.join(lacking)} are not set" if lacking else ""


def endpoint() -> str:
    """The object gateway that AWS_* name, as pods reach it."""
    found = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    host = HOST if found.hostname in ("127.0.0.1", "localhost") and HOST else found.hostname
    return f"{found.scheme}://{host}:{found.port or 80}"


def credentials() -> str:
    """A file of AWS's form."""
    keys = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    return "[default]\n" + "".join(f"{key} = {os.environ[name]}\n" for key, name in keys.items())


def until(looked: Callable[[], Any], seconds: float = 60) -> Any:
    """What is looked for, once it is there."""
    end = time.monotonic() + seconds
    while not (found := looked()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
    return found
