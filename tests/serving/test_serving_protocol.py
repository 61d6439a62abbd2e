from __future__ import annotations

import json
import socket
import threading
import uuid
from typing import Any

import httpx
import pytest

from noteship import serving

from .served import Failing, Gated, Served, served

ROW = {"text": "my dear aunt"}


@pytest.mark.parametrize(
    "body",
    [{"rows": [ROW]}, {"rows": [["my dear aunt"]]}, [ROW], [["my dear aunt"]], ROW],
    ids=["envelope", "envelope of lists", "list", "list of lists", "one row"],
)
def test_rows_come_in_several_forms(service: Served, body: Any) -> None:
    """Rows in an envelope, in a list or alone, by name or in order, get the same answer."""
    answer = service.predict(body).json()
    assert answer["predictions"] == ["letter"]
    assert set(answer["probabilities"][0]) == {"letter", "review"}
    assert sum(answer["probabilities"][0].values()) == pytest.approx(1)


def test_the_answer_names_model_version_and_request(service: Served, letters: serving.Model) -> None:
    """An answer says who gave it, and its request id is that of the header."""
    response = service.predict({"rows": [ROW, {"text": "tasty snack, five stars"}], "id": "mine"})
    answer = response.json()
    assert answer["predictions"] == ["letter", "review"]
    assert (answer["model"], answer["version"]) == ("letters", letters.digest[:12])
    assert answer["id"] == response.headers["x-request-id"]
    assert answer["client_id"] == "mine"
    assert response.headers["content-type"] == "application/json"


def test_a_regression_gives_numbers(rents: serving.Model) -> None:
    """A regression has predictions and no probabilities; whole numbers may be written as fractions."""
    with served(rents) as one:
        answer = one.predict([{"size": 50, "district": "north"}, {"size": 50.0, "district": "elsewhere"}]).json()
    assert answer["predictions"][0] == pytest.approx(625)
    assert "probabilities" not in answer


BAD = [
    (b"", 400, "the body is not JSON: it is empty"),
    (b'{"rows": [', 400, "the body is not JSON: line 1, column 11"),
    (b"\xff\xfe\xfa", 400, "the body is not JSON"),
    (b'[{"text": NaN}]', 400, "the body is not JSON"),
    (b"[" * 100_000, 400, "nested too deeply"),
    (b'"dear"', 422, "a list of rows or one row"),
    (b"[]", 422, "expected at least one row, got none"),
    (b'{"rows": []}', 422, "expected at least one row, got none"),
    (b"[1]", 422, "row 0: expected an object or a list, got an integer"),
    (b'[{"text": "a"}, {"text": 7}]', 422, "row 1, field 'text': expected text, got an integer"),
    (b'[{"text": null}]', 422, "row 0, field 'text': expected text, got null or nothing"),
    (b"[{}]", 422, "row 0, field 'text': expected text, got null or nothing"),
    (b'[{"txet": "a"}]', 422, "row 0, field 'txet': expected a field of the model, such as text"),
    (b'[["a", "b"]]', 422, "row 0: expected 1 values, got 2"),
    (b'{"rows": [["a"]], "idd": 3}', 422, "field 'idd' beside 'rows' is not known; nearest: 'id'"),
    (b'{"rows": [["a"]], "id": [3]}', 422, "field 'id': expected text or an integer"),
    (b'{"rows": [["\\ud800"]]}', 422, "row 0, field 'text': expected text in Unicode"),
]


@pytest.mark.parametrize(("body", "code", "message"), BAD, ids=[str(body[:28]) for body, _, _ in BAD])
def test_bad_bodies_are_told_what_was_expected(service: Served, body: bytes, code: int, message: str) -> None:
    """A body that cannot be scored gets a status and a sentence that names the row and the field."""
    response = service.client.post("/predict", content=body)
    assert response.status_code == code
    assert message in response.json()["error"]
    assert response.headers["content-type"] == "application/json"
    assert response.json()["id"] == response.headers["x-request-id"]


