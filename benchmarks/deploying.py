"""What a deployment costs: from `noteship deploy`, after a change of one line, to the new version's first answer.

Whole processes, as a user waits for them, with warm layers: the packages and the release before are there. Each round
changes the line that fits the model and brings it up to date by `noteship run`, which is told by itself; then
`noteship deploy` builds, pushes, looks, sends and waits. A pod asks `/predict` through the Service 20 times a second
all the time, and tells every version that it meets and every request that failed. Beside it, in the same run, is the
floor: `kubectl rollout undo` between the two last releases, whose images are on the node.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ground

from noteship.operations import access

AIM_S = 10.0
LOOK_S = 0.01
# A line for each version met after another, for each request that failed, and each second for how many there were.
ASKS = """
import json, sys, time, urllib.request
token = open('/secret/token').read()
body = json.dumps({'rows': [{'a': 0, 'b': 0}]}).encode()
version, asked = None, 0
while True:
    began = time.monotonic()
    try:
        request = urllib.request.Request(sys.argv[1], body, {'Authorization': 'Bearer ' + token})
        met = json.load(urllib.request.urlopen(request, timeout=10))['version']
        if met != version:
            version = met
            print('version', met, flush=True)
    except Exception as error:
        print('failed', repr(error), flush=True)
    asked += 1
    if asked % 20 == 0:
        print('asked', asked, flush=True)
    time.sleep(max(0, 0.05 - (time.monotonic() - began)))
"""
SETTINGS = """[project]
name = "bench"
[image]
base = "{base}"
[service]
steps = ["model.joblib"]
data = "rows.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
[kubernetes]
registry = "{registry}/{namespace}"
namespace = "{namespace}"
[kubernetes.resources]
cpu = "{cpu}"
memory = "512Mi"
temporary = "100Mi"
"""


@dataclass
class Round:
    """Seconds from the start of a command until these were so."""

    made: float  # the new pod is there: all before is noteship's
    running: float  # its container runs
    ready: float  # it is ready
    answered: float  # a caller met the new version
    ended: float  # the command was over
    memory_mb: float = 0.0


@dataclass
class Heard:
    """The lines of a command that goes on, each with the time when it came."""

    lines: list[tuple[float, list[str]]] = field(default_factory=list)

    def first(self, since: float, wanted: Callable[[list[str]], bool]) -> float:
        """When the first such line came, which is waited for."""
        end = time.monotonic() + ground.WAIT_S
        while time.monotonic() < end:
            for at, words in list(self.lines):
                if at >= since and wanted(words):
                    return at
            time.sleep(LOOK_S)
        raise SystemExit(f"it was not heard; the last was {self.lines[-3:]}")

    def all(self, begins: str) -> list[list[str]]:
        """The lines that begin so."""
        return [words for _, words in list(self.lines) if words[0] == begins]


def main() -> None:
    """Deploy, go back and forth, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=os.environ.get("CLUSTER_BASE_IMAGE"))
    parser.add_argument("--registry", default=os.environ.get("CLUSTER_REGISTRY"))
    parser.add_argument("--cpu", default="250m", help="what a pod asks for of a processor")
    parser.add_argument("--calls", type=int, default=5)
    arguments = parser.parse_args()
    if not arguments.base or not arguments.registry or not os.environ.get("KUBECONFIG"):
        parser.error(
            "a cluster is needed: KUBECONFIG, CLUSTER_BASE_IMAGE and CLUSTER_REGISTRY, or --base and --registry"
        )
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder, ground.namespace() as namespace:
        Bench(Path(folder), namespace, arguments).measure(arguments.calls)


