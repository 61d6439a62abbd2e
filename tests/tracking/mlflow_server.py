"""A real MLflow server, in an environment of its own, and what it has."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["MlflowServer"]

# It takes ten seconds on a machine that has nothing else to do.
PATIENCE_S = 300


class MlflowServer:
    """Can be stopped, and started again with all that it had, at the same address."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python = python
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["server", "--backend-store-uri", f"sqlite:///{self._folder}/runs.db", "--artifacts-destination"]
        words += [str(self._folder / "artifacts"), "--port", str(self._port), "--workers", "1"]
        with (self._folder / "server.log").open("ab") as log:
            environment = {
                **os.environ,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "PATH": f"{self._python.parent}:/usr/bin:/bin",
            }
            environment.pop("MLFLOW_TRACKING_URI", None)
            command = [self._python.parent / "mlflow", *words]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env=environment, start_new_session=True
            )
        try:
            self._wait(time.monotonic() + PATIENCE_S)
        except BaseException:
            self.stop()
            raise

    def _wait(self, until: float) -> None:
        assert self._process is not None
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
            except OSError:
                assert self._process.poll() is None, (self._folder / "server.log").read_text()
                time.sleep(0.2)
            else:
                return
        raise AssertionError((self._folder / "server.log").read_text())

    def stop(self) -> None:
        """Stop it, with its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def ask(self, path: str, body: Any = None) -> Any:
        """An answer of its API: GET without a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api/2.0/mlflow/{path}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def experiment(self, name: str) -> str:
        """The id of an experiment."""
        found = self.ask(f"experiments/get-by-name?experiment_name={name}")
        return str(found["experiment"]["experiment_id"])

    def runs(self, experiment: str) -> dict[str, dict[str, Any]]:
        """The runs of an experiment by their keys: name, status, params, metrics and tags; no key is there twice."""
        asked = {"experiment_ids": [self.experiment(experiment)], "max_results": 1000}
        found: dict[str, dict[str, Any]] = {}
        for run in self.ask("runs/search", asked).get("runs", []):
            told = {
                kind: {each["key"]: each["value"] for each in run["data"].get(kind, [])}
                for kind in ("params", "metrics", "tags")
            }
            key = told["tags"]["noteship.event"]
            assert key not in found, f"{key} is there twice"
            info = run["info"]
            found[key] = {"name": info["run_name"], "status": info["status"], "id": info["run_id"], **told}
        return found

    def named(self, experiment: str, start: str) -> dict[str, Any]:
        """The one run whose name begins so."""
        [found] = [run for run in self.runs(experiment).values() if run["name"].startswith(start)]
        return found

    def files(self, run: str, folder: str = "") -> list[str]:
        """The files of a run, or in a folder of it."""
        found = self.ask(f"artifacts/list?run_id={run}" + (f"&path={folder}" if folder else ""))
        return sorted(each["path"] for each in found.get("files", []))

    def versions(self, model: str) -> list[dict[str, Any]]:
        """The versions of a registered model."""
        found: list[dict[str, Any]] = self.ask(f"model-versions/search?filter=name%3D%27{model}%27").get(
            "model_versions", []
        )
        return found

    def champion(self, model: str) -> dict[str, Any]:
        """The version that is called champion, with its tags as a mapping."""
        found = self.ask(f"registered-models/alias?name={model}&alias=champion")["model_version"]
        return {**found, "tags": {each["key"]: each["value"] for each in found["tags"]}}
