"""Predictions that are asked for in one piece, or two, are answered as all others."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from noteship import serving

from .served import Gated, Served, served

ROWS = b'[["my dear sister"]]'
# As long as it takes until nobody waits any more for the rest of a request.
PATIENCE_S = 0.3


def request(path: str = "/predict", body: bytes = ROWS, *headers: str, method: str = "POST") -> bytes:
    """As clients write it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Wire:
    """A connection on which bytes are said and answers are heard."""

    def __init__(self, one: Served) -> None:
        place = urlsplit(one.running.url)
        self.socket = socket.create_connection((place.hostname, place.port), timeout=20)
        self.file = self.socket.makefile("rb")

    def say(self, pieces: Sequence[bytes], pause_s: float = 0.02) -> None:
        """Each piece in a segment of its own."""
        for piece in pieces:
            self.socket.sendall(piece)
            time.sleep(pause_s)

    def hear(self) -> tuple[int, dict[str, str], bytes]:
        """One answer: status, headers, body."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            assert name not in headers
            headers[name] = value
        return status, headers, self.file.read(int(headers["content-length"]))

    def ask(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        """One answer to one request."""
        self.say(pieces)
        return self.hear()

    def is_silent(self) -> bool:
        """Whether nothing more comes."""
        self.socket.settimeout(0.2)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(20)


@pytest.fixture(scope="module")
def one(letters: serving.Model) -> Iterator[Served]:
    """A service of letters."""
    with served(letters, limits=serving.Limits(body_bytes=2000, rows=5)) as one:
        yield one


@pytest.fixture
def wire(one: Served) -> Iterator[Wire]:
    """A connection to it."""
    wire = Wire(one)
    with wire.socket, wire.file:
        yield wire


def told(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, list[str], dict[str, object]]:
    """What does not differ from one request to the next."""
    status, headers, body = answer
    value = json.loads(body)
    assert value.pop("id", headers["x-request-id"]) == headers["x-request-id"]
    return status, sorted(headers), value


BAD = [
    request(body=b'[["a"]'),
    request(body=b"[[1]]"),
    request(body=b'[["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]'),
    request("/predict", b"text\nmy dear\n", "Content-Type: text/csv"),
    request("/predict", ROWS, "Content-Type: application/x-unknown"),
    request("/models/nobody/predict"),
    request("/models/letters/versions/9/predict"),
]


@pytest.mark.parametrize("whole", [request(), request("/v1/models/letters:predict", b'{"instances": ["a"]}'), *BAD])
def test_in_one_piece_as_in_many(wire: Wire, whole: bytes) -> None:
    """However a request comes, its answer has the same status, headers and body, on one connection."""
    head, _, body = whole.partition(b"\r\n\r\n")
    ways = ([whole], [head + b"\r\n\r\n", body], [head[:7], head[7:] + b"\r\n\r\n", body], [whole[:-3], whole[-3:]])
    answers = [told(wire.ask(*pieces)) for pieces in ways]
    wire.say([whole[:-1]], PATIENCE_S)
    answers.append(told(wire.ask(whole[-1:])))
    assert all(answer == answers[0] for answer in answers)


def test_requests_sent_ahead_are_answered_in_their_order(wire: Wire) -> None:
    """Several in one piece, or one and half the next."""
    ours = [request(body=b'{"rows": [["a"]], "id": %d}' % number) for number in range(6)]
    wire.say([ours[0] + ours[1], ours[2] + ours[3][:40], ours[3][40:] + ours[4], ours[5]])
    assert [json.loads(wire.hear()[2])["client_id"] for _ in ours] == list(range(6))
    assert wire.is_silent()


@pytest.mark.parametrize("before", [b"GET /health/live HTTP/1.1\r\nX: ", b"POST /feedback HTTP/1.1\r\nX: "])
def test_what_stands_within_a_request_is_none(wire: Wire, before: bytes) -> None:
    """A segment that looks like a request is a header's value or a body where one has begun."""
    wire.say([before, request(body=b"")])
    wire.hear()
    assert wire.is_silent()


def test_a_body_that_looks_like_a_request_is_a_body(wire: Wire) -> None:
    """Also when it comes in a segment of its own, soon or late."""
    inner = request()
    for pause_s in (0.02, PATIENCE_S):
        wire.say([request("/predict", inner)[: -len(inner)]], pause_s)
        assert wire.ask(inner)[0] == 400
    assert wire.is_silent()


def test_a_connection_that_is_to_be_closed_is_closed(wire: Wire) -> None:
    """After its answer."""
    status, headers, _ = wire.ask(request("/predict", ROWS, "Connection: close"))
    assert (status, headers["connection"], wire.file.read()) == (200, "close", b"")


