"""Who may call: tokens from a file that is read again, scopes, and what is told and counted."""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from noteship import serving
from noteship.serving.access import PREDICTING, Caller, TokenGuard, needed

from .served import Served, served
from .waiting import until

ROWS = [["my dear aunt"]]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def tokens() -> dict[str, serving.Issued]:
    """A token for each scope, by its name."""
    return {scope: serving.issue(f"team/{scope}", [scope]) for scope in ("predict", "observe", "admin")}


@pytest.fixture(scope="module")
def guarded(
    letters: serving.Model, tokens: dict[str, serving.Issued], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A service that asks who calls."""
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text("# who calls\n\n" + "".join(f"{each.line}\n" for each in tokens.values()))
    with served(letters, callers=serving.Callers(path)) as one:
        yield one


def refusals(one: Served, token: str) -> dict[str, float]:
    """The counts of refused callers by reason."""
    text = one.client.get("/metrics", headers=bearer(token)).text
    lines = [line for line in text.splitlines() if line.startswith("noteship_refused_callers_total")]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_token_opens_what_its_scope_is_for(guarded: Served, tokens: dict[str, serving.Issued]) -> None:
    """Each scope opens its own paths and no others; what a model takes is for both who asks and who watches."""
    asked = {
        ("POST", "/predict"): {"predict"},
        ("POST", "/models/letters/predict"): {"predict"},
        ("POST", "/v1/models/letters:predict"): {"predict"},
        ("POST", "/v2/models/letters/infer"): {"predict"},
        ("GET", "/metrics"): {"observe"},
        ("GET", "/signature"): {"predict", "observe"},
        ("GET", "/openapi.json"): {"predict", "observe"},
        ("GET", "/v2"): {"predict", "observe"},
        ("GET", "/v2/models/letters"): {"predict", "observe"},
        ("GET", "/v2/models/letters/ready"): {"predict", "observe"},
        ("GET", "/v1/models"): {"predict", "observe"},
        ("POST", "/v2/repository/index"): {"predict", "observe"},
        ("POST", "/v2/repository/models/letters/load"): {"admin"},
        ("POST", "/v2/repository/models/letters/unload"): {"admin"},
        ("GET", "/nothing/here"): {"predict", "observe"},
    }
    for (method, path), scopes in asked.items():
        for scope, issued in tokens.items():
            response = guarded.client.request(method, path, headers=bearer(issued.token))
            assert (response.status_code == 403) == (scope not in scopes), (method, path, scope)
            assert response.status_code != 401


def test_whoever_has_no_token_is_told_to_send_one(guarded: Served) -> None:
    """401 with a challenge, for predictions and for all else; the body is JSON as every other fault's."""
    for headers in ({}, {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Bearer"}, {"Authorization": ""}):
        for method, path in (("POST", "/predict"), ("GET", "/metrics"), ("GET", "/nothing"), ("PUT", "/predict")):
            response = guarded.client.request(method, path, json=ROWS, headers=headers)
            assert response.status_code == 401, (headers, path)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == "application/json"
            assert "Authorization: Bearer" in response.json()["error"]
            assert response.json()["id"] == response.headers["x-request-id"]


def test_an_unknown_token_and_one_without_the_scope(guarded: Served, tokens: dict[str, serving.Issued]) -> None:
    """401 for a token that nobody has, 403 for one that is for something else; the challenge says which."""
    for method, path in (("POST", "/predict"), ("GET", "/signature")):
        ask = functools.partial(guarded.client.request, method, path)
        unknown = ask(headers=bearer("noteship_guessed"))
        assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
        lacking = ask(headers=bearer(tokens["admin"].token))
        assert lacking.status_code == 403
        assert lacking.headers["content-type"] == "application/json"
        assert 'error="insufficient_scope"' in lacking.headers["www-authenticate"]
        assert "lacks the scope" in lacking.json()["error"]


def test_the_document_says_what_needs_a_token(
    guarded: Served, service: Served, tokens: dict[str, serving.Issued]
) -> None:
    """Where callers are asked, each path but health tells so, with what is answered without a token."""
    told = guarded.client.get("/openapi.json", headers=bearer(tokens["predict"].token)).json()
    assert told["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in told["paths"].items():
        for operation in operations.values():
            is_open = path.endswith(("/health/live", "/health/ready"))
            assert ("security" in operation, {"401", "403"} <= set(operation["responses"])) == (
                not is_open,
                not is_open,
            )
    assert "securitySchemes" not in service.client.get("/openapi.json").json()["components"]


def test_health_and_the_page_are_open(guarded: Served) -> None:
    """Probes need no token, and the page comes without one, which it then asks for."""
    for path in ("/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/"):
        assert guarded.client.get(path).status_code == 200
    assert "letters" not in guarded.client.get("/").text


def test_an_answer_with_a_token_is_the_same(guarded: Served, tokens: dict[str, serving.Issued]) -> None:
    """The word Bearer may be written in small letters, and the answer is what it is without asking."""
    for word in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{word} {tokens['predict'].token}"}
        response = guarded.client.post("/predict", json=ROWS, headers=headers)
        assert (response.status_code, response.json()["predictions"]) == (200, ["letter"])


def test_refusals_are_counted_and_tokens_told_nowhere(
    guarded: Served, tokens: dict[str, serving.Issued], caplog: pytest.LogCaptureFixture
) -> None:
    """Metrics count why callers were refused; no token is in them, in answers, or in the log."""
    observe = tokens["observe"].token
    before = refusals(guarded, observe)
    said = []
    with caplog.at_level(logging.DEBUG):
        given = ({}, bearer("noteship_guessed"), bearer(observe))
        said.extend(guarded.client.post("/predict", json=ROWS, headers=headers).text for headers in given)
        said.append(guarded.client.get("/metrics", headers=bearer(observe)).text)
    after = refusals(guarded, observe)
    assert {reason: after[reason] - before.get(reason, 0) for reason in after} == {
        "missing": 1,
        "unknown": 1,
        "scope": 1,
    }
    assert not any(secret in text for text in (*said, caplog.text) for secret in ("guessed", observe))


@pytest.mark.slow
def test_a_file_of_tokens_is_read_again(
    letters: serving.Model, tmp_path: Path, tokens: dict[str, serving.Issued], caplog: pytest.LogCaptureFixture
) -> None:
    """A line that is gone revokes its token, a new one counts, and a file that cannot be read changes nothing."""
    path = tmp_path / "tokens"
    first, second = tokens["predict"], serving.issue("another", ["predict", "observe"])
    path.write_text(first.line)
    with served(letters, callers=serving.Callers(path)) as one:

        def status(issued: serving.Issued) -> int:
            return one.client.post("/predict", json=ROWS, headers=bearer(issued.token)).status_code

        assert (status(first), status(second)) == (200, 401)
        path.write_text(second.line)
        until(lambda: (status(first), status(second)) == (401, 200))
        path.write_text(f"{second.line}\n{first.token}\n")
        until(lambda: "cannot be used" in caplog.text)
        assert (status(first), status(second)) == (401, 200)
        assert first.token not in caplog.text
        metrics = one.client.get("/metrics", headers=bearer(second.token)).text
        assert "noteship_reload_faults_total 1.0" in metrics
        path.unlink()
        until(lambda: "No such file" in caplog.text)
        assert status(second) == 200
        path.write_text(f"{second.line}\n{first.line}\n")
        until(lambda: (status(first), status(second)) == (200, 200))


GOOD = "a" * 64


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("shop predict\n", 1, "2 words"),
        (f"# fine\nshop all sha256:{GOOD}", 2, "the scopes are not among predict, observe, admin"),
        (f"shop predict, observe sha256:{GOOD}", 1, "4 words"),
        ("shop predict noteship_secret", 1, "a token itself does not belong here"),
        (f"shop predict sha256:{GOOD.upper()}", 1, "64 small hexadecimal digits"),
        (f"<shop> predict sha256:{GOOD}", 1, "other characters"),
        (f"a predict sha256:{GOOD}\nb observe sha256:{GOOD}", 2, "has a line already"),
        (b"\xff\xfe", 0, "no text in UTF-8"),
        (None, 0, "No such file"),
    ],
)
def test_a_file_that_says_nothing_sure_keeps_the_service_from_starting(
    letters: serving.Model, tmp_path: Path, text: str | bytes | None, line: int, said: str
) -> None:
    """The error names the line and never its words, as one may be a token."""
    path = tmp_path / "tokens"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(serving.errors.BadTokenFile) as caught, served(letters, callers=serving.Callers(path)):
        pass
    assert said in str(caught.value)
    assert caught.value.line == line
    assert "secret" not in str(caught.value)


def test_tokens_are_long_and_new_and_names_plain() -> None:
    """No two tokens are alike, the line holds the digest and not the token, and a name fits its line."""
    one, other = (serving.issue("shop", ["predict", "observe"]) for _ in range(2))
    assert one.token != other.token
    assert len(one.token) > 40
    assert one.line == f"shop predict,observe sha256:{hashlib.sha256(one.token.encode()).hexdigest()}"
    with pytest.raises(serving.errors.BadTokenFile, match="letters, digits"):
        serving.issue("two words", ["predict"])


def test_what_is_not_known_of_is_not_open() -> None:
    """Only the page and the health of the service are open; the repository's other paths are for admins."""
    assert needed("GET", "/") == needed("HEAD", "/health/live") == frozenset()
    assert needed("GET", "/v2/repository/anything") == {"admin"}
    assert needed("DELETE", "/v2/repository/index/") == {"admin"}
    assert needed("POST", "/anything") == {"predict"}
    assert needed("GET", "/health/live/") == {"predict", "observe"}


def test_asking_who_calls_costs_next_to_nothing() -> None:
    """A microsecond or two for each request, four on a busy machine, among ten thousand tokens."""
    issued = [serving.issue("shop", ["predict"]) for _ in range(10)]
    callers = {hashlib.sha256(b"%d" % number).digest(): Caller("x", PREDICTING) for number in range(10_000)}
    callers[hashlib.sha256(issued[0].token.encode()).digest()] = Caller("shop", PREDICTING)
    guard = TokenGuard(lambda: callers, lambda _: None)
    headers = [(b"host", b"x"), (b"user-agent", b"wrk"), (b"accept", b"*/*"), (b"content-length", b"17")]
    headers.append((b"authorization", b"Bearer " + issued[0].token.encode()))
    best = 1.0
    for _ in range(20):
        begun = time.perf_counter()
        for _ in range(200):
            guard.check(headers, PREDICTING)
        best = min(best, (time.perf_counter() - begun) / 200)
    assert best < 4e-6, f"{best * 1e6:.2f} microseconds"


def test_a_service_without_callers_asks_nobody(service: Served) -> None:
    """On this machine's own address nobody needs a token, and one that is sent does no harm."""
    assert httpx.post(f"{service.running.url}/predict", json=ROWS, headers=bearer("x")).status_code == 200
