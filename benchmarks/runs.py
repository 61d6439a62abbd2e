"""What a run on a cluster costs: five trivial stages in a row, cold and cached, driven by noteship and by Argo.

Whole processes of `noteship run --on kubernetes`, as a user waits for them, image and push included; of Argo a Workflow
of what `noteship export argo` wrote, from its creation to its end. Beside these, the start of a pod of the same image
that does nothing. Registry and base are those of a cluster to test on, or named; AWS_* name the store.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ground
import obstore
import obstore.store

STAGES = 5
CONFLICT = 409
ENDED = ("Succeeded", "Failed", "Error")


def main() -> None:
    """Run both, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=os.environ.get("CLUSTER_BASE_IMAGE"))
    parser.add_argument("--registry", default=os.environ.get("CLUSTER_REGISTRY"))
    parser.add_argument("--bucket", default="noteship-bench", help="a bucket that is there or may be made")
    parser.add_argument("--calls", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.base or not arguments.registry or not os.environ.get("KUBECONFIG"):
        parser.error(
            "a cluster is needed: KUBECONFIG, CLUSTER_BASE_IMAGE and CLUSTER_REGISTRY, or --base and --registry"
        )
    if not os.environ.get("AWS_ENDPOINT_URL"):
        parser.error("a store that pods reach is needed: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder, ground.namespace() as namespace:
        bench = Bench(Path(folder), namespace, arguments)
        try:
            bench.measure(arguments.calls)
        finally:
            empty(arguments.bucket, namespace)


class Bench:
    """A project, and a namespace that is its own."""

    def __init__(self, place: Path, namespace: str, arguments: argparse.Namespace) -> None:
        self.namespace = namespace
        self.project, self.deploy, self.number = place / "project", place / "deploy", 0
        self.project.mkdir()
        keys = ("aws_access_key_id", "aws_secret_access_key")
        text = "[default]\n" + "".join(f"{key} = {os.environ[key.upper()]}\n" for key in keys)
        ground.secret("bench-store", namespace, credentials=text)
        ground.lock(self.project / "requirements.lock", ("ipykernel",))
        (self.project / "noteship.toml").write_text(
            f"""[project]
name = "bench"
[store]
url = "s3://{arguments.bucket}/{self.namespace}"
[image]
base = "{arguments.base}"
[kubernetes]
registry = "{arguments.registry}/{self.namespace}"
namespace = "{self.namespace}"
[kubernetes.store]
endpoint = "{for_pods(os.environ["AWS_ENDPOINT_URL"])}"
region = "us-east-1"
[kubernetes.run.resources]
cpu = "20m"
memory = "512Mi"
temporary = "300Mi"
"""
        )
        make_bucket(arguments.bucket)

    def measure(self, calls: int) -> None:
        """Cold and cached, each a few times."""
        self.changed()
        image = self.noteship("build")["image"]  # packages are fetched once
        starts = [self.pod_started(image, number) for number in range(calls)]
        show("a pod that does nothing, from creation to end", starts)
        own = statistics.median(starts)
        cold, cached = [], []
        for _ in range(calls):
            self.changed()
            cold.append(timed(lambda: self.noteship("run", "--on", "kubernetes")))
            cached.append(timed(lambda: self.noteship("run", "--on", "kubernetes")))
        show(f"noteship, {STAGES} stages cold", cold, per_stage=own)
        show(f"noteship, {STAGES} stages cached", cached)
        if "argoproj.io" not in ground.kubectl("api-versions"):
            print("the cluster has no Argo Workflows, so there is nothing beside it")
            return
        cold, cached = [], []
        for _ in range(calls):
            self.changed()
            self.noteship("export", "argo", "--discover", "--output", str(self.deploy))
            ground.kubectl("apply", "-f", str(self.deploy / "bench-argo.yaml"))
            cold.append(self.workflow())
            cached.append(self.workflow())
        show(f"Argo, {STAGES} stages cold, exported and applied before", cold, per_stage=own)
        show(f"Argo, {STAGES} stages cached", cached)

    def changed(self) -> None:
        """Other notebooks, so that nothing is cached."""
        self.number += 1
        for stage in range(STAGES):
            read = f"open('f{stage - 1}.txt').read() + " if stage else ""
            source = f"open('f{stage}.txt', 'w').write({read}'{self.number}')"
            ground.notebook(self.project / f"s{stage}.ipynb", source)

    def noteship(self, *words: str) -> Any:
        """The document of a call."""
        call = [*ground.NOTESHIP, *words, "--project", str(self.project), "--json"]
        answer = subprocess.run(call, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise SystemExit(answer.stderr)
        return json.loads(answer.stdout)

    def workflow(self) -> float:
        """Seconds from a Workflow's creation to its end."""
        name = f"run-{os.urandom(3).hex()}"
        spec = {"workflowTemplateRef": {"name": "bench-argo"}}
        own = {"name": name, "namespace": self.namespace}
        ground.apply({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": own, "spec": spec})
        found = ground.until(
            "workflow", name, self.namespace, lambda each: each.get("status", {}).get("phase") in ENDED
        )
        if found["status"]["phase"] != "Succeeded":
            raise SystemExit(f"the workflow ended as {found['status']['phase']}: {found['status'].get('message')}")
        return seconds(found["metadata"]["creationTimestamp"], found["status"]["finishedAt"])

    def pod_started(self, image: str, number: int) -> float:
        """Seconds from a pod's creation to its end, which comes as soon as Python has started."""
        name = f"start-{number}"
        container = {
            "name": "main",
            "image": image,
            "command": ["/opt/noteship/bin/python", "-c", "pass"],
            "securityContext": ground.CONTAINER,
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": ground.POD,
            "containers": [container],
        }
        own = {"name": name, "namespace": self.namespace}
        began = time.monotonic()
        ground.apply({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": spec})
        ground.until("pod", name, self.namespace, lambda each: each["status"].get("phase") in ENDED)
        return time.monotonic() - began


def for_pods(endpoint: str) -> str:
    """The store's address as pods have it, where this machine has another."""
    parts, host = urlsplit(endpoint), os.environ.get("CLUSTER_HOST")
    return (
        f"{parts.scheme}://{host}:{parts.port}" if host and parts.hostname in ("127.0.0.1", "localhost") else endpoint
    )


def make_bucket(name: str) -> None:
    """By a signed request, where there is none."""
    address = obstore.sign(obstore.store.S3Store(name), "PUT", "", timedelta(seconds=60))
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="PUT", data=b""), timeout=20):
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code != CONFLICT:  # it is there, and ours
                raise


def empty(bucket: str, prefix: str) -> None:
    """What runs have left in the store."""
    place = obstore.store.S3Store(bucket, prefix=prefix)
    for entries in place.list():
        obstore.delete(place, [each["path"] for each in entries])


def timed(call: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


def seconds(began: str, ended: str) -> float:
    """Between two times of the cluster."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def show(what: str, found: list[float], per_stage: float | None = None) -> None:
    """One line: the median, the range, and what a stage took above a pod's own start."""
    middle = statistics.median(found)
    above = f"   {middle / STAGES - per_stage:5.1f} s a stage above it" if per_stage is not None else ""
    print(f"{what:<52} {middle:6.1f} s   {min(found):5.1f} to {max(found):5.1f}{above}", flush=True)


if __name__ == "__main__":
    main()
