"""A run that was handed over: driven, worked and told through the store, with pods of a cluster in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from noteship import cluster, workflow
from noteship.operations.errors import DriverGone, NoSuchTask, NothingSubmitted, TaskTaken
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import following, job_runner, retrying, worker
from noteship.operations.remote.record import Record, forget_old, submissions, under_way
from noteship.operations.run import RunRequest
from remote.pods import Handed, handed

__all__ = ["project"]

EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds here."""
    for name in ("LOOK_S", "LONG_LOOK_S", "SOONEST_S"):
        monkeypatch.setattr(job_runner, name, 0.02)
    monkeypatch.setattr(following, "LOOK_S", 0.02)
    monkeypatch.setattr(retrying, "LONGEST_S", 0.05)


class _Heard:
    """Who listens."""

    def __init__(self) -> None:
        self.events: list[workflow.Event] = []
        self.lines: list[str] = []
        self.cells: list[Any] = []

    def event(self, event: workflow.Event) -> None:
        self.events.append(event)

    def cell(self, at: Any) -> None:
        self.cells.append(at)

    def say(self, line: str) -> None:
        self.lines.append(line)


def followed(run: Handed, at: cluster.Cluster | None = None) -> tuple[following.Ended | None, _Heard]:
    heard = _Heard()

    @contextmanager
    def listened(_: following.Stages) -> Iterator[_Heard]:
        yield heard

    return following.follow(run.record, listened, threading.Event(), lambda: at), heard


def test_a_run_is_driven_to_its_end(project: Project, tmp_path: Path) -> None:
    """Each stage in a pod of its own; what it made is in the store, and here a run that reuses all of it."""
    project.chain("a", "b", "c")
    run = handed(project, tmp_path)
    with run.pods.working():
        assert run.drive() == "done"
    assert set(run.states.values()) == {"executed"} and len(run.pods.begun) == 3
    assert set(project.states().values()) == {"reused"} and project.text("f2.txt") == "abc"
    ended, heard = followed(run)
    assert ended and ended.exit_code == 0 and ended.to_json()["submission"] == run.record.id
    assert [type(each).__name__ for each in heard.events] == ["StageStarted", "StageFinished"] * 3


def test_a_driver_that_was_killed_goes_on(project: Project, tmp_path: Path) -> None:
    """The next one finds the pod that is under way, makes no second one, and ends the run before in the ledger."""
    project.chain("a", "b")
    project.write("s0.py", "import time; time.sleep(0.6)\nopen('f0.txt', 'w').write('a')\n")
    run = handed(project, tmp_path)
    killed = threading.Thread(target=run.drive, daemon=True)
    with run.pods.working():
        killed.start()
        while not run.pods.begun:
            pass
        # As a second pod, while the first one's work is under way.
        assert run.drive() == "done"
        killed.join()
    assert len(run.pods.begun) == 2 and run.drive() == "done"


def test_pods_that_are_evicted_come_again(project: Project, tmp_path: Path) -> None:
    """What is said of the first is a note of the stage that went well in the end."""
    project.chain("a")
    run = handed(project, tmp_path)
    ends = [EVICTED]
    run.pods.befalls = lambda _: ends.pop() if ends else None
    with run.pods.working():
        assert run.drive() == "done"
    assert run.record.state and len(run.pods.begun) == 2
    [stage] = run.record.state["report"]["stages"]
    assert "low on resource" in stage["notes"][-1]


def test_a_killed_pod_for_its_memory_fails(project: Project, tmp_path: Path) -> None:
    """At once, with the words of why, and the setting that gives it more."""
    project.chain("a", "b")
    run = handed(project, tmp_path)
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    status = [{"name": "noteship", "state": {"terminated": ended}}]
    run.pods.befalls = lambda _: {"phase": "Failed", "containerStatuses": status}
    with run.pods.working():
        assert run.drive() == "failed"
    assert run.states == {"s0": "failed", "s1": "blocked"} and len(run.pods.begun) == 1
    ended, heard = followed(run)
    failed = next(each for each in heard.events if isinstance(each, workflow.StageFailed))
    assert failed.failure.kind == "memory" and "[stage.s0.resources]" in failed.failure.remedy
    assert ended and ended.exit_code == 1


