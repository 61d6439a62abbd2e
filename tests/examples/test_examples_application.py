"""The application in front of a model: people who use it do not notice that the service is replaced."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients.environments import environment

APPLICATION = Path(__file__).parents[2] / "examples/application"
LETTER = "My dear sister, we are all arrived safely, and my aunt sends her love."
REVIEW = "The best salted crackers we ever bought, crunchy and not greasy. Five stars!"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def instance(project: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """An instance of the service, once it is ready."""
    words = ["serve", "--project", os.fspath(project), "--port", str(port), "--json"]
    command = [sys.executable, "-m", "noteship", *words]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            text = "".join(iter(process.stdout.readline, "}\n"))
            assert json.loads(text + "}")["url"] == url_of(port)
            yield process
        finally:
            process.kill()


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with what the application says that it needs, and nothing else."""
    return environment(APPLICATION / "requirements.txt", tmp_path_factory.mktemp("application") / "environment")


@contextmanager
def application(python: Path, *words: str) -> Iterator[httpx.Client]:
    """The application as its page says to start it, and somebody who asks it."""
    command = [python, "-B", "application.py", "--port", "0", *words]
    with subprocess.Popen(command, cwd=APPLICATION, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            with httpx.Client(base_url=process.stdout.readline().strip(), timeout=240) as client:
                yield client
        finally:
            process.kill()


class People:
    """They keep asking; what was not answered rightly is kept."""

    def __init__(self, client: httpx.Client, expected: dict[str, str]) -> None:
        self._client, self._expected = client, expected
        self.answered, self.failures = 0, list[Any]()
        self.over = threading.Event()

    def ask(self) -> None:
        while not self.over.is_set():
            for text, label in self._expected.items():
                answer = self._client.post("/judge", json={"text": text})
                if answer.status_code == 200 and answer.json()["label"] == label:
                    self.answered += 1
                else:
                    self.failures.append((answer.status_code, answer.text))


@pytest.fixture
def austen(project: Callable[[str], Path], noteship: Callable[..., dict[str, Any]]) -> Path:
    """The project with its model."""
    folder = project("austen")
    noteship("run", "--project", folder)
    return folder


@pytest.mark.slow
def test_nobody_notices_a_rollout(austen: Path, python: Path) -> None:
    """Two instances that are replaced in turn, and one alone that is: every person gets the right answer."""
    ports = free_port(), free_port()
    with ExitStack() as stack:
        instances = {port: stack.enter_context(instance(austen, port)) for port in ports}
        words = [word for port in ports for word in ("--service", url_of(port))]
        both = stack.enter_context(application(python, *words))
        # On a busy machine a service takes long to start.
        alone = stack.enter_context(application(python, "--service", url_of(ports[0]), "--patience", "200"))
        crowds = [People(client, {LETTER: "legitimate", REVIEW: "spam"}) for client in (both, both, both, alone)]
        threads = [threading.Thread(target=crowd.ask) for crowd in crowds]
        for thread in threads:
            thread.start()
        for port in ports:
            time.sleep(1)
            instances[port].send_signal(signal.SIGTERM)
            assert instances[port].wait(30) == 0
            stack.enter_context(instance(austen, port))
        time.sleep(1)
        for crowd in crowds:
            crowd.over.set()
        for thread in threads:
            thread.join(240)
        assert [crowd.failures for crowd in crowds] == [[], [], [], []]
        assert min(crowd.answered for crowd in crowds) > 50
        for label in ("legitimate", "spam"):
            judged = both.post("/judge", json={"text": LETTER}).json()
            said = both.post("/feedback", json={"id": judged["id"], "label": label}).json()
            assert said == {"is_remembered": True}


@pytest.mark.slow
def test_without_a_service_people_are_told(python: Path) -> None:
    """What cannot be judged is refused in words: an empty text, a label that is none."""
    with application(python, "--service", url_of(free_port())) as client:
        assert "Letter desk" in client.get("/").text
        assert client.post("/judge", json={"text": " "}).status_code == 422
        assert client.post("/judge", content=b"[").status_code == 422
        assert client.post("/feedback", json={"id": "x", "label": "other"}).status_code == 422
