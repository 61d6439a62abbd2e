"""A real Prometheus scrapes real services with the rules and the dashboard that were written for them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.projects import Project
from cli.watched_projects import bundled, rows
from noteship import store
from serving.started import started

pytestmark = pytest.mark.debian

ROWS = 400
# Told only of regressions, which none of these is.
NOT_TOLD = {"noteship_prediction_bucket"}


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def ask(self, path: str, **given: str) -> Any:
        """The data of an answer, which is one of success."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=given, timeout=20).json()
        assert answer["status"] == "success", (given, answer)
        return answer["data"]

    def results(self, expression: str) -> list[dict[str, Any]]:
        """What an expression gives now."""
        return list(self.ask("query", query=expression)["result"])

    def firing(self) -> set[tuple[str, str]]:
        """Alerts that ring, each with its release."""
        alerts = (each for each in self.ask("alerts")["alerts"] if each["state"] == "firing")
        return {(each["labels"]["alertname"], each["labels"]["release"]) for each in alerts}


@contextmanager
def prometheus(folder: Path, services: dict[str, str], rules: list[Path]) -> Iterator[Prometheus]:
    """A Prometheus that looks twice a second."""
    folder.mkdir()
    often = {"scrape_interval": "500ms", "evaluation_interval": "500ms", "scrape_timeout": "500ms"}
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [url.removeprefix("http://")]}]}
        for name, url in services.items()
    ]
    settings = {"global": often, "rule_files": [str(path) for path in rules], "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            running = Prometheus(f"http://{address}")
            until(lambda: ready(running), (folder / "log").read_text)
            yield running
        finally:
            process.terminate()


def ready(running: Prometheus) -> bool:
    try:
        return httpx.get(f"{running.url}/-/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def until(met: Callable[[], object], told: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, told()
        time.sleep(0.2)


def watched(project: Project, release: str, digest: str) -> Path:
    """A project that watches a model in windows of a second, and the rules that were written for it."""
    root = project.root.parent / release
    root.mkdir()
    (root / "noteship.toml").write_text(
        f'[project]\nname = "shop"\n[monitor]\nrelease = "{release}"\nwindow = "1s"\n[store]\nurl = "{project.root}/store"\n'
    )
    assert digest
    return root


@pytest.fixture
def asked() -> Iterator[Callable[[str, float], str]]:
    """Asks for the predictions of rows whose columns are shifted, some rows at once, and gives a request's id."""
    with httpx.Client(timeout=20) as client:
        seeds = iter(range(2, 100_000))

        def ask(url: str, shift: float) -> str:
            frame = rows(ROWS, next(seeds), shift=shift).drop(columns="answer")
            answer = client.post(f"{url}/predict", json=frame.to_dict("records"))
            assert answer.status_code == 200, answer.text
            return answer.headers["x-request-id"]

        yield ask