def test_a_request_behind_one_under_way_waits(letters: serving.Model) -> None:
    """It is read when the one before has its answer; and a client that has gone leaves its place to others."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), limits=serving.Limits(requests=2)) as one:
        wire, gone = Wire(one), Wire(one)
        wire.say([request(body=b'{"rows": [["a"]], "id": 1}')])
        assert gated.entered.wait(20)
        wire.say([request(body=b'{"rows": [["a"]], "id": 2}'), request("/health/live", b"", method="GET")])
        gone.say([request()])
        gone.file.close()
        gone.socket.close()
        assert one.predict([["b"]]).status_code == 429
        gated.gate.set()
        assert [json.loads(wire.hear()[2])["client_id"] for _ in range(2)] == [1, 2]
        assert wire.hear()[2] == b'{"live":true}'
        assert one.predict([["b"]]).status_code == 200
        wire.file.close()
        wire.socket.close()


def test_who_has_gone_is_not_answered(letters: serving.Model, caplog: pytest.LogCaptureFixture) -> None:
    """Several requests in one segment, and then no client any more: none is scored for nobody, and it is no fault."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated)) as one:
        gone = Wire(one)
        gone.say([request() * 3])
        assert gated.entered.wait(20)
        gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.file.close()
        gone.socket.close()
        time.sleep(PATIENCE_S)
        gated.gate.set()
        assert one.predict([["b"]]).status_code == 200
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_late_answer_is_given_up(letters: serving.Model) -> None:
    """504 in time, once; the connection goes on."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), limits=serving.Limits(answer_s=0.2)) as one:
        wire = Wire(one)
        assert told(wire.ask(request()))[0] == 504
        gated.gate.set()
        assert told(wire.ask(request()))[0] == 200
        assert wire.is_silent()
        wire.file.close()
        wire.socket.close()


def test_stopping_closes_after_the_answer(letters: serving.Model) -> None:
    """A request under way is answered, and its answer closes the connection."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated)) as one:
        wire = Wire(one)
        wire.say([request()])
        assert gated.entered.wait(20)
        one.running.stop()
        threading.Timer(0.3, gated.gate.set).start()
        status, headers, _ = wire.hear()
        assert (status, headers["connection"], wire.file.read()) == (200, "close", b"")
        wire.file.close()
        wire.socket.close()


def test_who_would_take_longer_than_the_grace_is_told(letters: serving.Model) -> None:
    """A service that stops answers 504 before it cuts connections, however a request has come."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), linger_s=0.1, grace_s=1) as one:
        whole, wires = request(), []
        for pieces in ([whole], [whole[:7], whole[7:]]):
            wire = Wire(one)
            wire.say(pieces, PATIENCE_S)
            assert gated.entered.wait(20)
            wires.append(wire)
        one.running.stop()
        for wire in wires:
            status, headers, body = wire.hear()
            assert (status, headers["connection"], wire.file.read()) == (504, "close", b"")
            assert "was not there in the time" in json.loads(body)["error"]
            wire.file.close()
            wire.socket.close()
        gated.gate.set()


def test_a_body_behind_an_upgrade_is_refused(wire: Wire) -> None:
    """The parser would take it for another protocol: one answer, and nothing of the body is read as a request."""
    ours = request("/predict", request("/health/live", b"", method="GET"), "Connection: Upgrade", "Upgrade: h2c")
    head, _, body = ours.partition(b"\r\n\r\n")
    wire.say([head + b"\r\n\r\n", body])
    assert wire.hear()[0] == 400
    assert wire.file.read() == b""


def test_an_upgrade_is_passed_over(wire: Wire) -> None:
    """The answer comes as it is, and ends the connection."""
    status, headers, _ = wire.ask(request("/health/live", b"", "Connection: Upgrade", "Upgrade: h2c", method="GET"))
    assert (status, headers["connection"], wire.file.read()) == (200, "close", b"")


def test_a_head_that_is_too_large_is_refused(wire: Wire) -> None:
    """And nothing of it is kept."""
    wire.say([b"GET /health/live HTTP/1.1\r\n" + b"X-Y: z\r\n" * 20_000])
    status, headers, _ = wire.hear()
    assert (status, headers["content-type"]) == (431, "application/json")


@pytest.mark.parametrize("said", [b"", b"GE", b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(letters: serving.Model, said: bytes) -> None:
    """Whoever connects and asks nothing keeps no place."""
    with served(letters, limits=serving.Limits(head_s=0.2)) as one:
        wire = Wire(one)
        wire.say([said] if said else [])
        assert wire.file.read() == b""
        # A connection that asks is kept.
        asking = Wire(one)
        assert asking.ask(request())[0] == 200
        time.sleep(0.3)
        assert asking.ask(request())[0] == 200
        for each in (wire, asking):
            each.file.close()
            each.socket.close()


@pytest.mark.slow
def test_a_connection_is_closed_when_nobody_asks_on_it_for_long(
    letters: serving.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time counts from the last answer, whichever way it came."""
    monkeypatch.setattr("noteship.serving.connections.KEEP_ALIVE_S", 1)
    with served(letters) as one:
        for way in (request(), request("/signature", method="GET")):
            wire = Wire(one)
            with wire.socket, wire.file:
                for _ in range(3):
                    assert wire.ask(request())[0] == 200
                    time.sleep(0.7)
                begun = time.monotonic()
                assert wire.ask(way)[0] == 200
                assert wire.socket.recv(1) == b""
                assert 0.9 < time.monotonic() - begun < 5
