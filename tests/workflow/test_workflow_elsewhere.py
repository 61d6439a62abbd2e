"""Runs that leave the folder alone, and events that are told elsewhere."""

from __future__ import annotations

import json

import pytest

from noteship import workflow
from noteship.workflow.tasks import Failure

FAILURE = Failure("code", "ValueError: no", "n.ipynb, cell 1", last_output="x", remedy="mend it", retryable=True)
EVENTS: list[workflow.Event] = [
    workflow.StageStarted("s", "it has no result yet"),
    workflow.StageReused("s", "r", 1.5),
    workflow.StageFinished("s", 0.5, ("a note", "another")),
    workflow.StageFailed("s", 0.5, FAILURE),
    workflow.StageBlocked("t", "s"),
    workflow.StageStopped("s"),
    workflow.Learned("s", "a.csv", "t", "seen"),
    workflow.Notice("something"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_an_event_is_the_same_after_its_form(event: workflow.Event) -> None:
    """Through JSON and back."""
    assert workflow.event_from_json(json.loads(json.dumps(workflow.event_to_json(event)))) == event


def test_an_event_of_a_later_noteship_is_passed_over() -> None:
    """It is none that could be told."""
    assert workflow.event_from_json({"event": "StageTeleported", "stage": "s"}) is None


def test_a_run_that_delivers_nothing(project) -> None:
    """It is one of the project's own, leaves the folder as it is, and files changed by hand are none of its matter."""
    project.put("raw", "r")
    project.add("1", "raw", "a")
    project.add("2", "a", "b")
    first = project.run(deliver=False)
    assert project.files() == ["raw"] and project.ledger.run("latest").run == first.run
    project.run()
    project.put("a", "by hand")
    again = project.run(deliver=False)
    assert {each.state for each in again.stages.values()} == {"reused"} and project.text("a") == "by hand"
