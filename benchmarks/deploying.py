"""From `noteship deploy` after a change of one line to the new version answering, on a cluster.

Each round changes one line of the notebook that trains, and runs it here; then a whole process of `noteship deploy`, as
a user waits for it, with the layers of packages there: project and bundle become layers, are pushed and rolled out, one
pod taking over from another. A pod asks the service twenty times a second all the time and says which version answers;
it may not be refused once. Beside it, the same Deployment restarted by kubectl: what Kubernetes and the start of the
service take alone. Each begins when no pod is left that still ends. Registry and base are those of a cluster to test
on, or named; AWS_* name the store.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import subprocess
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path

import away

PACKAGES = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
SETTINGS = """replicas = 1
[kubernetes.access]
open = true
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
"""
TRAIN = (
    "import joblib, pandas as pd",
    "from sklearn.linear_model import LogisticRegression",
    "rows = pd.read_csv('rows.csv')",
)
WAIT_S = 120.0
# Prints the version that answers whenever it is another one, and each request that failed.
ASKING = """
import json, sys, time, urllib.request
body, version, end = json.dumps({"rows": [{"a": 1, "b": 2}]}).encode(), None, time.monotonic() + 3600
while time.monotonic() < end:
    try:
        with urllib.request.urlopen(urllib.request.Request(sys.argv[1], body), timeout=10) as answer:
            found = json.load(answer)["version"]
    except OSError as error:
        found = f"failed: {error}"
    if found != version:
        print(found, flush=True)
    version = found
    time.sleep(0.05)
"""


def main() -> None:
    """Deploy a few times, and print one table."""
    given = away.arguments(__doc__)
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder, away.namespace(given.bucket) as namespace:
        Bench(Path(folder) / "project", given, namespace).measure(given.calls)


class Bench:
    """A project with a service, in a namespace that is its own."""

    def __init__(self, project: Path, given: argparse.Namespace, namespace: str) -> None:
        self.project, self.namespace, self.number = project, namespace, 0
        # What the pod that asks has said and when it came here.
        self.said: queue.Queue[tuple[float, str]] = queue.Queue()
        self.failed: list[str] = []
        project.mkdir()
        (project / "requirements.lock").write_text("".join(f"{name}=={metadata.version(name)}\n" for name in PACKAGES))
        (project / "rows.csv").write_text("a,b,label\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(60)))
        head, store, tail = away.settings(given, namespace).partition("[kubernetes.store]")
        text = SETTINGS.replace("[kubernetes.access]", f"{store}{tail}[kubernetes.access]")
        (project / "noteship.toml").write_text(head + text)

    def measure(self, calls: int) -> None:
        """The first deployment is not counted: its layers are made, and its image comes to the node."""
        self.change()
        image = self.deploy()[2]
        with self.asking(image):
            self.answered("", time.monotonic())
            answered, ended, trained = [], [], []
            for _ in range(calls):
                trained.append(away.timed(self.change))
                self.settle()
                began = time.monotonic()
                version, took, _ = self.deploy()
                answered.append(self.answered(version, began))
                ended.append(took)
            restarted = []
            for _ in range(calls):
                self.settle()
                restarted.append(away.timed(self.restart))
        print(away.shown("the notebook run again here, before it", trained))
        print(away.shown("from `noteship deploy` to the new version answering", answered))
        print(away.shown("to its own end, when nothing of the old version is left", ended))
        print(away.shown("kubectl rollout restart, to the end of its rollout", restarted))
        ratio = statistics.median(ended) / statistics.median(restarted)
        print(f"`noteship deploy` takes {ratio:.2f} times the restart; requests that failed: {len(self.failed)}")
        for each in self.failed:
            print(f"  {each}")

    def change(self) -> None:
        """One line of the notebook is another one, and so is the model."""
        self.number += 1
        fitted = f"model = LogisticRegression(C={self.number}).fit(rows[['a', 'b']], rows['label'])"
        away.notebook(self.project / "train.ipynb", [*TRAIN, fitted, "joblib.dump(model, 'model.joblib')"])
        away.noteship(self.project, "run")

    def deploy(self) -> tuple[str, float, str]:
        """The bundle's digest, the seconds that the verb took, and the image."""
        began = time.monotonic()
        found = away.noteship(self.project, "deploy", "latest")
        return found["bundle"], time.monotonic() - began, found["image"]

    def settle(self) -> None:
        """Wait until one pod is there: such as still end take up the room of others."""
        end = time.monotonic() + WAIT_S
        pods = ("-n", self.namespace, "get", "pods", "-l", "app.kubernetes.io/component=service", "-o", "name")
        while len(away.kubectl(*pods).split()) != 1:
            if time.monotonic() > end:
                raise SystemExit(f"pods that were to end are there after {WAIT_S:g} s")
            time.sleep(0.2)

    def restart(self) -> None:
        """As somebody does it who wants new pods of the same."""
        away.kubectl("-n", self.namespace, "rollout", "restart", "deployment/bench")
        away.kubectl("-n", self.namespace, "rollout", "status", "deployment/bench", f"--timeout={WAIT_S:g}s")

    def answered(self, version: str, began: float) -> float:
        """Seconds since it began until a version answered, whose digest begins so."""
        while True:
            try:
                moment, said = self.said.get(timeout=WAIT_S)
            except queue.Empty:
                raise SystemExit(f"version {version} did not answer within {WAIT_S:g} s") from None
            if said.startswith("failed"):
                self.failed.append(said)
            elif version.startswith(said) or said.startswith(version):
                return moment - began

    def asking(self, image: str) -> Asking:
        """A pod that asks as long as the block goes on."""
        container = {
            "name": "main",
            "image": image,
            "command": ["/opt/noteship/bin/python", "-c", ASKING, "http://bench/predict"],
            "securityContext": away.LOCKED,
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": away.NOBODY,
            "containers": [container],
        }
        own = {"name": "asking", "namespace": self.namespace}
        return Asking({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": spec}, self.said)


class Asking:
    """A pod whose lines are read as they come."""

    def __init__(self, pod: dict[str, object], said: queue.Queue[tuple[float, str]]) -> None:
        self.pod, self.said = pod, said
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> None:
        away.apply(self.pod)
        where = ("-n", self.pod["metadata"]["namespace"], "pod/asking")  # type: ignore[index]
        away.kubectl("wait", "--for=condition=Ready", f"--timeout={WAIT_S:g}s", *where)
        words = ["kubectl", "logs", "-f", *where]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self.said.put((time.monotonic(), line.strip()))


if __name__ == "__main__":
    main()
