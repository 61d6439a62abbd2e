"""Labels told to a service: all, once, however often it asks for patience."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from noteship import serving
from noteship.feedback import errors, send, token_in
from noteship.feedback.asking import TRIES, Service
from noteship.feedback.reading import Labelled, Piece
from noteship.feedback.sending import Summary
from serving.served import Served, letters_bundle, loaded, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that tells letters from reviews."""
    folder = tmp_path_factory.mktemp("letters")
    with served(loaded(letters_bundle(folder), folder)) as one:
        yield one


class Scripted:
    """A server that answers as it is told, one answer after the other, and then takes all."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []
        self.headers: list[str | None] = []

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address."""
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                items = json.loads(self.rfile.read(int(self.headers["content-length"])))
                script.asked.append(items)
                script.headers.append(self.headers["authorization"])
                taken = 202, {"accepted": len(items), "known": 0, "refused": []}, {}
                status, value, headers = script.answers.pop(0) if script.answers else taken
                if not status:
                    self.close_connection = True
                    return
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, text in (headers | {"content-length": str(len(body))}).items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def labels(*given: tuple[str, int, Any]) -> list[Piece]:
    return [Piece(tuple(Labelled(number, *each) for number, each in enumerate(given)), (), 0, 1.0)]


def told(url: str, pieces: list[Piece], token: str | None = None) -> tuple[Summary, list[float]]:
    """What became of them, and for how long it was waited."""
    waits: list[float] = []
    one = Service(url, token, waits.append)
    try:
        return send(one, pieces, lambda *_: None), waits
    finally:
        one.close()


def test_what_became_of_each_label_is_told(service: Served) -> None:
    """Taken, known, unknown, conflicting, unfit: each once, by the number of its row in the file."""
    answer = service.predict([["my dear aunt"], ["salty snack"], ["dear sister"]]).json()
    given = labels(
        (answer["id"], 0, "letter"),
        (serving.RequestIds().make(), 0, "letter"),
        (answer["id"], 1, "other"),
        (answer["id"], 2, "letter"),
        (answer["id"], 2, "review"),
        (answer["id"], 9, "review"),
    )
    for taken, known in ((2, 0), (0, 2)):
        summary, waits = told(service.running.url, given)
        assert (summary.rows, summary.taken, summary.known, waits) == (6, taken, known, [])
        assert [(each.number, each.what) for each in summary.refused] == [
            (1, "unknown"),
            (2, "unfit"),
            (4, "conflicting"),
            (5, "unfit"),
        ]
    assert summary.to_json()["unknown"] == 1
    assert "not known here" in summary.refused[0].reason


def test_long_files_are_told_in_lists_that_the_service_takes(service: Served) -> None:
    """Of 2,500 labels each is taken, and 300 of long texts are refused one by one, without values in the reasons."""
    answers = [service.predict([["my dear aunt"]] * 500).json()["id"] for _ in range(5)]
    given = labels(*((request, row, "letter") for request in answers for row in range(500)))
    assert told(service.running.url, given)[0].taken == 2_500
    summary, _ = told(service.running.url, labels(*((answers[0], row, "ü" * 9_000) for row in range(300))))
    assert summary.count("unfit") == 300


def test_a_service_that_asks_for_patience_is_asked_again() -> None:
    """As long as it says, or longer each time; cut connections, too; nothing is told that was not taken."""
    script = Scripted(
        (429, {"error": "later"}, {"Retry-After": "7"}),
        (503, {"error": "later"}, {}),
        (0, None, {}),
        (202, {"accepted": 1, "refused": [{"item": 1, "status": 503, "error": "away"}]}, {}),
    )
    with script.running() as url:
        summary, waits = told(url, labels(("a", 0, 1), ("b", 0, 1)))
    assert (summary.taken, summary.refused) == (2, [])
    assert waits == [7, 0.5, 1.0, 0.25]
    assert [len(items) for items in script.asked] == [2, 2, 2, 2, 1]


def test_patience_ends() -> None:
    """After some tries the service is said not to take labels; of a worker that stays away, only its own are not."""
    with Scripted(*[(503, {"error": "later"}, {"Retry-After": "9999"})] * TRIES).running() as url:
        with pytest.raises(errors.ServiceUnreachable) as caught:
            told(url, labels(("a", 0, 1)))
        assert caught.value.reason == "later"
    away = (202, {"accepted": 0, "refused": [{"item": 0, "status": 503, "error": "away"}]}, {})
    with Scripted(*[away] * TRIES).running() as url:
        summary, waits = told(url, labels(("a", 0, 1)))
    assert (summary.taken, summary.count("unreachable"), len(waits)) == (0, 1, TRIES - 1)
    with pytest.raises(errors.ServiceUnreachable):
        told(url, labels(("a", 0, 1)))


