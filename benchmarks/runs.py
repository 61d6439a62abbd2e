"""What a run on a cluster costs: five trivial notebooks in a chain, cold and cached, beside the same five under Argo.

Whole processes of `noteship run --on kubernetes`, as a user waits for them, in a namespace that enforces `restricted`
and with a store that pods reach (`AWS_*`). A stage's time is from the Job's making to the next stage's, its overhead
that less what the stage itself took, and less what a pod of the image takes that does nothing. Where the cluster has
Argo Workflows, what `noteship export argo` gives runs in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from noteship import cluster
from noteship.cluster import Cluster, ObjectRef, Selection

NOTESHIP = (sys.executable, "-m", "noteship")
STAGES = 5
LIMIT_S = 300.0
ARGO = "argoproj.io/v1alpha1"
ENDED = ("Succeeded", "Failed", "Error")


def main() -> None:
    """Run, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--bucket", required=True, help="a bucket of the gateway that AWS_* name, below which is written"
    )
    parser.add_argument(
        "--base", default=os.environ.get("CLUSTER_BASE_IMAGE"), help="an image with this Python's minor"
    )
    parser.add_argument("--registry", default=os.environ.get("CLUSTER_REGISTRY"), help="where repositories may be made")
    parser.add_argument("--calls", type=int, default=3)
    arguments = parser.parse_args()
    at = cluster.open_cluster()
    with namespace(at) as name, tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        root = Path(folder) / "project"
        cold, stages, argo, cached = [], [], [], []
        write(root, name, arguments, "image")
        run(root)  # the image's layers and the node's copy of it
        image = pod_image(at, name)
        for number in range(arguments.calls):
            clear(at, name)
            write(root, name, arguments, f"cold-{number}")
            took, document = run(root)
            cold.append(took)
            stages.append((document["seconds"] / STAGES, sum(each["seconds"] for each in document["stages"]) / STAGES))
            cached.append(run(root)[0])
            if "argoproj.io" in at.groups():
                write(root, name, arguments, f"argo-{number}")
                argo.append(under_argo(at, name, root) / STAGES)
        alone = [pod_alone(at, name, image, number) for number in range(arguments.calls)]
    per_stage, own = statistics.median(each[0] for each in stages), statistics.median(each[1] for each in stages)
    start = statistics.median(alone)
    show("five stages cold, from the command to the files", statistics.median(cold), "")
    show("a stage of them, from one to the next", per_stage, "")
    show("  of that, what the stage itself took", own, "")
    show("  a pod of the image that does nothing", start, "")
    show("  overhead beside these two", per_stage - own - start, "at most 3 s")
    show("five stages cached", statistics.median(cached), "at most 3 s")
    if argo:
        show("a step of the same under Argo Workflows", statistics.median(argo), "")


def show(what: str, seconds: float, aim: str) -> None:
    """One row of the table."""
    print(f"| {what} | {seconds:.1f} s | {aim} |")


@contextmanager
def namespace(at: Cluster) -> Iterator[str]:
    """One that enforces `restricted`, with the credentials of the store."""
    name = f"noteship-bench-{secrets.token_hex(3)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    at.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    keys = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    text = "[default]\n" + "".join(f"{key} = {os.environ[variable]}\n" for key, variable in keys.items())
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bench-store", "namespace": name}}
    try:
        at.apply({**secret, "stringData": {"credentials": text}})
        yield name
    finally:
        at.delete(ObjectRef("v1", "Namespace", name))


def write(root: Path, name: str, arguments: argparse.Namespace, prefix: str) -> None:
    """The project, with a store that has nothing of it."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    found = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    host = os.environ.get("CLUSTER_HOST") or found.hostname
    (root / "requirements.lock").write_text(f"ipykernel=={metadata.version('ipykernel')}\n")
    (root / "noteship.toml").write_text(
        f"""[project]