def test_bad_rows_come_with_their_place_and_without_their_values(service: Served) -> None:
    """The place, the expectation and the kind of what came are fields of their own; the value is nowhere."""
    response = service.predict([{"text": "fine"}, {"text": ["a secret"]}])
    told = response.json()
    assert {name: told[name] for name in ("row", "field", "expected", "got")} == {
        "row": 1,
        "field": "text",
        "expected": "text",
        "got": "a list",
    }
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/nothing", 404), ("GET", "/predict", 405), ("POST", "/predict/", 404)]
)
def test_other_paths_and_methods_answer_in_json(service: Served, method: str, path: str, code: int) -> None:
    """What is not there says so as JSON, with a request id."""
    response = service.client.request(method, path)
    assert response.status_code == code
    assert response.json()["error"]
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/predict", "/models/letters/predict", "/v1/models/letters:predict"])
def test_what_predicts_takes_post_alone(service: Served, path: str) -> None:
    """Every other method gets 405, and is told which one is taken."""
    for method in ("GET", "OPTIONS", "PUT"):
        response = service.client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_what_is_no_http_is_told_in_json(service: Served) -> None:
    """Bytes that are no request get 400 as JSON, too."""
    host, port = service.running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"what is this\r\n\r\n")
        answer = line.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\ncontent-type: application/json\r\n" in head
    assert json.loads(body)["error"]


def test_large_bodies_are_refused(letters: serving.Model) -> None:
    """A body over the limit gets 413 whether it says its length or not, and so do too many rows."""
    with served(letters, limits=serving.Limits(body_bytes=1000, rows=3)) as one:
        told = one.client.post("/predict", content=b" " * 1001)
        untold = one.client.post("/predict", content=iter([b" " * 600] * 2))
        many = one.predict([["a"]] * 4)
        assert [told.status_code, untold.status_code, many.status_code] == [413, 413, 413]
        assert many.json()["error"] == "4 rows are too many for one request; send at most 3"
        assert one.predict([["a"]] * 3).status_code == 200


def test_encodings_that_are_not_known_are_refused(service: Served) -> None:
    """A body in another encoding than gzip gets 415 rather than being called bad JSON."""
    response = service.client.post("/predict", content=b"...", headers={"content-encoding": "br"})
    assert response.status_code == 415


def test_a_body_that_does_not_come_is_given_up(letters: serving.Model) -> None:
    """A client that sends its body too slowly gets 408."""
    with served(letters, limits=serving.Limits(body_s=0.2)) as one:
        host, port = one.running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n[")
            assert line.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_failing_model_is_a_fault_without_values(letters: serving.Model, caplog: pytest.LogCaptureFixture) -> None:
    """A model that raises gives 500; neither the response nor the log has the error's words, which may hold rows."""
    with served(serving.Model("letters", letters.digest, Failing(letters.scorer))) as one:
        response = one.predict([{"text": "a secret"}])
        assert response.status_code == 500
        assert response.json()["error"] == "the service failed on this request"
        assert one.client.get("/health/live").status_code == 200
    assert "ValueError, raised at serving/served.py" in caplog.text.replace("tests/", "")
    assert "secret" not in caplog.text + response.text


def test_too_many_requests_are_put_off(letters: serving.Model) -> None:
    """When as many requests are under way as are allowed, the next one gets 429 with Retry-After; health answers on."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), limits=serving.Limits(requests=2)) as one:
        codes: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: codes.append(httpx.post(f"{one.running.url}/predict", json=[ROW]).status_code)
            )
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        assert gated.entered.wait(10)
        while "noteship_requests_under_way 2.0" not in one.client.get("/metrics").text:
            pass
        refused = one.predict([ROW])
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert one.client.get("/health/live").json() == {"live": True}
        gated.gate.set()
        for thread in threads:
            thread.join()
        assert codes == [200, 200]
        assert one.predict([ROW]).status_code == 200


def test_request_ids_are_ordered_in_time(service: Served) -> None:
    """Ids of consecutive requests are UUIDs of version 7 and grow."""
    ids = [service.client.get("/health/live").headers["x-request-id"] for _ in range(20)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 20
    assert {uuid.UUID(each).version for each in ids} == {7}


def test_the_signature_is_told(service: Served, letters: serving.Model) -> None:
    """`/signature` gives fields, output, an example that can be sent back, and which bundle it is."""
    told = service.client.get("/signature").json()
    assert told["inputs"][0]["name"] == "text"
    assert told["output"] == {"name": "label", "kind": "classification", "classes": ["letter", "review"]}
    assert told["bundle"] == letters.digest
    assert service.predict({"rows": [told["example"]]}).status_code == 200
