from __future__ import annotations

import gzip
import json
import logging
import threading
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from noteship import models, serving
from noteship.serving.feedback import Item

from .served import Served, served

ROWS = [["my dear aunt"], ["salty snack, five stars"], ["dear sister"]]


class Watching:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.batches: list[serving.Batch] = []
        self.told = threading.Semaphore(0)

    def observe(self, batch: serving.Batch) -> None:
        """Keep it."""
        self.batches.append(batch)
        self.told.release()


class Broken:
    """An observer that always fails."""

    def observe(self, batch: serving.Batch) -> None:
        """Fail."""
        raise RuntimeError(f"cannot take {batch.frame.iloc[0, 0]}")


class Stuck:
    """An observer that waits until it is let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def observe(self, batch: serving.Batch) -> None:
        """Wait."""
        assert self.gate.wait(20)


def samples(one: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = one.client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def by_class(model: serving.Model, label: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "noteship_predictions_total", (("class", label), ("model", model.name), ("version", model.version))


def test_metrics_count_requests_rows_and_predictions(letters: serving.Model) -> None:
    """Prometheus' own parser finds requests by code, rows, latencies, predictions by class, and what is served."""
    with served(letters) as one:
        assert one.predict(ROWS).status_code == 200
        assert one.predict([[3]]).status_code == 422
        one.client.get("/somewhere/else")
        found = samples(one)
    assert found["noteship_requests_total", (("code", "200"), ("route", "/predict"))] == 1
    assert found["noteship_requests_total", (("code", "422"), ("route", "/predict"))] == 1
    assert found["noteship_requests_total", (("code", "404"), ("route", "other"))] == 1
    assert found["noteship_rows_total", ()] == 3
    assert found[by_class(letters, "letter")] == 2
    assert found[by_class(letters, "review")] == 1
    assert found["noteship_request_seconds_count", ()] == 1
    assert found["noteship_scoring_seconds_count", ()] == 1
    assert found["noteship_request_seconds_bucket", (("le", "0.00025"),)] in (0, 1)
    assert found["noteship_ready", ()] == 1
    assert found["noteship_requests_under_way", ()] == 0
    info = next(dict(labels) for name, labels in found if name == "noteship_build_info")
    assert (info["model"], info["version"], info["bundle"]) == ("letters", letters.version, letters.digest)
    assert all(name.startswith("noteship_") for name, _ in found)


def test_classes_are_counted_from_the_start(letters: serving.Model) -> None:
    """Before the first request every class has a count of zero; the example row is not counted."""
    with served(letters) as one:
        found = samples(one)
    assert found[by_class(letters, "letter")] == 0
    assert found["noteship_rows_total", ()] == 0


def test_a_regression_has_a_histogram(rents: serving.Model) -> None:
    """Predicted numbers are counted in buckets, and categories that the raw data did not hold by field."""
    with served(rents) as one:
        one.predict([{"size": 50, "district": "north"}, {"size": 10, "district": "elsewhere"}])
        found = samples(one)
    version = ("model", "rents"), ("version", rents.version)
    assert found["noteship_prediction_count", version] == 2
    assert found["noteship_prediction_bucket", (("le", "200.0"), *version)] == 1
    assert found["noteship_unseen_categories_total", (("field", "district"),)] == 1


def test_observers_get_each_batch(letters: serving.Model) -> None:
    """An observer is told the encoded rows, the scores and the id of the request, once for each."""
    watching = Watching()
    with served(letters, (watching,)) as one:
        answer = one.predict(ROWS).json()
        assert watching.told.acquire(timeout=10)
    (batch,) = watching.batches
    assert batch.request_ids == (answer["id"],)
    assert batch.row_counts == (3,)
    assert batch.frame["text"].tolist() == [row[0] for row in ROWS]
    assert batch.scores.predictions.tolist() == answer["predictions"]


def test_observers_finish_before_the_end(letters: serving.Model) -> None:
    """What was answered before a service stops is observed."""
    watching = Watching()
    with served(letters, (watching,)) as one:
        for _ in range(5):
            one.predict(ROWS)
    assert sum(len(batch.request_ids) for batch in watching.batches) == 5


def test_a_failing_observer_hurts_nobody(letters: serving.Model, caplog: pytest.LogCaptureFixture) -> None:
    """An observer's fault is counted and logged without rows; answers and other observers go on."""
    watching = Watching()
    with served(letters, (Broken(), watching)) as one:
        assert one.predict(ROWS).status_code == 200
        assert one.predict(ROWS).status_code == 200
        found = samples(one)
    assert found["noteship_observer_faults_total", (("observer", "Broken"),)] == len(watching.batches)
    assert sum(len(batch.request_ids) for batch in watching.batches) == 2
    assert "observer Broken failed: RuntimeError" in caplog.text
    assert "aunt" not in caplog.text


def test_a_slow_observer_delays_neither_answers_nor_metrics(letters: serving.Model) -> None:
    """While an observer hangs, requests are answered and metrics are told."""
    stuck = Stuck()
    with served(letters, (stuck,)) as one:
        assert one.predict(ROWS).status_code == 200
        assert one.predict(ROWS).status_code == 200
        assert samples(one)["noteship_rows_total", ()] == 6
        stuck.gate.set()