name = "bench"
[store]
url = "s3://{arguments.bucket}/{name}/{prefix}"
[image]
base = "{arguments.base}"
[kubernetes]
registry = "{arguments.registry}/noteship-bench/{name}"
namespace = "{name}"
[kubernetes.store]
endpoint = "{found.scheme}://{host}:{found.port or 80}"
region = "{os.environ.get("AWS_REGION", "us-east-1")}"
[kubernetes.run.resources]
cpu = "100m"
memory = "512Mi"
temporary = "300Mi"
"""
    )
    for number in range(STAGES):
        read = f"open('f{number - 1}.txt').read() + " if number else ""
        notebook(root / f"s{number}.ipynb", f"open('f{number}.txt', 'w').write({read}'{number}')")


def notebook(path: Path, source: str) -> None:
    """One of one cell."""
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    kernel = {"name": "python3", "language": "python", "display_name": "python"}
    document = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


def run(root: Path) -> tuple[float, Any]:
    """A whole process, and its document."""
    began = time.perf_counter()
    words = [*NOTESHIP, "run", "--on", "kubernetes", "--json"]
    answer = subprocess.run(words, cwd=root, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - began, json.loads(answer.stdout)


def clear(at: Cluster, name: str) -> None:
    """Pods that have ended are taken away, so that each run finds the node alike."""
    for each in at.list(Selection("batch/v1", "Job", name)):
        at.delete(ObjectRef("batch/v1", "Job", each["metadata"]["name"], name))


def pod_image(at: Cluster, name: str) -> str:
    """The image of a run's pods."""
    return str(at.list(Selection("v1", "Pod", name))[0]["spec"]["containers"][0]["image"])


def pod_alone(at: Cluster, name: str, image: str, number: int) -> float:
    """Seconds from a Job's making until its pod, which does nothing, has ended by the node's clock."""
    own = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    bounded = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "main", "image": image, "command": ["python", "-S", "-c", "import time; print(time.time())"]}
    spec = {"restartPolicy": "Never", "securityContext": own, "containers": [{**container, "securityContext": bounded}]}
    job = {"backoffLimit": 0, "template": {"spec": spec}}
    metadata = {"name": f"alone-{number}", "namespace": name}
    began = time.time()
    at.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job})
    labels = {"batch.kubernetes.io/job-name": f"alone-{number}"}
    [pod] = until(lambda: [each for each in at.list(Selection("v1", "Pod", name, labels)) if phase(each) in ENDED])
    said = list(at.logs(cluster.LogsOf(pod["metadata"]["name"], name)))
    return float(said[-1]) - began


def under_argo(at: Cluster, name: str, root: Path) -> float:
    """Seconds of a workflow of the same stages, by its own status."""
    words = [*NOTESHIP, "export", "argo", "--discover", "--json"]
    answer = subprocess.run(words, cwd=root, stdout=subprocess.PIPE, check=True)
    for each in json.loads(answer.stdout)["manifests"]:
        at.apply(each)
    metadata = {"name": f"w-{secrets.token_hex(3)}", "namespace": name}
    spec = {"workflowTemplateRef": {"name": "bench-argo"}}
    made = at.apply({"apiVersion": ARGO, "kind": "Workflow", "metadata": metadata, "spec": spec}).thing
    found = until(lambda: over if (over := at.get(ObjectRef.of(made))) and phase(over) in ENDED else None)
    status = found["status"]
    if status["phase"] != "Succeeded":
        raise SystemExit(f"the workflow did not go well: {status.get('message')}")
    return (moment(status["finishedAt"]) - moment(status["startedAt"])).total_seconds()


def phase(thing: Any) -> str:
    """How far it is."""
    return str((thing.get("status") or {}).get("phase", ""))


def moment(text: str) -> datetime:
    """A time of the cluster's."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def until(looked: Callable[[], Any]) -> Any:
    """What is looked for, once it is there."""
    end = time.monotonic() + LIMIT_S
    while not (found := looked()):
        if time.monotonic() > end:
            raise SystemExit("it did not come")
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    main()
