"""What an image costs: built first, again, after a change of one notebook, and until a pod of it answers.

Whole processes of `noteship build`, as a user waits for them, on a project with scikit-learn, pandas and one notebook;
the packages that noteship itself needs come beside. Wall time, the processors' time and the most memory of all
processes, looked at 50 times a second; medians. Base and registry are those of a cluster to test on, or named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from away import NOTESHIP, apply, kubectl, notebook

LOCKED = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
SETTINGS = """
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
"""
TRAIN = [
    "import joblib, pandas as pd",
    "from sklearn.linear_model import LogisticRegression",
    "rows = pd.read_csv('rows.csv')",
    "joblib.dump(LogisticRegression().fit(rows[['a', 'b']], rows['label']), 'model.joblib')",
]
READY_LIMIT_S = 120.0
# Says that it started, and becomes the service.
STARTED = """
import os, sys
print("started", flush=True)
os.execv(sys.executable, [sys.executable, "-P", "-m", "noteship", *sys.argv[1:]])
"""


@dataclass
class Measured:
    """What some calls took, and what the last one answered."""

    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    memory_mb: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Build, start a pod where there is a cluster, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--base", default=os.environ.get("CLUSTER_BASE_IMAGE"), help="an image with this Python's minor"
    )
    parser.add_argument("--registry", default=os.environ.get("CLUSTER_REGISTRY"), help="where repositories may be made")
    parser.add_argument("--calls", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.base or not arguments.registry:
        parser.error("name a base and a registry: --base and --registry, or CLUSTER_BASE_IMAGE and CLUSTER_REGISTRY")
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        place = Path(folder)
        write(place / "project")
        build = Build(place, arguments.base, arguments.registry)
        print(f"{'':<42} {'seconds':>8} {'processor':>10} {'memory':>8} {'layers':>10} {'sent':>10}")
        show("first, packages fetched", build.measured(1, build.forget_all), "30 s, 400 MB")
        show("packages there, no layers", build.measured(arguments.calls, build.forget_layers), "8 s")
        show("nothing changed", build.measured(arguments.calls, lambda: None), "")
        last = build.measured(arguments.calls, build.change_notebook)
        show("after a change of one notebook", last, "2 s, 1 MB")
        if os.environ.get("KUBECONFIG") and shutil.which("kubectl"):
            ready = [pod_ready(last.answer, number) for number in range(arguments.calls)]
            print(f"{'a pod of one processor until it is ready':<42} {statistics.median(ready):>6.1f} s")


class Build:
    """Builds of one project, to a repository that is new where the registry should know nothing of it."""

    def __init__(self, place: Path, base: str, registry: str) -> None:
        self.place, self.base, self.registry = place, base, registry
        self.repository = ""
        self.calls = 0

    def forget_all(self) -> None:
        """As on a new machine; uv's own cache goes, too."""
        shutil.rmtree(self.place / "cache", ignore_errors=True)
        shutil.rmtree(self.place / "uv", ignore_errors=True)
        self._new_repository()

    def forget_layers(self) -> None:
        """Packages stay."""
        shutil.rmtree(self.place / "cache/noteship/layers", ignore_errors=True)
        self._new_repository()

    def change_notebook(self) -> None:
        """One line of it."""
        self.calls += 1
        notebook(self.place / "project/train.ipynb", [*TRAIN, f"changed = {time.time()!r}"])

    def measured(self, calls: int, before: Callable[[], None]) -> Measured:
        """Builds, before each of which something is called."""
        found = Measured()
        for _ in range(calls):
            before()
            self._once(found)
        return found

    def _new_repository(self) -> None:
        self.calls += 1
        self.repository = f"{self.registry}/noteship-bench/{self.place.name.lower().replace('_', '-')}-{self.calls}"

    def _once(self, found: Measured) -> None:
        variables = {
            **os.environ,
            "XDG_CACHE_HOME": str(self.place / "cache"),
            "UV_CACHE_DIR": str(self.place / "uv"),
        }
        words = ("build", "--json", "--base", self.base, "--to", self.repository)
        process = subprocess.Popen(
            [*NOTESHIP, *words], cwd=self.place / "project", env=variables, stdout=subprocess.PIPE
        )
        assert process.stdout
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        most = 0.0
        answer = b""
        os.set_blocking(process.stdout.fileno(), False)
        while process.poll() is None:
            most = max(most, memory_mb(process.pid))
            answer += process.stdout.read() or b""
            time.sleep(0.02)
        answer += process.stdout.read() or b""
        if process.returncode:
            raise SystemExit(f"noteship build ended with {process.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.seconds.append(time.perf_counter() - began)
        found.cpu_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        found.memory_mb = max(found.memory_mb, most)
        found.answer = json.loads(answer)


def memory_mb(pid: int) -> float:
    """The memory of a process and of what it started, now; 0 where it ended."""
    try:
        own = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [each.name for each in Path(f"/proc/{pid}/task").iterdir()]
        for thread in threads:
            if thread != str(pid):
                children += Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", own)
    return (int(found[1]) / 1e3 if found else 0.0) + sum(memory_mb(int(child)) for child in children)


def write(place: Path) -> None:
    """A project that has a bundle, locked to the versions that are here."""
    place.mkdir()
    (place / "requirements.lock").write_text("".join(f"{name}=={metadata.version(name)}\n" for name in LOCKED))
    (place / "rows.csv").write_text("a,b,label\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(60)))
    (place / "noteship.toml").write_text(SETTINGS)
    notebook(place / "train.ipynb", TRAIN)
    subprocess.run([*NOTESHIP, "run"], cwd=place, check=True, stdout=subprocess.DEVNULL)


def show(what: str, found: Measured, aim: str) -> None:
    """One row of the table."""
    answer = found.answer
    layers = sum(each["size_bytes"] for each in answer["layers"]) / 1e6
    seconds, cpu = statistics.median(found.seconds), statistics.median(found.cpu_s)
    sent = answer["sent"]["size_bytes"] / 1e6
    aimed = f"  at most {aim}" if aim else ""
    print(
        f"{what:<42} {seconds:>6.1f} s {cpu:>8.1f} s {found.memory_mb:>5.0f} MB {layers:>7.1f} MB"
        f" {sent:>7.2f} MB{aimed}"
    )


def pod_ready(answer: dict[str, Any], number: int) -> float:
    """Seconds from the start of a pod's process until its service is ready, by the clock of the node's log."""
    name = f"noteship-bench-{os.getpid()}-{number}"
    repository, _, digest = answer["image"].partition("@")
    serve = ("serve", "/bundle", "--host", "0.0.0.0", "--no-auth", "--trust-source", answer["bundle"])
    container = {
        "name": "main",
        "image": f"{repository.rpartition(':')[0]}@{digest}",
        "command": ["python", "-c", STARTED, *serve],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
        "securityContext": {"readOnlyRootFilesystem": True, "runAsUser": 123_456, "runAsGroup": 0},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}], "restartPolicy": "Never"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    apply(pod)
    try:
        times = log_times(name)
    finally:
        kubectl("delete", "pod", name, "--force", "--grace-period=0")
    return times[1] - times[0]


def log_times(name: str) -> tuple[float, float]:
    """When a pod's process said that it started, and when that it serves."""
    until = time.monotonic() + READY_LIMIT_S
    lines: list[str] = []
    while time.monotonic() < until:
        said = subprocess.run(["kubectl", "logs", "--timestamps", name], capture_output=True, text=True, check=False)
        lines = said.stdout.splitlines()
        ready = [line for line in lines if "http://" in line]
        if ready:
            return moment(lines[0]), moment(ready[0])
        time.sleep(0.2)
    raise SystemExit(f"the pod {name} was not ready; it said: {lines[-3:]}")


def moment(line: str) -> float:
    """The time before a line of a log, which has nanoseconds."""
    return datetime.fromisoformat(f"{line[:26]}+00:00").timestamp()


if __name__ == "__main__":
    main()