def test_a_list_that_is_refused_as_a_whole_is_taken_apart() -> None:
    """Where a limit is lower, or one label is of another shape, the others are taken."""
    too_long, bad = (413, {"error": "too long"}, {}), (422, {"error": "no label"}, {})
    with Scripted(too_long, bad, bad).running() as url:
        summary, _ = told(url, labels(*(("a", row, 1) for row in range(4))))
    assert (summary.taken, [(each.number, each.reason) for each in summary.refused]) == (3, [(0, "no label")])


@pytest.mark.parametrize(
    "answer",
    [(404, b"<html>", {}), (301, b"", {"location": "http://elsewhere/"}), (200, {}, {}), (500, {"error": "x"}, {}),
     (202, {"accepted": 1, "refused": [{"item": 7, "status": 404, "error": ""}]}, {}), (202, {"refused": [1]}, {}),
     (404, {"error": "there is nothing at this path"}, {})],
)  # fmt: skip
def test_another_server_is_recognised(answer: tuple[int, Any, dict[str, str]]) -> None:
    """Who does not answer as the service does ends the call."""
    with Scripted(answer).running() as url, pytest.raises(errors.NotTheService):
        told(url, labels(("a", 0, 1)))


def test_tokens_are_sent_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file or the environment; a service that does not let the caller says so."""
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    script = Scripted((403, {"error": "the token lacks the scope"}, {}))
    with script.running() as url, pytest.raises(errors.CallerRefused) as caught:
        told(url, labels(("a", 0, 1)), token_in(path))
    assert script.headers == ["Bearer s3cret"]
    assert "s3cret" not in str(caught.value)
    monkeypatch.delenv("NOTESHIP_TOKEN", raising=False)
    assert token_in(None) is None
    monkeypatch.setenv("NOTESHIP_TOKEN", "other")
    assert token_in(None) == "other"
    for text in ("", "two words", "a\r\nb: c", "ü"):
        path.write_text(text)
        with pytest.raises(errors.NoToken) as refused:
            token_in(path)
        assert "words" not in str(refused.value)
    with pytest.raises(errors.NoToken):
        token_in(tmp_path / "absent")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://a",
        "http://",
        "http://a:b",
        "http://a?b",
        "http://a:b@c",
        "http://:b@c",
        "http://@c",
        "http://a/b c",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """Also one with a password, which is not repeated."""
    with pytest.raises(errors.BadUrl) as caught:
        Service(url)
    assert "b@" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://mail.example.org", "http://10.0.0.1:8080", "http://localhost.example.org", "http://[fe80::1]"]
)
def test_tokens_do_not_go_in_clear(url: str) -> None:
    """To another machine without TLS only where somebody says so; without a token there is nothing to hide."""
    with pytest.raises(errors.TokenInClear, match="--insecure") as caught:
        Service(url, "s3cret")
    assert (caught.value.url, "s3cret" in str(caught.value)) == (url, False)
    for service in (Service(url), Service(url, "s3cret", is_insecure=True), Service(f"https{url[4:]}", "s3cret")):
        service.close()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "127.9.9.9", "[::1]:80"])
def test_tokens_go_to_this_machine(host: str) -> None:
    """Nobody is between."""
    Service(f"http://{host}", "s3cret").close()


def test_authorities_are_those_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that speaks TLS is asked where its certificate is signed by one that is trusted, and said else."""
    authority, files = trustme.CA(), serving.Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(files.key)
    issued.cert_chain_pems[0].write_to_path(files.chain)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with served(loaded(letters_bundle(tmp_path), tmp_path), certificate=files) as one:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert told(one.running.url, labels(("a", 0, "letter")))[0].count("unknown") == 1
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(errors.ServiceUnreachable, match="its certificate: ") as caught:
            told(one.running.url, labels(("a", 0, "letter")))
    assert "certificate" in caught.value.reason


def test_a_service_may_be_behind_a_path() -> None:
    """The path of the address comes before the service's own."""
    with Scripted().running() as url:
        assert told(f"{url}/models/mail/", labels(("a", 0, 1)))[0].taken == 1
