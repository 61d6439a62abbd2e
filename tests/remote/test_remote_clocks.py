"""What begins by the clock, as the store has it: one run for each Job, and one Job for each retraining."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.projects import Project, project
from noteship import store
from noteship.cluster import ObjectRef
from noteship.operations import retrainings
from noteship.operations.errors import NothingSubmitted, StepNotMade
from noteship.operations.releases import Place
from noteship.operations.remote import clocks, retraining
from noteship.operations.remote.submission import Submission
from remote.pods import Handed, handed

__all__ = ["project"]

PLACE = Place("memory", "team-a", "mail-due")


def clock_of(run: Handed, kind: clocks.Kind) -> clocks.Clock:
    """One that begins what was handed over."""
    asked = run.record.asked
    assert asked is not None
    made = clocks.Clock(PLACE, kind, replace(Submission.from_json(asked), place={**asked["place"], "driver": ""}))
    clocks.write(run.record.objects, made)
    return made


def struck(run: Handed, job: str, folder: Path) -> str:
    request = retraining.ClockRequest(str(PLACE), job, run.record.objects.url, run.pods.image)
    return retraining.begin(request, folder, run.cluster)[0]


def test_each_job_is_one_run(project: Project, tmp_path: Path) -> None:
    """However many pods it takes; it is on record as any other run, with its Job as its driver."""
    project.chain("a")
    run = handed(project, tmp_path)
    objects, clock = run.record.objects, clock_of(run, "run")
    first = clocks.begun(objects, clock, "mail-run-1/a")
    assert clocks.begun(objects, clock, "mail-run-1/a").id == first.id
    assert clocks.begun(objects, clock, "mail-run-1/b").id != first.id
    assert first.asked and first.asked["place"] == {**clock.submission.place, "driver": "mail-run-1"}
    with run.pods.working():
        assert struck(run, "mail-run-1/a", tmp_path) == "done"
    assert set(project.states().values()) == {"reused"} and first.is_over


def test_a_clock_that_was_taken_away_begins_nothing(project: Project, tmp_path: Path) -> None:
    """Its Job may have begun a moment before."""
    project.chain("a")
    run = handed(project, tmp_path)
    clock_of(run, "run")
    clocks.forget(run.record.objects, PLACE)
    with pytest.raises(NothingSubmitted):
        struck(run, "mail-run-1/a", tmp_path)


def test_what_another_version_wrote_is_left_out(tmp_path: Path) -> None:
    """Nobody fails of it."""
    objects = store.open_store(str(tmp_path), tmp_path)
    objects.write_ref("clocks/memory/team-a/mail-run", {"kind": "run", "other": 1}, expected=None)
    assert list(clocks.clocks(objects)) == [] and clocks.awaited(objects) == frozenset()


def test_a_retraining_is_carried_out_by_one_job(project: Project, tmp_path: Path) -> None:
    """A look leaves alone what another Job is at; it goes on with what a Job left that failed, or is gone."""
    project.chain("a")
    project.write(
        "noteship.toml",
        f'[project]\nname = "mail"\n[store]\nurl = "{tmp_path}/store"\n[service]\nsteps = ["none.joblib"]\n'
        'data = "f0.txt"\ninputs = ["a"]\n[retrain]\n',
    )
    run = handed(project, tmp_path)
    objects = run.record.objects
    clock_of(run, "look")
    under_way = retrainings.begin(objects, (retrainings.Occasion("asked", "asked 1", "labels"),), "ada", {})
    job = ObjectRef("batch/v1", "Job", "mail-retrain-1")
    made = run.cluster.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job.name}}).thing
    clocks.take(objects, under_way.id, f"{job.name}/{made['metadata']['uid']}")
    assert struck(run, "mail-due-1/a", tmp_path / "one") == "under way"
    assert not run.pods.begun and retrainings.unfinished(objects) == under_way
    run.cluster.set_status(job, {"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]})
    with run.pods.working(), pytest.raises(StepNotMade):
        struck(run, "mail-due-1/a", tmp_path / "two")
    found = retrainings.read(objects, under_way.id)
    assert found and found.state == "failed" and clocks.holder(objects, under_way.id) == "mail-due-1/a"