class Bench:
    """A project, its namespace, and a pod that asks."""

    def __init__(self, place: Path, namespace: str, arguments: argparse.Namespace) -> None:
        self.namespace, self.arguments, self.number = namespace, arguments, 0
        self.project = place / "project"
        self.project.mkdir()
        ground.lock(self.project / "requirements.lock", ground.LOCKED)
        rows = "".join(f"{n},{n % 7},{n % 2}\n" for n in range(60))
        (self.project / "rows.csv").write_text(f"a,b,label\n{rows}")
        (self.project / "noteship.toml").write_text(
            SETTINGS.format(base=arguments.base, registry=arguments.registry, namespace=namespace, cpu=arguments.cpu)
        )
        token = access.issue("load", ("predict",), place / "tokens").token
        ground.secret("bench-tokens", namespace, tokens=(place / "tokens").read_text())
        ground.secret("load", namespace, token=token)

    def measure(self, calls: int) -> None:
        """Rounds of noteship, then of kubectl."""
        self.learned()
        print("the first deployment, which builds all layers, is not measured", flush=True)
        self.noteship("deploy")
        pods = ["get", "pods", "-n", self.namespace, "-l", "app.kubernetes.io/instance=bench", "-w", "--no-headers"]
        self.asks()
        with following("logs", "-f", "asks", "-n", self.namespace) as answers, following(*pods) as seen:
            answers.first(0, lambda words: words[0] == "version")
            learned, rounds = [], []
            for _ in range(calls):
                learned.append(self.learned())
                rounds.append(self.round([*ground.NOTESHIP, "deploy", "--json"], answers, seen))
            # Before kubectl owns fields of it.
            dry = [timed(lambda: self.noteship("deploy", "--dry-run")) for _ in range(calls)]
            undo = ["kubectl", "rollout", "undo", "deployment/bench", "-n", self.namespace]
            floor = [self.round(undo, answers, seen) for _ in range(calls)]
            failed, asked = answers.all("failed"), answers.all("asked")
        show("noteship run, before: its one stage runs", learned)
        show("noteship deploy, to the new version's first answer", [each.answered for each in rounds], f"{AIM_S:g} s")
        told(rounds)
        show("  to its end", [each.ended for each in rounds])
        show("the same without sending (--dry-run), nothing changed", dry)
        show("floor: kubectl rollout undo, to the first answer", [each.answered for each in floor])
        told(floor)
        ratio = statistics.median(each.answered for each in rounds) / statistics.median(each.answered for each in floor)
        print(f"ratio {ratio:.2f}; memory of noteship deploy {max(each.memory_mb for each in rounds):.0f} MB")
        print(f"requests all the while: {asked[-1][1] if asked else 0}, of which failed: {len(failed)} {failed[:3]}")

    def learned(self) -> float:
        """Seconds of `noteship run` after a change of the line that fits the model."""
        self.number += 1
        ground.notebook(
            self.project / "train.ipynb",
            "import joblib, pandas as pd",
            "from sklearn.linear_model import LogisticRegression",
            "rows = pd.read_csv('rows.csv')",
            f"model = LogisticRegression(C={self.number}).fit(rows[['a', 'b']], rows['label'])",
            "joblib.dump(model, 'model.joblib')",
        )
        return timed(lambda: self.noteship("run"))

    def noteship(self, *words: str) -> Any:
        """The document of a call."""
        call = [*ground.NOTESHIP, *words, "--json"]
        answer = subprocess.run(call, cwd=self.project, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise SystemExit(answer.stderr or answer.stdout)
        return json.loads(answer.stdout)

    def asks(self) -> None:
        """Start the pod that asks."""
        container = {
            "name": "main",
            "image": self.arguments.base,
            "command": ["python", "-u", "-c", ASKS, f"http://bench.{self.namespace}.svc/predict"],
            "securityContext": ground.CONTAINER,
            "volumeMounts": [{"name": "secret", "mountPath": "/secret"}],
        }
        spec = {
            "securityContext": ground.POD,
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": [{"name": "secret", "secret": {"secretName": "load"}}],
        }
        own = {"name": "asks", "namespace": self.namespace}
        ground.apply({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": spec})
        ground.until("pod", "asks", self.namespace, lambda each: each["status"].get("phase") == "Running")

    def round(self, call: list[str], answers: Heard, seen: Heard) -> Round:
        """A command that leads to another version, once it is over and one pod is left."""
        there = {words[0] for _, words in seen.lines}
        version = answers.all("version")[-1]
        began, most = time.monotonic(), 0.0
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(call, cwd=self.project, stdout=said, stderr=said)
            while process.poll() is None:
                most = max(most, ground.memory_mb(process.pid))
                time.sleep(0.02)
            ended = time.monotonic()
            if process.returncode:
                said.seek(0)
                raise SystemExit(said.read().decode())
        answered = answers.first(began, lambda words: words[0] == "version" and words != version)
        # Of the pods before, one may be gone only after the next round has begun; an undo brings no name back.
        made = seen.first(began, lambda words: words[0] not in there)
        new = next(words[0] for at, words in seen.lines if at == made)
        running = seen.first(began, lambda words: words[0] == new and words[2] == "Running")
        ready = seen.first(began, lambda words: words[0] == new and words[1] == "1/1")
        self.settled()
        return Round(made - began, running - began, ready - began, answered - began, ended - began, most)

    def settled(self) -> None:
        """Wait until one pod is left."""
        selected = ("-l", "app.kubernetes.io/instance=bench", "-o", "name")
        while len(ground.kubectl("get", "pods", "-n", self.namespace, *selected).split()) > 1:
            time.sleep(0.3)


@contextmanager
def following(*words: str) -> Iterator[Heard]:
    """What kubectl tells until the block ends."""
    heard = Heard()
    with subprocess.Popen(["kubectl", *words], stdout=subprocess.PIPE, text=True) as process:

        def hear() -> None:
            assert process.stdout
            for line in process.stdout:
                heard.lines.append((time.monotonic(), line.split()))

        listener = threading.Thread(target=hear, daemon=True)
        listener.start()
        try:
            yield heard
        finally:
            process.terminate()
            listener.join()


def timed(call: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


def told(rounds: list[Round]) -> None:
    """Where the time went."""
    show("  until its pod is made", [each.made for each in rounds])
    show("  from then until its container runs", [each.running - each.made for each in rounds])
    show("  from then until it is ready", [each.ready - each.running for each in rounds])
    show("  from then until a caller meets it", [each.answered - each.ready for each in rounds])


def show(what: str, found: list[float], aim: str = "") -> None:
    """One line: the median and the range."""
    aimed = f"  at most {aim}" if aim else ""
    print(f"{what:<55} {statistics.median(found):6.2f} s   {min(found):5.2f} to {max(found):5.2f}{aimed}", flush=True)


if __name__ == "__main__":
    main()
