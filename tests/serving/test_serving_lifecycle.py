from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from noteship import serving, supervising
from noteship.errors import EnvironmentLacks
from noteship.serving import errors

from .served import Failing, Gated, letters_bundle, served

# Serves in a process of its own; each request takes half a second.
SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from noteship import models, serving
class Slow:
    def __init__(self, inner): self.inner, self.signature = inner, inner.signature
    def score(self, frame):
        time.sleep(0.5)
        return self.inner.score(frame)
def load():
    bundle = models.read(Path(sys.argv[2]))
    return serving.Model(bundle.name, "0" * 64, Slow(models.load(bundle, models.Trust())))
serving.run(serving.ServerSettings(port=0, drain_s=float(sys.argv[3])), load, lambda one: print(one.url, flush=True))
print("ended", flush=True)
"""


def test_ready_only_after_the_model_scored(letters: serving.Model) -> None:
    """While the model is loaded, the service lives and is not ready, and says so to who asks for predictions."""
    gate, started, port = threading.Event(), queue.Queue[serving.Running](), _free_port()

    def load() -> serving.Model:
        assert gate.wait(20)
        return letters

    thread = threading.Thread(target=lambda: serving.run(serving.ServerSettings(port=port), load, started.put))
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        _until_it_lives(client)
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        assert client.get("/signature").status_code == 503
        refused = client.post("/predict", json=[["a"]])
        assert (refused.status_code, refused.json()["error"]) == (503, "the model is being loaded")
        assert refused.headers["retry-after"] == "1"
        assert client.get("/").status_code == 200
        assert "noteship_ready 0.0" in client.get("/metrics").text
        gate.set()
        running = started.get(timeout=20)
        assert client.get("/health/ready").json() == {"ready": True}
    running.stop()
    thread.join(20)
    assert not thread.is_alive()


def test_a_model_that_does_not_load_ends_the_service(letters: serving.Model) -> None:
    """What loading raises is raised to who started the service."""

    def load() -> serving.Model:
        raise EnvironmentLacks

    with pytest.raises(EnvironmentLacks), served(load):
        pass


def test_a_model_that_fails_on_its_example_is_never_ready(letters: serving.Model) -> None:
    """A model that does not score the example row of its signature is not served; the message says where it failed."""
    failing = serving.Model("letters", letters.digest, Failing(letters.scorer, fails_at=0))
    with pytest.raises(errors.CanaryFailed) as caught, served(failing):
        pass
    assert "ValueError, raised at" in str(caught.value)
    assert "dear" not in str(caught.value)


def test_a_port_that_is_taken_is_said_before_loading(letters: serving.Model) -> None:
    """A taken port is an error with its remedy, before the model is loaded."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(supervising.errors.CannotListen) as caught:
            serving.run(serving.ServerSettings(port=port), lambda: pytest.fail("loaded"))
    assert caught.value.exit_code == 3
    assert "another program listens there" in str(caught.value)


@pytest.mark.parametrize(("host", "port"), [("203.0.113.9", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_is_none_is_said(host: str, port: int) -> None:
    """An address of another machine, an unknown name and a port that does not exist are errors with a remedy."""
    with pytest.raises(supervising.errors.CannotListen) as caught:
        serving.run(serving.ServerSettings(host=host, port=port), lambda: pytest.fail("loaded"))
    assert caught.value.parts().remedy


def test_stopping_lets_requests_finish(letters: serving.Model) -> None:
    """While it drains, a service is not ready, answers what comes, and finishes what it has begun."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), drain_s=1.0) as one:
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(httpx.post(f"{one.running.url}/predict", json=[["a"]])))
        asking.start()
        assert gated.entered.wait(10)
        one.running.stop()
        assert one.client.get("/health/ready").status_code == 503
        assert one.client.get("/health/live").status_code == 200
        time.sleep(1.3)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{one.running.url}/health/live")
        gated.gate.set()
        asking.join(10)
    assert answers[0].status_code == 200


@pytest.mark.slow
def test_a_signal_during_requests_loses_none(tmp_path: Path) -> None:
    """A process that is sent SIGTERM while requests are under way answers them and exits 0."""
    folder = letters_bundle(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, os.fspath(tmp_path), os.fspath(folder), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        codes: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: codes.append(httpx.post(f"{url}/predict", json=[["dear"]], timeout=20).status_code)
            )
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        while "noteship_requests_under_way 3.0" not in httpx.get(f"{url}/metrics").text:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert process.wait(10) == 0
        assert codes == [200, 200, 200]
        assert process.stdout.read().strip() == "ended"
        assert process.stderr.read() == ""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _until_it_lives(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            assert client.get("/health/live").json() == {"live": True}
            return
        except httpx.ConnectError:
            time.sleep(0.02)
    pytest.fail("the service did not come up")
