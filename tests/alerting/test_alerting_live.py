"""A real Prometheus scrapes real services with the rules and the dashboard that were written for them."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cli.projects import Project
from cli.watched_projects import bundled, rows
from serving.started import started

pytestmark = pytest.mark.debian

# Of a round, each in a request of its own: as long as the service is learning, a request counts as one row.
ROWS = 250
# Told only of regressions, which none of these is.
NOT_TOLD = {f"noteship_{name}" for name in ("prediction_bucket", "prediction_count", "feedback_absolute_error_total")}
# A metric, but not a part of a record's name.
METRIC = r"(?<![\w:])noteship_\w+(?![\w:])"
CHANGED = "NoteshipModelChanged"


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

    def drawn(self, expression: str) -> list[dict[str, Any]]:
        """What it gave in the last minute, as a panel shows it."""
        now = time.time()
        span = {"start": str(now - 60), "end": str(now), "step": "1"}
        return list(self.ask("query_range", query=expression, **span)["result"])

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


@dataclass(frozen=True)
class Service:
    """A service of a project, and what was written for it."""

    url: str
    rules: Path
    dashboard: Path

    def ask(self, client: httpx.Client, given: Sequence[dict[str, Any]]) -> str:
        """Ask for the predictions of rows, each in a request of its own; the last request's id."""
        answer = None
        for row in given:
            answer = client.post(f"{self.url}/predict", json=[row])
            assert answer.status_code == 200, answer.text
        assert answer is not None
        return answer.headers["x-request-id"]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """The same model twice, in two projects of two releases, with windows of a second.

    One worker each: of several, one that is late by a tenth of a second would be missing, with windows so short.
    """
    made = Project(tmp_path_factory.mktemp("watched") / "made-by")
    made.root.mkdir()
    bundled(made)
    with ExitStack() as running:
        found = {}
        for release in ("steady", "drifting"):
            project = Project(made.root.parent / release)
            shutil.copytree(made.root, project.root)
            project.write(
                "noteship.toml", f'[project]\nname = "shop"\n[monitor]\nrelease = "{release}"\nwindow = "1s"\n'
            )
            rules, dashboard = project.root / "rules.yml", project.root / "dashboard.json"
            answer = project.call("monitor", "--rules", str(rules), "--dashboard", str(dashboard))
            assert answer.code == 0, answer.err
            one = running.enter_context(started(project.root))
            found[release] = Service(one.url, rules, dashboard)
        yield found


@pytest.fixture(scope="module")
def scraper(services: dict[str, Service], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that looks at both."""
    folder = tmp_path_factory.mktemp("prometheus") / "one"
    targets = {release: service.url for release, service in services.items()}
    with prometheus(folder, targets, [service.rules for service in services.values()]) as running:
        yield running


def test_a_drifting_stream_rings_and_no_other(services: dict[str, Service], scraper: Prometheus) -> None:
    """Of two services of one model, the one whose rows move raises the alarm; nothing else rings."""
    seeds = itertools.count(2)
    with httpx.Client(timeout=20) as client:

        def asked() -> bool:
            for release, service in services.items():
                frame = rows(ROWS, next(seeds), shift=3.0 * (release == "drifting")).drop(columns="answer")
                request = service.ask(client, frame.to_dict("records"))
                client.post(f"{service.url}/feedback", json={"request": request, "row": 0, "label": "yes"})
            return CHANGED in {name for name, _ in scraper.firing()}

        until(asked, lambda: scraper.results("noteship_window_state == 1"))
        # What would ring later for the other one has had its time.
        for _ in range(4):
            asked()
    assert scraper.firing() == {(CHANGED, "drifting")}
    evidence = "max(max_over_time(noteship_window_evidence_log10{release=%s}[1m]))"
    [alarm], [steady] = (scraper.results(evidence % json.dumps(release)) for release in ("drifting", "steady"))
    [bell] = scraper.results("max(noteship_window_bell_log10)")
    assert value(steady) < value(bell) < value(alarm)


def value(result: dict[str, Any]) -> float:
    return float(result["value"][1])


def test_every_expression_means_something(services: dict[str, Service], scraper: Prometheus) -> None:
    """Prometheus understands all expressions, they are of metrics that there are, and every panel shows something."""
    names = set(scraper.ask("label/__name__/values"))
    shown, empty = set(), set()
    for release, service in services.items():
        every = [
            (panel["title"], target["expr"])
            for panel in json.loads(service.dashboard.read_text())["panels"]
            for target in panel["targets"]
        ]
        for title, expression in every:
            expression = expression.replace("$__rate_interval", "10s")
            expression = re.sub(r"\$(namespace|job|version)", ".*", expression)
            assert "$" not in expression
            assert set(re.findall(METRIC, expression)) - names <= NOT_TOLD, expression
            (shown if scraper.drawn(expression) else empty).add((release, title))
    assert {title for _, title in empty - shown} == set()
    for service in services.values():
        groups = yaml.safe_load(service.rules.read_text())["groups"]
        for rule in (rule for group in groups for rule in group["rules"]):
            scraper.results(rule["expr"])
            assert set(re.findall(METRIC, rule["expr"])) - names <= NOT_TOLD, rule
    health = {rule["health"] for group in scraper.ask("rules")["groups"] for rule in group["rules"]}
    # Those of a group that is reckoned every other minute may be yet to come.
    assert {"ok"} <= health <= {"ok", "unknown"}
