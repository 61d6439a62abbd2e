"""The servers: how each is started, asked and understood. Every one has its metrics on and its access log off."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from served.models import NOTESHIP, Served

__all__ = ["PEERS", "Bare", "BentoMl", "FastApi", "MlServer", "Noteship", "Server", "Spot", "Start"]

CODE = Path(__file__).parents[1] / "peers"
HOST = "127.0.0.1"
PEERS = ("FastAPI", "MLServer", "BentoML")


@dataclass(frozen=True)
class Spot:
    """Where a server runs: three free ports, the first for requests, and an empty folder."""

    ports: tuple[int, int, int]
    place: Path


@dataclass(frozen=True)
class Start:
    """A command to start a server with."""

    words: Sequence[str]
    cwd: Path
    variables: Mapping[str, str] = field(default_factory=dict)


class Server(Protocol):
    """One way to serve one model.

    - ready: the path that answers 200 when requests may come
    - path: where a row is posted to
    - metrics: which of the ports has the metrics, and the path; None where there are none
    - scores: whether its answers depend on the rows
    """

    served: Served
    name: str
    ready: str
    path: str
    metrics: tuple[int, str] | None
    scores: bool

    def start(self, spot: Spot) -> Start:
        """How to start it."""

    def question(self, row: int) -> Any:
        """The body for one row."""

    def label(self, answer: Any) -> str:
        """The label in an answer."""


class Noteship:
    """`noteship serve` in the project that fitted the steps, with one worker where it can be said; rows as objects."""

    name, ready, path, scores = "noteship", "/health/ready", "/predict", True
    metrics: tuple[int, str] | None = (0, "/metrics")

    def __init__(self, served: Served, options: Sequence[str] = ()) -> None:
        self.served = served
        self._options = tuple(options)

    def start(self, spot: Spot) -> Start:
        """As a user would."""
        one = ("--workers", "1") if "--workers" in _help() and "--workers" not in self._options else ()
        serve = [*NOTESHIP, "serve", "--project", str(self.served.project), "--port", str(spot.ports[0])]
        return Start([*serve, *one, *self._options], spot.place)

    def question(self, row: int) -> Any:
        """A row as an object."""
        return self.served.objects[row]

    def label(self, answer: Any) -> str:
        """The only prediction."""
        return str(answer["predictions"][0])


class FastApi:
    """A plain route that calls `predict`; a text, or numbers in their order."""

    name, ready, scores = "FastAPI", "/health", True
    metrics: tuple[int, str] | None = (0, "/metrics/")

    def __init__(self, served: Served, bin_folder: Path) -> None:
        self.served = served
        self.path = f"/{served.kind}"
        self._bin = bin_folder

    def start(self, spot: Spot) -> Start:
        """By uvicorn, which takes its fast loop and parser where they are installed."""
        words = [str(self._bin / "uvicorn"), "fastapi_app:app", "--port", str(spot.ports[0]), "--no-access-log"]
        return Start(words, CODE, _model(self.served))

    def question(self, row: int) -> Any:
        """One field."""
        return {"text" if self.served.kind == "text" else "values": self.served.values[row]}

    def label(self, answer: Any) -> str:
        """The only field."""
        return str(answer["label"])


class MlServer:
    """MLServer with adaptive batching; a tensor of one row by the Open Inference Protocol.

    The model is loaded into the server's own process: a worker beside it adds a hop, and on one core nothing else.
    Of waits from 0.5 to 20 ms and batches from 16 to 64 rows these were as good as any at 32 connections; at one
    connection the wait is added to every answer, and longer ones do worse.
    """

    name, ready, path, scores = "MLServer", "/v2/models/model/ready", "/v2/models/model/infer", True
    metrics: tuple[int, str] | None = (2, "/metrics")

    def __init__(self, served: Served, bin_folder: Path) -> None:
        self.served = served
        self._bin = bin_folder

    def start(self, spot: Spot) -> Start:
        """With its settings in the given folder."""
        http, grpc, metrics = spot.ports
        settings = {"host": HOST, "http_port": http, "grpc_port": grpc, "metrics_port": metrics}
        _write(spot.place / "settings.json", settings | {"debug": False, "parallel_workers": 0})
        model = {"name": "model", "implementation": "mlserver_runtime.Model"}
        _write(spot.place / "model-settings.json", model | {"max_batch_size": 32, "max_batch_time": 0.001})
        variables = _model(self.served) | {"PYTHONPATH": str(CODE)}
        return Start([str(self._bin / "mlserver"), "start", str(spot.place)], spot.place, variables)

    def question(self, row: int) -> Any:
        """One tensor with one row."""
        value = self.served.values[row]
        data, kind = ([value], "BYTES") if self.served.kind == "text" else (value, "FP64")
        return {"inputs": [{"name": "row", "shape": [1, len(data)], "datatype": kind, "data": data}]}

    def label(self, answer: Any) -> str:
        """The only element of the only output."""
        return str(answer["outputs"][0]["data"][0])


class BentoMl:
    """BentoML with adaptive batching, one worker; a batch of one row by its own protocol."""

    name, ready, scores = "BentoML", "/readyz", True
    metrics: tuple[int, str] | None = (0, "/metrics")

    def __init__(self, served: Served, bin_folder: Path) -> None:
        self.served = served
        self.path = f"/{served.kind}"
        self._bin = bin_folder

    def start(self, spot: Spot) -> Start:
        """From the source, as in its documentation; it asks nobody home."""
        port = str(spot.ports[0])
        words = [str(self._bin / "bentoml"), "serve", "bentoml_service:Model", "--host", HOST, "--port", port]
        variables = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(spot.place)}
        return Start(words, CODE, _model(self.served) | variables)

    def question(self, row: int) -> Any:
        """A batch of one."""
        return {"rows": [self.served.values[row]]}

    def label(self, answer: Any) -> str:
        """The only element."""
        return str(answer[0])


class Bare(Noteship):
    """The limit: the same bodies, read and not looked at, and a short answer, by the server under most others."""

    name, ready, scores = "HTTP alone", "/", False
    metrics: tuple[int, str] | None = None

    def start(self, spot: Spot) -> Start:
        """With the loop and the parser named, so that it fails where one is missing."""
        words = [sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", str(Path(__file__).parent)]
        fast = ["--no-access-log", "--loop", "uvloop", "--http", "httptools", "--interface", "asgi3"]
        return Start([*words, *fast, "--port", str(spot.ports[0])], spot.place)


def _model(served: Served) -> dict[str, str]:
    return {"BENCH_MODEL": str(served.file), "BENCH_KIND": served.kind}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))


@cache
def _help() -> str:
    return subprocess.run([*NOTESHIP, "serve", "--help"], capture_output=True, text=True, check=True).stdout
