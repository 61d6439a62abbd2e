"""A real MLflow server is told of runs, judgements, searches and promotions, whatever happens on the way."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Answer, Project
from clients.environments import CLIENTS, environment
from noteship import timed
from noteship.operations import judgements, promotions, telling
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from noteship.tracking import Event, Outbox
from operations.judged_bundles import bundle_of, judge
from tracking.mlflow_server import MlflowServer

pytestmark = pytest.mark.slow
# Loading MLflow's client takes six seconds of a processor that nothing else needs.
PATIENCE_S = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    folder = tmp_path_factory.mktemp("mlflow")
    server = MlflowServer(environment(CLIENTS / "mlflow.txt", folder / "environment"), folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project whose name no other test has."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[:60].strip("-")
    project = Project(tmp_path)
    project.write("noteship.toml", f'[project]\nname = "{name}"\n')
    return project


def name_of(project: Project) -> str:
    return OpenedProject.at(project.root).name


def settled(project: Project, server: MlflowServer, waiting: int = 0, fault: str = "") -> None:
    """Wait until so much waits, and the last attempt came to that."""
    outbox = Outbox(OpenedProject.at(project.root).store)
    until = time.monotonic() + PATIENCE_S
    while (outbox.count(server.url), outbox.fault(server.url)) != (waiting, fault):
        assert time.monotonic() < until, (outbox.count(server.url), outbox.fault(server.url))
        time.sleep(0.2)


def tell(project: Project, server: str, code: int = 0) -> Any:
    answer = tracking(project, server, "--json")
    assert answer.code == code, answer.err
    return answer.document


def tracking(project: Project, server: str, *words: str) -> Answer:
    """The verb to its end: on a busy machine loading MLflow's client takes its time."""
    process = project.start("tracking", *words, MLFLOW_TRACKING_URI=server)
    out, err = process.communicate(timeout=PATIENCE_S)
    return Answer(process.returncode, out, err)


def wait_of(opened: OpenedProject, monkeypatch: pytest.MonkeyPatch, server: str) -> str:
    """A judgement, a search's event and a promotion that wait to be told; the digest of the bundle."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setattr(telling, "_start", lambda _: None)
    bundle = bundle_of(opened, "one")
    kept = judge(opened, bundle)
    assert telling.judged(opened, kept, judgements.read(opened.store, kept)) == ()
    trials = [
        {"number": number, "parameters": {"a.depth": number}, "state": "done", "value": number / 10, "seconds": 1.0}
        for number in range(12)
    ]
    body = {"search": "s1", "metric": "f1", "direction": "maximize", "state": "done", "trials": trials}
    event = Event(timed.new(), "search", telling.server(), opened.name, opened.name, 1000, 2000, body=body)
    Outbox(opened.store).put(event)
    promoted = promote(opened, bundle, reason="better").promotion
    assert promoted
    telling.promoted(opened, promoted)
    return bundle


def check(server: MlflowServer, name: str, bundle: str) -> None:
    """All of `wait_of` is there, once."""
    runs = server.runs(name)
    assert len(runs) == 1 + 1 + 1 + 12
    assert {run["status"] for run in runs.values()} == {"FINISHED"}
    judged = server.named(name, "validate")
    assert judged["metrics"]["f1"] == 0.962 and judged["metrics"]["f1.low"] == 0.9
    assert server.files(judged["id"]) == ["judgement.json", "report"]
    search = runs["search-s1"]
    assert search["metrics"] == {"best/f1": 1.1, "trials": 12.0}
    for number in range(12):
        trial = runs[f"search-s1-{number}"]
        assert trial["params"] == {"a.depth": str(number)}
        assert trial["tags"]["mlflow.parentRunId"] == search["id"]
    [version] = server.versions(name)
    champion = server.champion(name)
    assert champion["version"] == version["version"]
    assert champion["tags"]["noteship.bundle"] == bundle
    assert champion["tags"]["noteship.promotion.reason"] == "better"
    assert champion["tags"]["noteship.gates"] == "passed"
    assert server.files(runs[f"bundle-{bundle}"]["id"], "bundle") == ["bundle/bundle.json"]


def test_a_run_appears_by_itself(server: MlflowServer, project: Project) -> None:
    """`noteship run` tells in the background: parameters, times, states; a run that does nothing is not told."""
    project.chain("a", "b")
    project.write("s1.py", "depth = 3\ntoken = 'hidden'\n" + project.text("s1.py"))
    project.write("noteship.toml", project.text("noteship.toml") + '[stage.s0]\nparams = { text = "z" }\n')
    for _ in range(2):
        answer = project.child("run", MLFLOW_TRACKING_URI=server.url)
        assert answer.code == 0 and "MLflow" not in answer.err, answer.err
    settled(project, server)
    [run] = server.runs(name_of(project)).values()
    assert run["status"] == "FINISHED"
    assert run["params"] == {"s0.text": "z", "s1.depth": "3"}
    assert {"seconds", "s0.seconds", "s1.seconds"} == set(run["metrics"])
    assert run["tags"]["noteship.stage.s1.state"] == "executed"


def test_failed_runs_are_told_as_failed(server: MlflowServer, project: Project) -> None:
    """The run's end and that of its stages are the server's, too; the exit code is the run's."""
    project.write("s0.py", "open('f0.txt', 'w').write('x')\nraise SystemExit('no')\n")
    assert project.child("run", MLFLOW_TRACKING_URI=server.url).code == 1
    settled(project, server)
    [run] = server.runs(name_of(project)).values()
    assert run["status"] == "FAILED" and run["tags"]["noteship.stage.s0.state"] == "failed"