def test_a_run_is_stopped(project: Project, tmp_path: Path) -> None:
    """Its stages are deleted with what they own, and it ends as interrupted."""
    project.chain("a")
    run = handed(project, tmp_path)
    never = threading.Event()

    def waits(_: Sequence[str]) -> dict[str, Any]:
        never.wait(20)
        return EVICTED

    run.pods.befalls = waits
    driving = threading.Thread(target=run.drive)
    with run.pods.working():
        driving.start()
        while not run.pods.begun:
            pass
        run.record.stop("ada")
        driving.join(10)
        assert not run.cluster.list(cluster.Selection("batch/v1", "Job"))
        never.set()
    assert run.record.state and run.record.state["state"] == "interrupted"
    assert not following.stop(run.record, "ada", run.cluster)


def test_a_changed_project_is_refused(project: Project, tmp_path: Path) -> None:
    """Where the image is not what was handed over, nothing runs, and the error says which stage differs."""
    project.chain("a")
    run = handed(project, tmp_path)
    (run.pods.image / "s0.py").write_text("open('f0.txt', 'w').write('another')\n")
    assert run.drive() == "failed" and not run.pods.begun
    ended, _ = followed(run)
    assert ended and ended.exit_code in (1, 2, 3) and any("s0" in line for line in following.reasons(ended))


def test_a_driver_that_is_gone_is_told(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows is not left waiting: the cluster says that there is none."""
    monkeypatch.setattr(following, "COMING_S", 0.05)
    project.chain("a")
    run = handed(project, tmp_path)
    with pytest.raises(DriverGone, match="not there any more"):
        followed(run, run.cluster)
    assert following.stop(run.record, "ada", run.cluster)
    ended, _ = followed(run)
    assert ended and ended.state == "interrupted"


def test_a_run_that_goes_on_is_listed(project: Project, tmp_path: Path) -> None:
    """While its driver is at work, `noteship runs` says that it goes on, from a machine that has only the store."""
    project.chain("a")
    run = handed(project, tmp_path)
    run.pods.befalls = lambda _: time.sleep(2)
    with run.pods.working():
        driving = threading.Thread(target=run.drive)
        driving.start()
        while not (run.record.state or {}).get("run"):
            time.sleep(0.05)
        [found] = project.json("runs")["runs"]
        assert found["state"] == "under way" and len(under_way(run.record.objects)) == 1
        driving.join()
    assert project.json("runs")["runs"][0]["state"] == "done"


def test_runs_are_found_by_any_name(project: Project, tmp_path: Path) -> None:
    """By their own, by that in the ledger, by a start of either; the latest without any."""
    project.chain("a")
    opened = OpenedProject.at(project.root)
    with pytest.raises(NothingSubmitted):
        following.named(opened, "")
    run = handed(project, tmp_path)
    with run.pods.working():
        run.drive()
    opened = OpenedProject.at(project.root)
    assert run.record.state
    for asked in ("", run.record.id, run.record.id[:17], run.record.state["run"]):
        assert following.named(opened, asked).id == run.record.id
    with pytest.raises(NothingSubmitted, match="latest is"):
        following.named(opened, "1999")
    assert under_way(opened.store) == []
    assert submissions(opened.store) == [run.record.id] and forget_old(opened.store) == 0


def test_a_forced_stage_executes_again(project: Project, tmp_path: Path) -> None:
    """In another run, though the work is equal."""
    project.chain("a")
    for request in (RunRequest(), RunRequest(force=("s0",))):
        run = handed(project, tmp_path, request)
        with run.pods.working():
            assert run.drive() == "done"
        assert run.states == {"s0": "executed"}


def test_a_task_is_worked_once(project: Project, tmp_path: Path) -> None:
    """A second worker of a task that is under way fails, of one that is done does nothing, and of none says so."""
    project.chain("a")
    run = handed(project, tmp_path)
    url = run.record.objects.url
    with pytest.raises(NoSuchTask):
        worker.work(worker.WorkRequest(run.record.id, "0" * 16, url, run.pods.image), tmp_path / "one")
    taken: list[str] = []

    def twice(words: Sequence[str]) -> None:
        taken.append(words[-1])
        record = Record(run.record.objects, run.record.id)
        claimed = record.claim(words[-1], {"pod": "another"})
        with pytest.raises(TaskTaken, match="another"):
            worker.work(worker.WorkRequest(run.record.id, words[-1], url, run.pods.image), tmp_path / "two")
        assert claimed
        record.say(claimed, {"pod": "another", "terminated": True})

    def once(words: Sequence[str]) -> dict[str, Any] | None:
        return None if taken else twice(words) or EVICTED

    run.pods.befalls = once
    with run.pods.working():
        assert run.drive() == "done"
    assert len(run.pods.begun) == 2
