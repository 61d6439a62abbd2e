"""What nobody should send: the service answers, in the words of its document, and goes on."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clients.environments import CLIENTS, environment
from noteship import serving

from .noise import Sent, nearly, requests_of, wild
from .served import Served, served

pytestmark = pytest.mark.slow
NEARLY, WILD, SECONDS = 10_000, 3_000, 35
# Far longer than any answer takes, and short enough to tell who hangs.
PATIENCE_S = 20
# The chance is the same each time, so that what it finds can be found again; another one is tried by this variable.
SEED = int(os.environ.get("NOTESHIP_FUZZ_SEED", "1"))


@pytest.fixture(params=["letters", "rents"])
def fuzzed(request: pytest.FixtureRequest) -> serving.Model:
    """A model over a text, and one over a number and a category."""
    model: serving.Model = request.getfixturevalue(request.param)
    return model


def counted(one: Served) -> Counter[str]:
    """Requests by status, as the service counted them."""
    text, found = one.client.get("/metrics").text, Counter[str]()
    for status, value in re.findall(r'^noteship_requests_total\{[^}]*code="(\d+)"[^}]*\} (\S+)$', text, re.MULTILINE):
        found[status] += int(float(value))
    return found


def faults(found: Counter[str]) -> dict[str, int]:
    """Answers that blame the service; a deadline that was asked for is none."""
    return {status: count for status, count in found.items() if status >= "500" and status != "504"}


def test_the_document_is_kept(fuzzed: serving.Model, tmp_path: Path) -> None:
    """Schemathesis sends what the document describes and what it does not: each answer is one that is described."""
    program = environment(CLIENTS / "schemathesis.txt", tmp_path / "schemathesis").with_name("st")
    with served(fuzzed) as one:
        words = ["--config-file", CLIENTS / "schemathesis.toml", "run", f"{one.running.url}/openapi.json"]
        words += ["--phases", "examples,coverage,fuzzing", "--max-time", str(SECONDS), "--workers", "2"]
        words += ["--seed", str(SEED), "--continue-on-failure", "--suppress-health-check", "all"]
        words += ["--no-shrink", "--request-timeout", str(PATIENCE_S)]
        done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, timeout=150)
        found = counted(one)
    assert done.returncode == 0, "\n".join(line[:300] for line in done.stdout.splitlines()[-200:])
    assert faults(found) == {}
    assert found.total() > 200


def test_what_is_nearly_right_is_answered(fuzzed: serving.Model) -> None:
    """Bodies with odd values and spoilt bytes: an answer, or an error in the service's form; then it still works."""
    chance, requests = random.Random(SEED), requests_of(fuzzed)
    with served(fuzzed) as one:
        place = urlsplit(one.running.url)
        with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)) as connection:
            for _ in range(NEARLY):
                ask(connection, nearly(chance, requests))
        good = [one.client.post(each.path, content=each.body, headers=each.headers) for each in requests[:-1]]
        assert [each.text for each in good if each.status_code != 200] == []
        found = counted(one)
    assert faults(found) == {}
    assert min(found["200"], found["422"]) > NEARLY / 20


def test_what_is_no_http_closes_its_connection(fuzzed: serving.Model) -> None:
    """Any bytes, after which the client says no more: the service answers or closes, soon, and others do not notice."""
    chance, requests = random.Random(SEED), requests_of(fuzzed)
    with served(fuzzed) as one:
        place = urlsplit(one.running.url)
        for number in range(WILD):
            said = wild(chance, requests)
            heard = shouted(place.hostname or "", place.port or 0, said)
            assert heard == b"" or re.match(rb"HTTP/1\.1 [1-4]\d\d |HTTP/1\.1 504 ", heard), (number, said, heard)
        assert one.client.post("/predict", json=[dict(fuzzed.signature.example)]).status_code == 200
        found = counted(one)
        connections = re.findall(r"^noteship_process_open_fds(?:\{.*\})? (\S+)$", one.client.get("/metrics").text, re.M)
    assert faults(found) == {}
    assert all(float(count) < 200 for count in connections)


def ask(connection: http.client.HTTPConnection, sent: Sent) -> None:
    """Send it; what comes back is of the form that is promised."""
    connection.request(sent.method, sent.path, sent.body, sent.headers)
    answer = connection.getresponse()
    body, kind = answer.read(), answer.getheader("content-type")
    assert answer.status < 500 or answer.status == 504, (sent, answer.status, body)
    if answer.status >= 300 and sent.method != "HEAD":
        assert kind == "application/json", (sent, answer.status, kind)
        assert isinstance(json.loads(body)["error"], str)
    elif kind == "application/json" and body:
        json.loads(body, parse_constant=pytest.fail)


def shouted(host: str, port: int, said: bytes) -> bytes:
    """All that comes back until the connection is closed."""
    heard = b""
    with socket.create_connection((host, port), PATIENCE_S) as connection:
        try:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                heard += piece
        except OSError as error:
            # Closed with bytes of ours unread; only silence is a fault.
            assert not isinstance(error, TimeoutError), said
    return heard
