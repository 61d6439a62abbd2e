"""What begins by the clock on a real cluster, in a namespace that enforces `restricted`: runs, looks, retrainings."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from cluster import run_places
from cluster.run_places import HOST, Away, until
from cluster.test_cluster_images import LOCKED, SETTINGS, TRAIN
from noteship.cluster import LogsOf, ObjectRef, Selection, Until, for_job
from noteship.operations import access, retrainings
from noteship.operations.opened import OpenedProject

__all__ = ["project"]

pytestmark = pytest.mark.cluster
RBAC = "rbac.authorization.k8s.io/v1"
OWN = {"app.kubernetes.io/managed-by": "noteship-runs"}


@dataclass
class Origin:
    """A file at a web server that pods reach; its version is its content's."""

    address: str = ""
    rows: bytes = b""
    asked: list[str] = field(default_factory=list)

    def has(self, rows: int) -> None:
        """So many rows from now on."""
        told = (f"{n % 60},{n % 7},{'yes' if n % 60 >= 30 else 'no'}\n" for n in range(rows))
        self.rows = ("a,b,label\n" + "".join(told)).encode()


@pytest.fixture
def origin() -> Iterator[Origin]:
    if not HOST:
        pytest.skip("CLUSTER_HOST is not set: pods reach no server of this machine")
    made = Origin()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(made.rows).hexdigest()}"')
            self.send_header("Content-Length", str(len(made.rows)))
            self.end_headers()
            if self.command == "GET":
                made.asked.append(self.client_address[0])
                self.wfile.write(made.rows)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        made.address = f"{HOST}:{server.server_port}"
        made.has(400)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def away(project: Project, tmp_path: Path, origin: Origin) -> Iterator[Away]:
    with run_places.opened(project, tmp_path) as found:
        locked = (*LOCKED, "ipykernel")
        project.write("requirements.lock", "".join(f"{name}=={metadata.version(name)}\n" for name in locked))
        project.write("helpers.py", "text = 'from the project'\n")
        project.notebook("train", TRAIN)
        yield found


def declare(away: Away, origin: Origin, retrain: str, runs: str = "") -> None:
    """A model of the origin's rows; looks come at midnight only, so that none comes by itself."""
    away.declare(
        f"""{runs}
[kubernetes.resources]
cpu = "20m"
memory = "512Mi"
temporary = "100Mi"
{SETTINGS}
[validate]
gates = ["accuracy >= 0.5"]
[data.rows]
from = "http://{origin.address}/rows.csv"
to = "rows.csv"
[monitor]
window = "10s"
[canary]
soonest = "20s"
[retrain]
look = "24h"
at_most = "1 per 1s"
{retrain}
"""
    )
    text = away.project.text("noteship.toml").replace('memory = "512Mi"', 'memory = "1Gi"', 1)
    own = f'[kubernetes]\nbundle = "store"\negress = ["{origin.address}"]'
    away.project.write("noteship.toml", text.replace("[kubernetes]", own, 1))


def struck(away: Away, name: str) -> ObjectRef:
    """A Job of the CronJob, made as `kubectl create job --from` makes it."""
    cluster = away.place.cluster
    clock = cluster.get(ObjectRef("batch/v1", "CronJob", name))
    assert clock is not None
    template = clock["spec"]["jobTemplate"]
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": name, "uid": clock["metadata"]["uid"]}
    own = {
        "name": f"{name}-{secrets.token_hex(3)}",
        "labels": template["metadata"]["labels"],
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [owner],
    }
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": own, "spec": template["spec"]}
    return ObjectRef.of(cluster.apply(job).thing)


def said(away: Away, job: ObjectRef, seconds: float = 240) -> str:
    """What came of it, by its pod's last line, when it has ended."""
    cluster = away.place.cluster
    last = list(for_job(cluster, job, Until(timeout_s=seconds)))[-1]
    pods = cluster.list(Selection("v1", "Pod", labels={"batch.kubernetes.io/job-name": job.name}))
    lines = [line for pod in pods for line in cluster.logs(LogsOf(pod["metadata"]["name"]))]
    assert last.state == "done", (last, lines)
    found = re.search(r": ([a-z ]+)$", lines[-1])
    assert found, lines
    return found[1]


def names(away: Away, version: str, kind: str) -> set[str]:
    found = away.place.cluster.list(Selection(version, kind, labels=OWN))
    return {str(each["metadata"]["name"]) for each in found}


def learned(away: Away) -> retrainings.Retraining:
    """The last retraining on record."""
    return next(retrainings.history(OpenedProject.at(away.project.root).store))


