"""MLflow's client where an answer is lost, and where no server is: the library keeps runs in a database itself."""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from noteship import store
from noteship.tracking import Event, Outbox

pytestmark = pytest.mark.slow
# Loading MLflow's client takes six seconds of a processor that nothing else needs.
PATIENCE_S = 300
BODY = {"run": "r", "state": "done", "by": "ada", "stages": {}}
DELIVER = """
import sys
from pathlib import Path
from noteship import store
from noteship.tracking import deliver
for _ in range(int(sys.argv[3])):
    found = deliver(store.open_store(None, Path(sys.argv[1])), sys.argv[2], wait_s=0)
    print(found.told, found.refused, found.fault)
"""
# What an older version of noteship left, which broke off at the time of a stage.
BEGUN = """
import sys
import mlflow
from mlflow.entities import Metric, Param
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("x"), 1000, {"noteship.event": "0"}, "run r")
client.log_batch(run.info.run_id, [Metric("seconds", 1.0, 2000, 0)], [Param("n.depth", "3")])
"""
FOUND = """
import mlflow
client = mlflow.MlflowClient()
[run] = client.search_runs([client.get_experiment_by_name("x").experiment_id])
print(run.info.status, sorted(run.data.metrics.items()), sorted(run.data.params.items()))
"""
DELETED = """
import sys
import mlflow
client = mlflow.MlflowClient()
client.delete_experiment(client.create_experiment("gone"))
"""


def call(code: str, url: str, *words: str, **more: str) -> list[str]:
    """The lines that a process prints which has the server's address, and more variables."""
    variables = {**os.environ, "MLFLOW_TRACKING_URI": url, "MLFLOW_DISABLE_TELEMETRY": "true", **more}
    command = [sys.executable, "-W", "ignore", "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=variables, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def wait(root: Path, url: str, *experiments: str) -> Outbox:
    """Runs that are to be told."""
    outbox = Outbox(store.open_store(None, root))
    for number, experiment in enumerate(experiments):
        outbox.put(Event(f"{number}", "run", url, "mail", experiment, 1000, 2000, body=BODY))
    return outbox


def test_a_run_whose_making_was_not_answered_is_made_once(tmp_path: Path) -> None:
    """Where the answer is lost on its way, the next delivery finds what the server has made."""
    made: list[dict[str, Any]] = []

    class Lossy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, {"experiment": {"experiment_id": "1", "name": "x", "lifecycle_stage": "active"}})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("runs/create"):
                info = {"run_id": f"{len(made):032x}", "experiment_id": "1", "status": "RUNNING"}
                made.append({"info": info, "data": {"tags": body["tags"]}})
                self.answer(502 if len(made) == 1 else 200, {"run": made[-1]})
            elif self.path.endswith("runs/search"):
                self.answer(200, {"runs": made})
            else:
                self.answer(200, {"run_info": made[-1]["info"]} if self.path.endswith("runs/update") else {})

        def answer(self, code: int, value: dict[str, Any]) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lossy) as lossy:
        threading.Thread(target=lossy.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{lossy.server_port}"
        wait(tmp_path, url, "x")
        told = call(DELIVER, url, str(tmp_path), url, "2")
        lossy.shutdown()
    assert told == ["0 0 it answers 502", "1 0 "]
    assert len(made) == 1


@pytest.mark.skipif(importlib.util.find_spec("sqlalchemy") is None, reason="MLflow's client keeps no database alone")
def test_a_database_refuses_as_a_server_does(tmp_path: Path) -> None:
    """What the library refuses without a server is set aside with the reason, and the others are told."""
    url = f"sqlite:///{tmp_path}/runs.db"
    call(DELETED, url)
    outbox = wait(tmp_path, url, "gone", "there")
    assert call(DELIVER, url, str(tmp_path), url, "1") == ["1 1 "]
    assert outbox.waiting() == []
    assert "deleted" in outbox.refused()[0].why


def test_runs_in_files_are_told_too(tmp_path: Path) -> None:
    """Stages beside a folder of their name, too; what an older version broke off at there goes on."""
    url = f"file://{tmp_path}/runs"
    stage = {"state": "executed", "seconds": 0.5, "params": {"depth": 3}}
    outbox = Outbox(store.open_store(None, tmp_path / "store"))
    body = {**BODY, "stages": {"n": stage, "n/02-train": stage}}
    outbox.put(Event("0", "run", url, "mail", "x", 1000, 2000, body=body))
    [told] = call(DELIVER, url, str(tmp_path / "store"), url, "1")
    assert told.startswith("0 0 it keeps runs in files only where MLFLOW_ALLOW_FILE_STORE is true"), told
    call(BEGUN, url, MLFLOW_ALLOW_FILE_STORE="true")
    assert call(DELIVER, url, str(tmp_path / "store"), url, "1", MLFLOW_ALLOW_FILE_STORE="true") == ["1 0 "]
    metrics = [("n.seconds", 0.5), ("n/02-train.seconds", 0.5), ("seconds", 1.0)]
    params = [("n.depth", "3"), ("n/02-train.depth", "3")]
    assert call(FOUND, url, MLFLOW_ALLOW_FILE_STORE="true") == [f"FINISHED {metrics} {params}"]