def test_batches_are_dropped_rather_than_piled_up(letters: serving.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a hanging observer only so many batches wait; the rest is dropped and counted."""
    monkeypatch.setattr("noteship.serving.observing.WAITING_LIMIT", 2)
    stuck = Stuck()
    with served(letters, (stuck,)) as one:
        for _ in range(5):
            one.predict(ROWS)
        stuck.gate.set()
        assert samples(one)["noteship_batches_not_observed_total", (("reason", "busy"),)] >= 2


def test_what_waits_for_observers_is_bounded_in_bytes(letters: serving.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a hanging observer large texts wait up to so many bytes; the rest is dropped and counted by its reason."""
    monkeypatch.setattr("noteship.serving.observing.WAITING_BYTES", 300_000)
    stuck, watching = Stuck(), Watching()
    with served(letters, (stuck, watching)) as one:
        for _ in range(5):
            assert one.predict([["x" * 100_000]]).status_code == 200
        found = samples(one)
        assert found["noteship_batches_not_observed_total", (("reason", "busy"),)] == 0
        assert found["noteship_batches_not_observed_total", (("reason", "bytes"),)] == 3
        stuck.gate.set()
        assert watching.told.acquire(timeout=10)
        # What was told counts no more.
        assert one.predict(ROWS).status_code == 200
        assert samples(one)["noteship_batches_not_observed_total", (("reason", "bytes"),)] == 3
    assert sum(len(batch.request_ids) for batch in watching.batches) == 3


def test_a_batch_too_large_for_the_bound_is_observed_alone(
    letters: serving.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that alone takes more than may wait is observed where nothing waits."""
    monkeypatch.setattr("noteship.serving.observing.WAITING_BYTES", 1)
    watching = Watching()
    with served(letters, (watching,)) as one:
        for _ in range(2):
            assert one.predict(ROWS).status_code == 200
            assert watching.told.acquire(timeout=10)
            one.client.get("/metrics")
    assert [len(batch.request_ids) for batch in watching.batches] == [1, 1]


def test_a_batch_knows_about_how_large_it_is(letters: serving.Model, rents: serving.Model) -> None:
    """Its bytes are at least those of its texts, unpacked, and of its numbers; joined batches have the sum."""
    texts, numbers = Watching(), Watching()
    body = json.dumps([["x" * 50_000]] * 3).encode()
    with served(letters, (texts,)) as one:
        for content, encoding in ((body, "identity"), (gzip.compress(body), "gzip")):
            assert one.client.post("/predict", content=content, headers={"content-encoding": encoding}).is_success
            assert texts.told.acquire(timeout=10)
    plain, packed = texts.batches
    assert 150_000 < plain.size_bytes == packed.size_bytes < 200_000
    assert serving.Batch.joined(texts.batches).size_bytes == 2 * plain.size_bytes
    with served(rents, (numbers,)) as one:
        one.predict([{"size": 50, "district": "north"}] * 100)
        assert numbers.told.acquire(timeout=10)
    assert 100 * 8 < numbers.batches[0].size_bytes < 20_000


def test_predictions_are_kept_by_request(letters: serving.Model) -> None:
    """A request's predictions can be had by its id, and those of an unknown id are none."""
    with served(letters) as one:
        answer = one.predict(ROWS).json()
        one.client.get("/metrics")
        log = one.running.service.predictions
        assert log.predictions(answer["id"]) == tuple(answer["predictions"])
        assert log.predictions("unknown") is None


def test_the_prediction_log_forgets_what_was_longest_not_asked_for(letters: serving.Model) -> None:
    """The log holds so many predictions and no more; asking for a request keeps it."""
    log = serving.PredictionLog(rows_limit=4)
    rows = models.Rows.of_columns(letters.signature, [["a", "b"]])
    scores = letters.scorer.score(rows.frame)
    for name in ("one", "two"):
        log.observe(serving.Batch.of_request(letters, rows, scores, name, 0))
    assert log.predictions("one") is not None
    log.observe(serving.Batch(letters, rows, scores, ("three", "four"), (1, 1), 0))
    assert log.predictions("two") is None
    assert log.predictions("one") == tuple(scores.predictions.tolist())
    assert log.predictions("four") == (scores.predictions[1],)


@pytest.mark.parametrize("ahead_s", [0, 3600, -3600])
def test_a_label_has_the_time_at_which_its_rows_were_counted(letters: serving.Model, ahead_s: int) -> None:
    """That of the request's id, or, where the clock was set back and ids go on from the later time, the clock's."""
    log = serving.PredictionLog(clock=lambda: 1_000_000.5)
    rows = models.Rows.of_columns(letters.signature, [["a"]])
    request = serving.RequestIds(lambda: (1_000_000 + ahead_s) * 10**9).make()
    log.observe(serving.Batch.of_request(letters, rows, letters.scorer.score(rows.frame), request, 0))
    told = log.label(Item(request, 0, "letter"))
    assert told is not None
    assert told.moment == min(1_000_000.5, 1_000_000 + ahead_s)


def test_the_access_log_has_no_rows(letters: serving.Model, capsys: pytest.CaptureFixture[str]) -> None:
    """The access log is a line of JSON for each request: who, what, how long, and nothing that was sent."""
    with served(letters, access_log=True) as one:
        httpx.post(f"{one.running.url}/predict?key=secret", json=ROWS)
    logging.getLogger("noteship.access").setLevel(logging.WARNING)
    (line,) = capsys.readouterr().err.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert (told["method"], told["path"], told["code"]) == ("POST", "/predict", 200)
    record = {"time", "level", "logger", "process", "message"}
    assert set(told) == record | {"request_id", "method", "path", "code", "seconds"}
