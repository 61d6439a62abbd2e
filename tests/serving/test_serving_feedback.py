"""What was right, told later."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from typing import Any

import httpx
import pytest

from noteship import serving
from noteship.serving.feedback import checked_label
from noteship.serving.refusals import Refused

from .served import Served, served
from .test_serving_observing import samples

ROWS = [["my dear aunt"], ["salty snack, five stars"], ["dear sister"]]


def asked(one: Served, rows: Any = ROWS) -> str:
    """The id of a request that was answered."""
    return str(one.predict(rows).raise_for_status().json()["id"])


def feed(one: Served, value: Any) -> httpx.Response:
    return one.client.post("/feedback", json=value)


def item(request: str, row: int = 0, label: Any = "letter") -> dict[str, Any]:
    return {"request": request, "row": row, "label": label}


class Hearing:
    """An observer that keeps in which order it was told of batches and of labels."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.heard = threading.Semaphore(0)

    def observe(self, batch: serving.Batch) -> None:
        """Keep it."""
        self.told.append(batch)

    def observe_feedback(self, feedback: serving.Feedback) -> None:
        """Keep it."""
        self.told.append(feedback)
        self.heard.release()


class Broken:
    """An observer that fails on labels."""

    def observe(self, batch: serving.Batch) -> None:
        """Do nothing."""

    def observe_feedback(self, feedback: serving.Feedback) -> None:
        """Fail."""
        raise RuntimeError(str(feedback.label))


