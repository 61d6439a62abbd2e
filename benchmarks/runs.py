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
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import away
from away import apply, kubectl, timed

STAGES = 5
WAIT_S = 300.0
ENDED = ("Succeeded", "Failed", "Error")
RESOURCES = """[kubernetes.run.resources]
cpu = "20m"
memory = "512Mi"
temporary = "300Mi"
"""


def main() -> None:
    """Run both, and print one table."""
    given = away.arguments(__doc__)
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder, away.namespace(given.bucket) as namespace:
        Bench(Path(folder), given, namespace).measure(given.calls)


class Bench:
    """A project, in a namespace that is its own."""

    def __init__(self, place: Path, given: argparse.Namespace, namespace: str) -> None:
        self.namespace = namespace
        self.project, self.deploy, self.number = place / "project", place / "deploy", 0
        self.project.mkdir()
        (self.project / "requirements.lock").write_text(f"ipykernel=={metadata.version('ipykernel')}\n")
        (self.project / "noteship.toml").write_text(away.settings(given, namespace) + RESOURCES)

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
        if "argoproj.io" not in kubectl("api-versions"):
            print("the cluster has no Argo Workflows, so there is nothing beside it")
            return
        cold, cached = [], []
        for _ in range(calls):
            self.changed()
            self.noteship("export", "argo", "--discover", "--output", str(self.deploy))
            kubectl("apply", "-f", str(self.deploy / "bench-argo.yaml"))
            cold.append(self.workflow())
            cached.append(self.workflow())
        show(f"Argo, {STAGES} stages cold, exported and applied before", cold, per_stage=own)
        show(f"Argo, {STAGES} stages cached", cached)

    def changed(self) -> None:
        """Other notebooks, so that nothing is cached."""
        self.number += 1
        for stage in range(STAGES):
            read = f"open('f{stage - 1}.txt').read() + " if stage else ""
            away.notebook(self.project / f"s{stage}.ipynb", [f"open('f{stage}.txt', 'w').write({read}'{self.number}')"])

    def noteship(self, *words: str) -> Any:
        """The document of a call."""
        return away.noteship(self.project, *words)

    def workflow(self) -> float:
        """Seconds from a Workflow's creation to its end."""
        name = f"run-{os.urandom(3).hex()}"
        spec = {"workflowTemplateRef": {"name": "bench-argo"}}
        own = {"name": name, "namespace": self.namespace}
        apply({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": own, "spec": spec})
        found = self.until("workflow", name, lambda each: each.get("status", {}).get("phase") in ENDED)
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
            "securityContext": away.LOCKED,
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": away.NOBODY,
            "containers": [container],
        }
        own = {"name": name, "namespace": self.namespace}
        began = time.monotonic()
        apply({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": spec})
        self.until("pod", name, lambda each: each["status"].get("phase") in ENDED)
        return time.monotonic() - began

    def until(self, kind: str, name: str, over: Callable[[Any], bool]) -> Any:
        """The thing, once it is over."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            found = json.loads(kubectl("get", kind, name, "-n", self.namespace, "-o", "json"))
            if over(found):
                return found
            time.sleep(0.1)
        raise SystemExit(f"{kind} {name} did not end within {WAIT_S:g} s")


def seconds(began: str, ended: str) -> float:
    """Between two times of the cluster."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def show(what: str, found: list[float], per_stage: float | None = None) -> None:
    """One line; with what a stage took above a pod's own start."""
    above = (
        f"   {statistics.median(found) / STAGES - per_stage:5.1f} s a stage above it" if per_stage is not None else ""
    )
    print(away.shown(what, found) + above, flush=True)


if __name__ == "__main__":
    main()
