"""What stops one run stops no other, and what stops several stops each."""

from __future__ import annotations

import threading

import pytest

from noteship import workflow
from noteship.stopping import Beneath


def test_a_fault_of_one_run_leaves_others_alone(project) -> None:
    """What a run cannot go on with is raised, and the event that it shares with others stays as it was."""
    stop = threading.Event()

    def breaks(task: workflow.Task, cancel: threading.Event) -> workflow.Outcome:
        raise OSError("disk")

    project.add("1", "", "a")
    with pytest.raises(OSError, match="disk"):
        workflow.run(project.graph(), breaks, project.place, stop=stop)
    assert not stop.is_set()
    assert project.run(stop=stop).state == "done"


def test_an_event_beneath_another() -> None:
    """It is set where either is; who waits for it is woken by both; it never sets the other."""
    outer = threading.Event()
    first, second = Beneath(outer), Beneath(outer)
    assert not first.wait(0.01)
    first.set()
    assert first.wait() and not outer.is_set() and not second.is_set()
    threading.Timer(0.05, outer.set).start()
    assert second.wait(5)
