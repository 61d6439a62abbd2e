"""What is in the way of a rollout is waited for by what it is: seconds, minutes, or for as long as it takes."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from noteship.cluster import Progress, Until
from noteship.cluster.why import Cause
from noteship.operations import patience
from noteship.operations.patience import Patience


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are hundredths."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.05)
    monkeypatch.setattr(patience, "PLACING_S", 0.5)


def at(reason: str = "", ready: int = 0) -> Progress:
    return Progress("under way", 2, 1, ready, reason=reason)


def patient(reason: str, seconds: float, cause: Any = None, **more: bool) -> bool:
    """Whether it still waits when something has been in the way for so long."""
    causes = [Cause(cause, "", "", "you")] if cause else []
    one = Patience(Until(), **more)
    assert one.hear(at(reason), causes) in (True, False)
    time.sleep(seconds)
    one.hear(at(reason), causes)
    return not one.gives_up


def test_what_goes_on_by_itself_is_given_longer() -> None:
    """A crash is given up soon, a pod without a node later, and what is only slow never."""
    assert not patient("CrashLoopBackOff", 0.06) and not patient("ErrImagePull", 0.06)
    assert patient("Unschedulable", 0.06) and not patient("Unschedulable", 0.51)
    assert patient("", 0.51)


def test_a_job_fails_by_its_own_rules() -> None:
    """Its pods may fail and wait for room; an image that cannot be had, or a queue that is not there, is the end."""
    assert patient("Error", 0.06, is_job=True) and patient("Unschedulable", 0.51, is_job=True)
    assert patient("Suspended", 0.06, "queued", is_job=True)
    assert not patient("Suspended", 0.06, "queue-missing", is_job=True)
    assert not patient("ErrImagePull", 0.06, is_job=True)


def test_what_crashes_and_runs_in_turn_counts_from_its_first_time() -> None:
    """It is given up when it crashes again, unless more pods are ready by then."""
    one = Patience(Until())
    assert one.hear(at("Error")) and not one.hear(at())
    time.sleep(0.06)
    assert not one.gives_up
    assert not one.hear(at("CrashLoopBackOff")) and one.gives_up
    assert one.hear(at("CrashLoopBackOff", ready=1)) and not one.gives_up


def test_a_pod_that_found_a_node_is_not_reckoned_its_wait() -> None:
    """Another one that finds none has its own time."""
    one = Patience(Until())
    one.hear(at("Unschedulable"))
    time.sleep(0.3)
    one.hear(at())
    assert one.hear(at("Unschedulable"))
    time.sleep(0.3)
    one.hear(at("Unschedulable"))
    assert not one.gives_up


def test_a_watch_ends_when_something_has_to_be_decided() -> None:
    """At the caller's time, at the end of patience, and to ask anew; Ctrl-C is over at once."""
    stop = threading.Event()
    assert Patience(Until()).until.timeout_s == pytest.approx(patience.ASK_S, abs=1)
    assert Patience(Until(timeout_s=2)).until.timeout_s == pytest.approx(2, abs=0.5)
    one = Patience(Until(stop, 5))
    one.hear(at("Error"))
    assert (one.until.timeout_s or 1) < 0.06 and not one.is_over
    stop.set()
    assert one.is_over
