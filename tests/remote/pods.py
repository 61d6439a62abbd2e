"""Pods of a cluster in memory: a thread that works what Jobs say, in this process, as a kubelet would."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.projects import Project
from noteship.cluster import ObjectRef, Selection, manifests
from noteship.cluster.memory_cluster import MemoryCluster
from noteship.operations import carried, run
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import driver, worker
from noteship.operations.remote.record import Record, new_id
from noteship.operations.remote.submission import Submission

IMAGE = f"registry.example.org/mail@sha256:{'a' * 64}"
AT = manifests.Destination("store", (443,), ("192.0.2.1",))
ACCESS = manifests.StoreAccess("https://192.0.2.1", manifests.SecretKey("mail-store", "credentials"), AT)


def of(name: str) -> manifests.Run:
    """What the pods of a run have in common."""
    return manifests.Run("mail", "team-a", "team-a", "mail", name, IMAGE, ACCESS, AT)


@dataclass
class Pods:
    """What becomes of a Job: `befalls` is asked with its words first, and says the end of its pod where it has one."""

    cluster: MemoryCluster
    image: Path
    befalls: Callable[[Sequence[str]], dict[str, Any] | None] = lambda _: None
    begun: list[str] = field(default_factory=list)

    @contextmanager
    def working(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._work, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _work(self, over: threading.Event) -> None:
        while not over.wait(0.02):
            for each in self.cluster.list(Selection("batch/v1", "Job")):
                # One without pods is somebody else's.
                if "spec" in each and each["metadata"]["name"] not in self.begun:
                    self.begun.append(each["metadata"]["name"])
                    threading.Thread(target=self._run, args=(each,), daemon=True).start()

    def _run(self, job: Any) -> None:
        name, words = job["metadata"]["name"], job["spec"]["template"]["spec"]["containers"][0]["args"]
        labels = {"batch.kubernetes.io/job-name": name}
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"]}
        pod = ObjectRef("v1", "Pod", f"{name}-pod")
        metadata = {"name": pod.name, "labels": labels, "ownerReferences": [owner]}
        spec = {"containers": [{"name": "noteship", "image": IMAGE}]}
        self.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        end = self.befalls(words)
        if self.cluster.get(pod) is None:
            return  # it was deleted, with its Job
        if end is None:
            self.cluster.set_status(pod, {"phase": "Running"})
            store, submission, task = words[1].removeprefix("--store="), *words[2:]
            with tempfile.TemporaryDirectory() as folder:
                worker.work(worker.WorkRequest(submission, task, store, self.image), Path(folder))
            self.cluster.set_status(pod, {"phase": "Succeeded"})
            self._ended(name, "Complete")
        else:
            self.cluster.set_status(pod, end)
            self._ended(name, "Failed")

    def _ended(self, name: str, how: str) -> None:
        condition = {"type": how, "status": "True", "reason": "BackoffLimitExceeded" if how == "Failed" else ""}
        self.cluster.set_status(ObjectRef("batch/v1", "Job", name), {"conditions": [condition]})


@dataclass
class Handed:
    """A run that was handed over."""

    record: Record
    pods: Pods
    folder: Path

    @property
    def cluster(self) -> MemoryCluster:
        return self.pods.cluster

    def drive(self) -> str:
        """What a driver's pod does."""
        request = driver.DriveRequest(self.record.id, self.record.objects.url, self.pods.image)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            return driver.drive(request, Path(folder), self.cluster)

    @property
    def states(self) -> dict[str, str]:
        """How its stages ended."""
        assert self.record.state
        return {each["stage"]: each["state"] for each in self.record.state["report"]["stages"]}


def handed(project: Project, folder: Path, request: run.RunRequest | None = None) -> Handed:
    """Hand a project over as it is, whose store is a folder that pods reach."""
    url = folder / "store"
    if not (project.root / "noteship.toml").exists():
        project.write("noteship.toml", f'[store]\nurl = "{url}"\n')
    opened = OpenedProject.at(project.root)
    prepared = run.prepared(opened, request or run.RunRequest())
    made = of(new_id())
    asked = manifests.Resources("20m", "1", "64Mi", "64Mi")
    templates = {
        name: manifests.stage(made, manifests.StagePod(name, asked, made.placement), manifests.Platform())
        for name in prepared.graph.stages
    }
    place = {"cluster": "memory:", "namespace": "team-a", "driver": made.driver_name}
    digest = carried.put(opened, prepared.graph)
    submission = Submission(
        str(url), IMAGE, digest, request or run.RunRequest(), templates, place, "ada", "2026-03-01T10:15:00Z", 4
    )
    image = Path(tempfile.mkdtemp(dir=folder))
    shutil.copytree(project.root, image, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".noteship"))
    record = Record(opened.store, made.id)
    record.ask(submission.to_json())
    return Handed(record, Pods(MemoryCluster("team-a"), image), folder)
