"""How far rollouts and Jobs have come, by what a real cluster (1.36) said of them, recorded change by change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from noteship.cluster import rollouts
from noteship.cluster.rollouts import Progress

RECORDED = Path(__file__).parent / "recorded"


def judged(name: str) -> list[Progress]:
    """One after the other, each once."""
    told: list[Progress] = []
    for moment in json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")):
        if "sets" in moment:
            now = rollouts.of_deployment(moment["thing"], moment["sets"], moment["pods"])
        else:
            now = rollouts.of_job(moment["thing"], moment["pods"])
        if not told or told[-1] != now:
            told.append(now)
    return told


def counts(name: str) -> list[tuple[str, int, int, int]]:
    return [(each.state, each.updated, each.ready, each.old) for each in judged(name)]


def test_a_rollout_is_done_when_all_are_new_and_the_old_ones_gone() -> None:
    """Replicas that are ready are counted among the new ones only."""
    assert counts("rollout") == [
        ("under way", 1, 0, 2),
        ("under way", 1, 1, 2),
        ("under way", 2, 1, 2),
        ("under way", 2, 1, 1),
        ("under way", 2, 2, 1),
        ("done", 2, 2, 0),
    ]


def test_a_missing_image_is_the_reason_before_and_after_the_deadline() -> None:
    """The pod says more than the controller, which knows only that nothing goes on; the old replicas stay."""
    told = judged("rollout-of-a-missing-image")
    assert counts("rollout-of-a-missing-image")[1:] == [
        ("under way", 1, 0, 2),
        ("under way", 1, 0, 2),
        ("failed", 1, 0, 2),
    ]
    assert [each.reason for each in told] == ["", "", "ErrImagePull", "ErrImagePull"]
    assert "localhost:1/none:x" in told[-1].message
    assert told[-1].pod.startswith("web-")


def test_the_way_back_is_not_charged_with_what_is_left_behind() -> None:
    """Pods of a state that was given up do not say why the present one waits."""
    assert [(each.state, each.reason) for each in judged("rollout-back")] == [("under way", ""), ("done", "")]


def test_the_schedulers_words_are_the_reason() -> None:
    """A pod that no node takes."""
    last = judged("rollout-too-large")[-1]
    assert (last.state, last.reason) == ("failed", "Unschedulable")
    assert "Insufficient cpu" in last.message


def test_a_quota_is_the_reason_where_there_is_no_pod() -> None:
    """Then the controller's own words are told."""
    told = judged("rollout-beyond-a-quota")
    assert [(each.state, each.reason) for each in told[1:]] == [
        ("under way", "FailedCreate"),
        ("failed", "FailedCreate"),
    ]
    assert "exceeded quota: q" in told[-1].message
    assert told[-1].pod == ""


def test_a_job_is_over_when_its_controller_says_so() -> None:
    """Not when its pod has ended: what it counts comes later."""
    assert [each.state for each in judged("job")] == ["under way"] * 3 + ["done"]
    assert judged("job")[-1].ready == 1


def test_a_job_that_fails_says_how_its_pod_ended() -> None:
    """By its exit code."""
    last = judged("job-that-fails")[-1]
    assert (last.state, last.reason, last.message) == ("failed", "Error", "it ended with 3")


def test_a_job_that_took_too_long_says_so() -> None:
    """Its pod is gone by then."""
    assert judged("job-too-late")[-1].reason == "DeadlineExceeded"


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{"name": "serve", "state": state}])


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (pod(phase="Pending"), ""),
        (container(waiting={"reason": "ContainerCreating"}), ""),
        (container(running={}), ""),
        (container(terminated={"exitCode": 0, "reason": "Completed"}), ""),
        (container(terminated={"exitCode": 137, "reason": "OOMKilled"}), "OOMKilled"),
        (
            container(waiting={"reason": "CreateContainerConfigError", "message": "no secret"}),
            "CreateContainerConfigError",
        ),
        (pod(initContainerStatuses=[{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]), "ImagePullBackOff"),
        (pod(reason="Evicted", phase="Failed"), "Evicted"),
        (pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]), "Unschedulable"),
    ],
)
def test_a_pod_says_what_is_in_its_way(thing: dict[str, Any], reason: str) -> None:
    """What is only beginning, or goes well, is no reason."""
    assert rollouts.reason_of(thing)[0] == reason


def test_a_container_that_crashes_again_says_how_it_ended_before() -> None:
    """That it waits to be started again tells nothing."""
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    status = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}, "lastState": ended}
    assert rollouts.reason_of(pod(containerStatuses=[status])) == (
        "CrashLoopBackOff",
        "it ended with 137 (OOMKilled)",
    )


def test_a_job_that_waits_to_be_let_in_says_so() -> None:
    """As one does that a queue holds back."""
    told = rollouts.of_job({"metadata": {}, "spec": {"suspend": True}})
    assert (told.state, told.reason) == ("under way", "Suspended")