def test_clocks_begin_runs_and_looks_and_are_taken_away(away: Away, origin: Origin) -> None:
    """A run in pods; a look that finds nothing to do in seconds; data that moved; and nothing is left in the end."""
    runs = '[kubernetes.run]\nschedule = "15 3 * * *"\nzone = "Europe/Berlin"\n'
    declare(away, origin, 'on = ["data"]\nthen = "promote"\nschedule = "0 4 1 1 *"', runs)
    done = away.project.json("schedule")
    assert [(each["name"], each["schedule"]) for each in done["clocks"]] == [
        ("mail-run", "15 3 * * *"),
        ("mail-due", "0 0 * * *"),
        ("mail-retrain", "0 4 1 1 *"),
    ]
    assert names(away, "batch/v1", "CronJob") == {"mail-run", "mail-due", "mail-retrain"}
    assert names(away, "v1", "ServiceAccount") == {"mail-runs"}
    assert said(away, struck(away, "mail-run")) == "done"
    [run] = away.project.json("runs")["runs"]
    assert run["state"] == "done" and len(away.jobs()) == 1, run
    began = time.monotonic()
    look = struck(away, "mail-due")
    assert said(away, look) == "not due" and time.monotonic() - began < 60
    assert len(away.jobs()) == 1
    origin.has(500)
    assert said(away, struck(away, "mail-due")) == "promoted"
    found = learned(away)
    assert ([each.told for each in found.occasions], found.state) == (["data.rows has moved"], "promoted")
    assert found.steps["judged"]["passed"] and len(away.jobs()) == 2
    assert said(away, struck(away, "mail-due")) == "not due"
    assert said(away, struck(away, "mail-retrain")) == "unchanged"
    other = {"schedule": "0 0 1 1 *", "jobTemplate": away.place.cluster.get(look)}
    other["jobTemplate"] = {"spec": {"template": other["jobTemplate"]["spec"]["template"]}}  # type: ignore[index]
    other["jobTemplate"]["spec"]["template"]["metadata"] = {}  # type: ignore[index]
    theirs = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "theirs", "labels": OWN}}
    away.place.cluster.apply({**theirs, "spec": other})
    gone = away.project.json("schedule", "--remove")
    assert gone["removed"] == ["mail-due", "mail-retrain", "mail-run"]
    until(lambda: names(away, "batch/v1", "CronJob") == {"theirs"})
    assert away.project.call("schedule", "--remove").code != 0


def test_a_retraining_deploys_from_its_pod(away: Away, origin: Origin, tmp_path: Path) -> None:
    """With the rights that `schedule` gave, the release that is known here goes on to the new bundle, then a canary."""
    cluster = away.place.cluster
    declare(away, origin, 'on = ["data"]\nthen = "deploy"')
    token_file = tmp_path / "tokens"
    access.issue("load", ("predict",), token_file)
    text = token_file.read_text()
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mail-tokens"}, "stringData": {"tokens": text}}
    cluster.apply(made)
    first = away.project.json("run")["bundle"]["digest"]
    away.project.json("deploy")
    away.project.json("schedule")
    role = cluster.get(ObjectRef(RBAC, "Role", "mail-due"))
    assert role is not None
    allowed = [each for each in role["rules"] if "deployments" in each["resources"]]
    assert allowed and not [each for each in role["rules"] if "*" in (*each["resources"], *each["verbs"])]
    assert not [each for each in role["rules"] if "secrets" in each["resources"]]
    origin.has(500)
    assert said(away, struck(away, "mail-due")) == "deployed"
    [standing] = away.project.json("status", "mail")["releases"]
    second = standing["bundle"]
    assert standing["as_recorded"] is True and second != first
    assert learned(away).steps["run"]["bundle"] == second
    text = away.project.text("noteship.toml").replace('then = "deploy"', 'then = "canary"\nshare = 0.5')
    away.project.write("noteship.toml", text)
    away.project.json("schedule")
    origin.has(600)
    assert said(away, struck(away, "mail-due")) == "canary"
    there = {each["release"]: each for each in away.project.json("status")["releases"]}
    assert set(there) == {"mail", "mail-canary"} and there["mail-canary"]["bundle"] not in (first, second)
    assert said(away, struck(away, "mail-due")) == "waiting"
    text = text.replace('then = "canary"', 'then = "promote"')
    away.project.write("noteship.toml", text)
    away.project.json("schedule")
    assert names(away, "v1", "ServiceAccount") == {"mail-runs"} and names(away, RBAC, "Role") == {"mail-runs"}
    away.project.json("schedule", "--remove")
    assert cluster.get(ObjectRef("apps/v1", "Deployment", "mail")) is not None


def test_a_killed_retraining_goes_on(away: Away, origin: Origin) -> None:
    """The Job's next pod goes on with the same one, and the stage that was under way is not run again."""
    declare(away, origin, 'on = ["data"]\nthen = "promote"')
    away.project.json("run")
    away.project.notebook("train", f"import time; time.sleep(15)\n{TRAIN}")
    away.project.json("schedule")
    origin.has(500)
    job = struck(away, "mail-due")
    until(lambda: [each for each in away.pods("stage") if run_places.is_running(each, "train")], 120)
    away.delete(away.running("driver"))
    assert said(away, job) == "promoted"
    found = learned(away)
    assert (found.state, found.occasions[0].kind) == ("promoted", "data")
    assert len(list(retrainings.history(OpenedProject.at(away.project.root).store))) == 1
    assert len([each for each in away.jobs() if "train" in each]) == 1
