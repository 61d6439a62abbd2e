"""What was decided of the window that was closed last is among the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from noteship import monitor, serving, store
from noteship.evaluating import decided
from noteship.monitor.decision import Accuracy, Decision, Work
from noteship.serving.served import Served, prepare
from noteship.serving.worker import Worker
from noteship.supervising import Sample, summed

from .served import LETTERS
from .watched import profiled

ROWS = [[letter] for letter in LETTERS]
LABELS = (("release", "local"), ("model", "letters"), ("version", "012345abcdef"))
DECISION = Decision(
    600,
    "changing",
    rows=400,
    requests=40,
    judged_rows=400,
    windows=1,
    log_budget=10.162,
    log_total=6.9078,
    log_r={"inputs": 2.302585, "columns": 9.21034},
    joint_p=0.01,
    accuracy=Accuracy(0.9, 0.015),
    work=Work(300.0, 1.25, 1.0),
    missing=("pod-1", "pod-1", "pod-2"),
)


def told(samples: list[Sample]) -> dict[tuple[str, ...], float]:
    """By name and by the labels that are not of the version."""
    return {
        (sample.name.removeprefix("noteship_window_"), *(value for _, value in sample.labels[3:])): sample.value
        for sample in samples
    }


def of(closed: decided.Closed) -> list[Sample]:
    return [sample for family in decided.families([closed]) for sample in family.samples]


def test_a_decision_is_told_in_numbers() -> None:
    """State, evidence in powers of ten, accuracy, work, and what is missing, each by model and version."""
    found = told(of(decided.Closed(LABELS, DECISION, 300)))
    states = {key[1]: value for key, value in found.items() if key[0] == "state"}
    assert states == {"learning": 0, "not enough data": 0, "unchanged": 0, "changing": 1, "alarm": 0}
    assert found["detector_evidence_log10", "inputs"] == pytest.approx(1.0)
    assert found["detector_evidence_log10", "columns"] == pytest.approx(4.0)
    rest = {key[0]: round(value, 3) for key, value in found.items() if len(key) == 1}
    assert rest == {
        "evidence_log10": 3.0,
        "bell_log10": 4.413,
        "joint_p": 0.01,
        "expected_accuracy": 0.9,
        "expected_accuracy_error": 0.015,
        "work_ratio": 1.25,
        "rows": 400,
        "missing_replicas": 2,
        "start_timestamp_seconds": 600,
        "end_timestamp_seconds": 900,
    }


def test_what_there_is_none_of_is_left_out() -> None:
    """A window that was not judged has a state, but no evidence, and there is no number in place of it."""
    small = Decision(600, "not enough data", 3, 3, 3, 1, 10.162)
    found = {key[0] for key in told(of(decided.Closed(LABELS, small, 300)))}
    assert found == {
        *("state", "bell_log10", "rows", "missing_replicas", "start_timestamp_seconds", "end_timestamp_seconds")
    }


def test_of_several_workers_the_latest_window_counts() -> None:
    """A worker that has not yet heard of a decision does not change what the service says."""
    late = Decision(900, "alarm", 400, 40, 400, 1, 10.162, log_total=20.0)
    each = [decided.families([decided.Closed(LABELS, decision, 300)]) for decision in (DECISION, late)]
    for sources in (each, each[::-1]):
        found = told([sample for family in summed(sources) for sample in family.samples])
        assert (found["state", "alarm"], found["state", "changing"]) == (1, 0)
        assert (found["start_timestamp_seconds",], round(found["evidence_log10",], 2)) == (900, 8.69)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A scoring thread."""
    one = Worker("scoring")
    yield one
    one.close(5)


def batch_of(served: Served) -> serving.Batch:
    rows = served.decoder.rows(ROWS)
    return serving.Batch.of_request(served.model, rows, served.batcher.score_now(rows), "an id", 0)


def rows_told(watch: serving.Watch) -> list[Sample]:
    [family] = [each for each in watch.families() if each.name == "noteship_window_rows"]
    return list(family.samples)


def test_who_closes_no_window_tells_of_it_too(letters: serving.Model, tmp_path: Path, worker: Worker) -> None:
    """Each worker hears of the decision from the store, one that begins at once, and of no version that has ended."""
    objects = store.open_store("memory:", tmp_path)
    first = prepare(profiled(letters, ROWS), worker, lambda *_: None)
    now = [600.0]
    settings = monitor.Settings(release="blue")
    writers = [
        monitor.Writer(objects, settings, closes, clock=lambda: now[0], replica=name)
        for name, closes in (("a", monitor.closes(settings)), ("b", None))
    ]
    watches = [serving.Watch(writer) for writer in writers]
    for watch in watches:
        watch.observe_served([first])
        watch.observe(batch_of(first))
        assert not rows_told(watch)
    for writer in writers:
        writer.step()
    for now[0] in (1_000.0, 1_300.0, 1_600.0):
        for writer in reversed(writers):
            writer.step()
    for watch in watches:
        [sample] = rows_told(watch)
        assert sample.labels[0] == ("release", "blue")
    late = monitor.Writer(objects, settings, replica="c", clock=lambda: now[0])
    begun = serving.Watch(late)
    begun.observe_served([first])
    late.step()
    assert rows_told(begun) == rows_told(watches[0]) != []
    for watch in watches:
        watch.observe_served([])
    now[0] += 600
    for writer, watch in zip(writers, watches, strict=True):
        writer.step()
        assert not rows_told(watch)