class Stuck:
    """An observer that waits until it is let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def observe(self, batch: serving.Batch) -> None:
        """Wait."""
        assert self.gate.wait(20)


def test_labels_are_taken_and_counted(letters: serving.Model) -> None:
    """A label at once after the answer is taken; how many came, and how many were the prediction, is counted from 0."""
    version = (("model", "letters"), ("version", letters.version))
    counts = [(f"noteship_feedback{name}_total", version) for name in ("", "_agreed")]
    with served(letters) as one:
        assert [samples(one)[each] for each in counts] == [0, 0]
        request = asked(one)
        response = feed(one, item(request))
        assert (response.status_code, response.json()["accepted"]) == (202, 1)
        assert response.json()["id"] == response.headers["x-request-id"]
        assert feed(one, [item(request, 1, "review"), item(request, 2, "review")]).json()["accepted"] == 2
        found = samples(one)
    assert [found[each] for each in counts] == [3, 2]
    assert found["noteship_requests_total", (("code", "202"), ("route", "/feedback"))] == 2


def test_a_regression_counts_how_far_off_it_was(rents: serving.Model) -> None:
    """The labels of numbers are numbers, and their distance from the predictions is added up."""
    with served(rents) as one:
        answer = one.predict([{"size": 50, "district": "north"}] * 2).json()
        first, second = answer["predictions"]
        assert feed(one, [item(answer["id"], 0, first + 10), item(answer["id"], 1, second - 5)]).status_code == 202
        for label in ("600", True, None, [1]):
            assert feed(one, item(answer["id"], 0, label)).json()["error"] == "field 'label': expected a number"
        found = samples(one)
    version = (("model", "rents"), ("version", rents.version))
    assert found["noteship_feedback_absolute_error_total", version] == pytest.approx(15)
    assert found["noteship_feedback_total", version] == 2


def test_the_same_label_again_is_no_news(letters: serving.Model) -> None:
    """Whoever sends a label twice is told that it was taken, and it counts once; another one is a conflict."""
    with served(letters) as one:
        request = asked(one)
        answers = [feed(one, item(request)) for _ in range(3)]
        assert [(each.status_code, each.json()["known"]) for each in answers] == [(202, 0), (202, 1), (202, 1)]
        assert feed(one, [item(request), item(request, 1)]).json()["known"] == 1
        assert feed(one, item(request, label="review")).status_code == 409
        assert samples(one)["noteship_feedback_total", (("model", "letters"), ("version", letters.version))] == 2


def test_what_cannot_be_is_refused(service: Served) -> None:
    """Unknown requests are 404, rows and labels that cannot be 422, and no value comes back."""
    request = asked(service)
    other = serving.RequestIds().make()
    for value, status, said in (
        (item("mine"), 404, "not known here, or no longer"),
        (item(other), 404, "not known here, or no longer"),
        (item(request, 3), 422, "field 'row': expected 0 to 2"),
        (item(request, -1), 422, "field 'row': expected 0 to 2"),
        (item(request, 0, "secret"), 422, """field 'label': expected one of "letter", "review\""""),
        (item(request, 0, None), 422, "field 'label'"),
        (item(request, "0"), 422, "Expected 'int', got 'str'"),  # type: ignore[arg-type]
        ({"request": request, "row": 0}, 422, "missing required field 'label'"),
        ([], 422, "at least one label"),
        ("secret", 422, "expected {"),
        (item("x" * 300), 422, "field 'request'"),
        ([item(request)] * 1001, 413, "at most 1000"),
    ):
        response = feed(service, value)
        assert response.status_code == status, value
        assert said in response.json()["error"]
        assert response.headers["content-type"] == "application/json"
        assert "secret" not in response.text
    assert service.client.post("/feedback", content=b"{").status_code == 400
    assert service.client.get("/feedback").status_code == 405


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_that_is_too_large_is_refused(rents: serving.Model, digits: int) -> None:
    """An integer beyond all that a prediction can be is no label."""
    with served(rents) as one:
        request = one.predict([{"size": 50, "district": "north"}]).json()["id"]
        body = f'{{"request": "{request}", "row": 0, "label": {"9" * digits}}}'
        response = one.client.post("/feedback", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422, response.text
    assert "999" not in response.text


@pytest.mark.parametrize("label", [1e300, -1e300, 2**53 + 1, 10.0**16])
def test_a_number_that_would_be_all_of_a_mean_is_refused(rents: serving.Model, label: float) -> None:
    """One label cannot say all of a window's error; whole numbers that JSON has are labels."""
    with pytest.raises(Refused, match="at most 2 to the power of 53"):
        checked_label(label, rents.signature.output)
    assert [checked_label(each, rents.signature.output) for each in (2**53, -(2.0**53), 0)] == [2**53, -(2.0**53), 0]


def test_of_a_list_each_label_stands_alone(service: Served) -> None:
    """What can be taken of a list is taken, and the rest is named; where nothing was, it is the first fault."""
    request = asked(service)
    response = feed(service, [item("mine"), item(request), item(request, 9)])
    assert (response.status_code, response.json()["accepted"]) == (202, 1)
    assert [(each["item"], each["status"]) for each in response.json()["refused"]] == [(0, 404), (2, 422)]
    assert feed(service, [item("mine"), item(request, 9)]).status_code == 404


def test_labels_that_are_not_taken_are_counted(letters: serving.Model) -> None:
    """By reason, each reason from the start."""
    with served(letters) as one:
        request = asked(one)
        before = samples(one)
        feed(one, [item("mine"), item(request), item(request, label="review"), item(request, 9), item("other")])
        after = samples(one)
    reasons = {"unknown": 2, "conflict": 1, "unfit": 1, "unreachable": 0, "other": 0}
    for found, counts in ((before, dict.fromkeys(reasons, 0)), (after, reasons)):
        told = {reason: found["noteship_feedback_refused_total", (("reason", reason),)] for reason in reasons}
        assert told == counts


def test_feedback_may_be_gzipped(service: Served) -> None:
    """A body may be packed, and its limit holds for what it unpacks to."""
    headers = {"content-encoding": "gzip"}
    body = gzip.compress(json.dumps(item(asked(service))).encode())
    assert service.client.post("/feedback", content=body, headers=headers).status_code == 202
    assert service.client.post("/feedback", content=gzip.compress(bytes(2 << 20)), headers=headers).status_code == 413


def test_observers_hear_of_labels_after_their_batch(letters: serving.Model) -> None:
    """An observer that wants to is told of each label once, with the prediction and the version that made it."""
    hearing = Hearing()
    with served(letters, (Broken(), hearing)) as one:
        request = asked(one)
        for _ in range(2):
            feed(one, item(request, 1, "letter"))
        assert hearing.heard.acquire(timeout=10)
        faults = samples(one)["noteship_observer_faults_total", (("observer", "Broken"),)]
    batch, heard = hearing.told
    assert batch.request_ids == (request,)
    made = ("review", "letters", letters.version, "classification", letters.digest)
    told = serving.Feedback(request, 1, "letter", *made, moment=heard.moment)
    assert (heard, heard.is_agreed, faults) == (told, False, 1)


def test_a_hanging_observer_does_not_hold_feedback_up(letters: serving.Model) -> None:
    """Behind an observer that hangs an unknown request is answered after a second."""
    stuck = Stuck()
    with served(letters, (stuck,)) as one:
        asked(one)
        assert feed(one, item("mine")).status_code == 404
        stuck.gate.set()


def test_labels_are_dropped_rather_than_piled_up(letters: serving.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a hanging observer only so many labels wait for the observers; they count nevertheless."""
    monkeypatch.setattr("noteship.serving.observing.LABELS_LIMIT", 1)
    stuck, hearing = Stuck(), Hearing()
    with served(letters, (stuck, hearing)) as one:
        request = asked(one)
        for row, label in enumerate(("letter", "review", "letter")):
            assert feed(one, item(request, row, label)).status_code == 202
        stuck.gate.set()
        found = samples(one)
    assert found["noteship_batches_not_observed_total", (("reason", "busy"),)] >= 1
    assert found["noteship_feedback_agreed_total", (("model", "letters"), ("version", letters.version))] == 3


def test_a_body_that_does_not_come_is_given_up(letters: serving.Model) -> None:
    """Feedback has as long for its body as predictions have."""

    async def send(url: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /feedback HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n{")
        line = await reader.readline()
        writer.close()
        return line

    with served(letters, limits=serving.Limits(body_s=0.2)) as one:
        assert b" 408 " in asyncio.run(send(one.running.url))