def test_all_kinds_appear(server: MlflowServer, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judgements with intervals and pages, searches with trials, bundles as versions, the champion as an alias."""
    opened = OpenedProject.at(project.root)
    bundle = wait_of(opened, monkeypatch, server.url)
    assert tell(project, server.url)["told"] == 3
    check(server, opened.name, bundle)
    assert tell(project, server.url)["told"] == 0
    other = bundle_of(opened, "two")
    judge(opened, other, passed=False)
    promoted = promote(opened, other, override="the other is down").promotion
    assert promoted
    telling.promoted(opened, promoted)
    tell(project, server.url)
    champion = server.champion(opened.name)
    assert champion["tags"]["noteship.bundle"] == other
    assert champion["tags"]["noteship.promotion.override"] == "the other is down"
    assert [each.state for each in promotions.history(opened.store)] == ["champion", "replaced"]


def test_what_a_dead_server_missed_is_told_later(server: MlflowServer, project: Project) -> None:
    """With the server down no verb fails or waits; a line says what waits and why; once it is up all is told once."""
    project.chain("a")
    server.stop()
    try:
        for number in range(3):
            project.write("s0.py", f"open('f0.txt', 'w').write('{number}')\n")
            begun = time.monotonic()
            answer = project.child("run", MLFLOW_TRACKING_URI=server.url)
            assert answer.code == 0
            assert time.monotonic() - begun < 20
            note = f"note: {number + 1} events wait for MLflow: connection refused"
            assert (note in answer.err) == (number > 0), answer.err
            settled(project, server, number + 1, "connection refused")
        document = tell(project, server.url, code=3)
        assert document["fault"] == "connection refused" and len(document["waiting"]) == 3
    finally:
        server.start()
    assert tell(project, server.url)["told"] == 3
    runs = server.runs(name_of(project))
    assert len(runs) == 3 and {run["status"] for run in runs.values()} == {"FINISHED"}


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from noteship.operations.opened import OpenedProject
from noteship.tracking import client, deliver
root, server, attempts = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
objects = OpenedProject.at(root).store
killed = 0
for attempt in range(attempts):
    child = os.fork()
    if child == 0:
        deliver(objects, server, wait_s=0)
        os._exit(0)
    time.sleep(random.uniform(0.02, 0.6))
    os.kill(child, signal.SIGKILL)
    killed += os.waitpid(child, 0)[1] != 0
    # As if the minute were over for which the one that was killed holds it.
    objects.delete_ref("tracking/delivery")
delivered = deliver(objects, server, wait_s=0)
assert not delivered.fault and not delivered.refused, delivered
print(killed)
"""


def test_killed_deliveries_leave_nothing_twice(
    server: MlflowServer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any moment, the next delivery goes on: every run, trial, file, version and alias is there once."""
    opened = OpenedProject.at(project.root)
    bundle = wait_of(opened, monkeypatch, server.url)
    command = [sys.executable, "-c", KILLED, str(project.root), server.url, "12"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3
    assert Outbox(opened.store).waiting() == []
    check(server, opened.name, bundle)


def test_what_is_refused_does_not_stop_the_rest(
    server: MlflowServer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event for an experiment that was deleted is set aside with the reason, and the others are told."""
    name = name_of(project)
    deleted = server.ask("experiments/create", {"name": f"{name}-deleted"})["experiment_id"]
    server.ask("experiments/delete", {"experiment_id": deleted})
    opened = OpenedProject.at(project.root)
    body = {"run": "r", "state": "done", "by": "ada", "stages": {}}
    for each, experiment in (("1", f"{name}-deleted"), ("2", name)):
        Outbox(opened.store).put(Event(each, "run", server.url, name, experiment, 1000, 2000, body=body))
    document = tell(project, server.url)
    assert (document["told"], document["waiting"]) == (1, [])
    [refused] = document["refused"]
    assert refused["id"] == "1" and "delete" in refused["why"].lower()
    assert list(server.runs(name)) == ["2"]
    assert "delete" in tracking(project, server.url).out.lower()


@pytest.mark.parametrize(("code", "fault"), [(503, "it answers 503"), (401, "it answers 401")])
def test_a_server_that_answers_faults_is_told_later(
    project: Project, monkeypatch: pytest.MonkeyPatch, code: int, fault: str
) -> None:
    """Faults of the server, and callers that it does not know, leave all waiting; no secret is kept or shown."""

    class Faulty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(b"SECRET-of-the-server")

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as faulty:
        threading.Thread(target=faulty.serve_forever, daemon=True).start()
        url = f"http://ada:SECRET-word@127.0.0.1:{faulty.server_port}"
        opened = OpenedProject.at(project.root)
        wait_of(opened, monkeypatch, url)
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "SECRET-token")
        answer = tracking(project, url, "--json")
        faulty.shutdown()
    assert answer.code == 3 and answer.document["fault"] == fault
    assert len(answer.document["waiting"]) == 3
    assert "SECRET" not in answer.out + answer.err
    kept = [path for path in (project.root / ".noteship").rglob("*") if path.is_file()]
    assert not any(b"SECRET" in path.read_bytes() for path in kept)
