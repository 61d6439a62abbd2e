"""A project whose store pods reach, in a namespace that enforces `restricted`; and what befalls its pods."""

from __future__ import annotations

import os
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
from contracts import cluster_places, store_places
from contracts.cluster_places import Place
from noteship import store
from noteship.cluster import ObjectRef, Selection

REGISTRY = os.environ.get("CLUSTER_REGISTRY", "localhost:5000")
# Where pods find the object gateway that AWS_* name; here it may be behind another address.
HOST = os.environ.get("CLUSTER_HOST", "")
NEEDED = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def endpoint() -> str:
    """The gateway, as pods reach it."""
    found = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    host = HOST if found.hostname in ("127.0.0.1", "localhost") and HOST else found.hostname
    return f"{found.scheme}://{host}:{found.port or 80}"


@dataclass(frozen=True)
class Away:
    """A project that runs on a cluster."""

    project: Project
    place: Place
    url: str

    def declare(self, more: str = "") -> None:
        """Its settings; `more` are tables."""
        self.project.write(
            "noteship.toml",
            f"""[project]
name = "mail"
[store]
url = "{self.url}"
[image]
base = "{cluster_places.IMAGE}"
[kubernetes]
registry = "{REGISTRY}/noteship-test/{self.place.cluster.namespace}"
namespace = "{self.place.cluster.namespace}"
[kubernetes.store]
endpoint = "{endpoint()}"
region = "us-east-1"
[kubernetes.run.resources]
cpu = "20m"
memory = "512Mi"
temporary = "300Mi"
{more}""",
        )

    def chain(self, *waits: float) -> None:
        """Notebooks that hand a file on: f0.txt, f1.txt and so on; each waits for so many seconds before it writes."""
        for number, wait in enumerate(waits):
            read = f"open('f{number - 1}.txt').read() + " if number else ""
            cells = (f"import time; time.sleep({wait})", f"open('f{number}.txt', 'w').write({read}'{number}')")
            self.project.notebook(f"s{number}", *cells)

    def run(self, *words: str) -> Any:
        """The document of a run on the cluster that ends well."""
        return self.project.json("run", "--on", "kubernetes", *words)

    def begun(self) -> str:
        """Hand a run over, and give its name."""
        return str(self.run("--detach")["submission"])

    def pods(self, component: str) -> list[Any]:
        """Those that are there, of drivers or of stages."""
        labels = {"app.kubernetes.io/component": component, "noteship.dev/run": None}
        return list(self.place.cluster.list(Selection("v1", "Pod", labels=labels)))

    def jobs(self) -> list[str]:
        """The Jobs of stages."""
        labels = {"app.kubernetes.io/component": "stage"}
        found = self.place.cluster.list(Selection("batch/v1", "Job", labels=labels))
        return [str(each["metadata"]["name"]) for each in found]

    def delete(self, pod: Any) -> None:
        """As somebody who is in a hurry does."""
        self.place.cluster.delete(ObjectRef("v1", "Pod", pod["metadata"]["name"]), uid=pod["metadata"]["uid"])

    def running(self, component: str, part: str = "") -> Any:
        """The pod of this component that runs, once there is one."""
        found = until(lambda: [each for each in self.pods(component) if is_running(each, part)])
        return found[0]


def is_running(pod: Any, part: str) -> bool:
    return part in pod["metadata"]["name"] and (pod.get("status") or {}).get("phase") == "Running"


def until(looked: Callable[[], Any], seconds: float = 60) -> Any:
    """What is looked for, once it is there."""
    end = time.monotonic() + seconds
    while not (found := looked()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
    return found


@contextmanager
def opened(project: Project, folder: Path) -> Iterator[Away]:
    """A namespace, a prefix in the tests' bucket, and a Secret that leads there."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"runs on a cluster need an object store that pods reach: {', '.join(missing)} are not set")
    if f"{sys.version_info.major}.{sys.version_info.minor}" not in cluster_places.IMAGE:
        pytest.skip("the cluster's base image has another Python")
    with cluster_places.opened("real", folder) as place, store_places.on_gateway() as bucket:
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        name = {"name": place.cluster.namespace, "labels": labels}
        place.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": name})
        keys = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
        text = "[default]\n" + "".join(f"{key} = {os.environ[name]}\n" for key, name in keys.items())
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mail-store"}}
        place.cluster.apply({**secret, "stringData": {"credentials": text}})
        project.write("requirements.lock", f"ipykernel=={metadata.version('ipykernel')}\n")
        away = Away(project, place, bucket.url)
        away.declare()
        yield away


def objects(away: Away) -> store.Store:
    """The project's store."""
    return store.open_store(away.url, away.project.root)
