"""Runs on a real cluster, in a namespace that enforces `restricted`: their keys, and what befalls their pods."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from cluster import run_places
from cluster.run_places import Away, until
from noteship.cluster import Selection, manifests
from noteship.notebooks import Cell, Document, execution
from noteship.operations.remote import job_runner
from noteship.operations.remote.record import Record, new_id

__all__ = ["project"]

pytestmark = pytest.mark.cluster


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    with run_places.opened(project, tmp_path) as found:
        yield found


def states(document: Any) -> dict[str, str]:
    return {each["stage"]: each["state"] for each in document["stages"]}


def test_laptop_and_cluster_warm_each_other(away: Away, tmp_path: Path) -> None:
    """Cold on the cluster, cached here with nothing sent; what changed runs there; another checkout reuses all."""
    away.chain(0, 0, 0, 0, 0)
    cold = away.run()
    assert (cold["state"], set(states(cold).values()), cold["delivered"]) == ("done", {"executed"}, True)
    assert away.project.text("f4.txt") == "01234" and len(away.jobs()) == 5
    assert json.loads(away.project.call("show", cold["run"], "s3", "--json").out)["record"]
    again = away.run()
    assert set(states(again).values()) == {"reused"} and "submission" not in again and len(away.jobs()) == 5
    away.project.notebook("s4", "open('f4.txt', 'w').write(open('f3.txt').read() + '!')")
    assert states(away.run()) == {"s0": "reused", "s1": "reused", "s2": "reused", "s3": "reused", "s4": "executed"}
    assert away.project.text("f4.txt") == "0123!"
    other = Project(tmp_path / "other")
    shutil.copytree(away.project.root, other.root, ignore=shutil.ignore_patterns(".noteship", "f*.txt"))
    assert set(other.states().values()) == {"reused"} and other.text("f4.txt") == "0123!"
    assert not [each for each in away.pods("stage") if each["spec"].get("automountServiceAccountToken")]


def test_the_laptop_warms_the_cluster(away: Away) -> None:
    """What ran here is not run there."""
    away.chain(0, 0)
    away.project.json("run")
    away.project.notebook("s1", "open('f1.txt', 'w').write(open('f0.txt').read() + '?')")
    assert states(away.run()) == {"s0": "reused", "s1": "executed"}


def test_a_killed_driver_goes_on_and_runs_nothing_twice(away: Away) -> None:
    """Its next pod waits for the stage that was under way, and another process has followed all the time."""
    away.chain(0, 12, 0)
    name = away.begun()
    following = away.project.start("runs", "--follow", name, "--json")
    away.running("stage", "s1")
    driver = away.running("driver")
    away.delete(driver)
    out, err = following.communicate(timeout=120)
    document = json.loads(out)
    assert document["state"] == "done" and following.returncode == 0, err
    assert states(document) == {"s0": "reused", "s1": "executed", "s2": "executed"}
    assert len(away.jobs()) == 3 and len({each["metadata"]["name"] for each in away.pods("driver")}) == 1
    runs = away.project.json("runs")["runs"]
    assert [each["state"] for each in runs] == ["done", "interrupted"]


def test_a_killed_stage_begins_again(away: Away) -> None:
    """In another pod, which knows that it is the second, and says why in its notes."""
    code = "import os, time\nif 'NOTESHIP_ATTEMPT' not in os.environ: time.sleep(60)\nopen('f.txt', 'w').write('x')"
    away.project.notebook("s", code)
    name = away.begun()
    away.delete(away.running("stage"))
    document = away.project.json("runs", "--follow", name)
    [stage] = document["stages"]
    assert stage["state"] == "executed" and "was begun again" in stage["notes"][0], stage
    assert len(away.jobs()) == 2


def test_a_stage_fails_with_its_own_words(away: Away) -> None:
    """A code error comes back with cell and line, is not tried again, and leaves its executed notebook."""
    away.project.notebook("s", "print('so far')", "1 / 0")
    answer = away.project.call("run", "--on", "kubernetes")
    assert answer.code == 1 and "ZeroDivisionError" in answer.err and "s.ipynb, cell 2, line 1" in answer.err, (
        answer.err
    )
    assert len(away.jobs()) == 1
    assert away.project.json("show", "latest", "s")["record"]
    # Its pod ended well, and has left word.
    [cause] = until(lambda: away.project.json("why", "stage/s")["causes"])
    assert "stage 's' failed: ZeroDivisionError" in cause["sentence"] and "cell 2" in cause["evidence"][0], cause


def test_a_stage_that_had_too_little_memory(away: Away) -> None:
    """It is not tried again without more, which the words say; with more declared it gets more, and goes well."""
    away.project.notebook("s", "held = bytearray(500 << 20)", "open('f.txt', 'w').write('x')")
    away.declare('[stage.s]\nresources = { memory = "320Mi" }\n')
    answer = away.project.call("run", "--on", "kubernetes")
    assert answer.code == 1 and "memory" in answer.err and "[stage.s.resources]" in answer.err, answer.err
    assert len(away.jobs()) == 1
    away.declare('[stage.s]\nresources = { memory = "320Mi", memory_most = "2Gi" }\n')
    [stage] = away.run()["stages"]
    assert stage["state"] == "executed" and "memory" in stage["notes"][0], stage


def test_a_stage_that_writes_more_than_it_may_is_evicted(away: Away) -> None:
    """It would be again, so it is not tried again; the words say what it has, and what to raise."""
    away.project.notebook("s", "open('/tmp/much', 'wb').write(bytes(400 << 20))", "import time; time.sleep(120)")
    answer = away.project.call("run", "--on", "kubernetes")
    assert answer.code == 1 and "was evicted, as it wrote more than it may" in answer.err, answer.err
    assert len(away.jobs()) == 1


def test_a_run_is_stopped(away: Away) -> None:
    """Its stages end with it, what had finished stays, and who follows hears of it."""
    away.chain(0, 60, 0)
    name = away.begun()
    away.running("stage", "s1")
    assert away.project.json("runs", "--stop", name)["stopped"]
    answer = away.project.call("runs", "--follow", name, "--json")
    assert answer.code == 1 and answer.document["state"] == "interrupted", answer.err
    assert states(answer.document) == {"s0": "executed", "s1": "stopped", "s2": "stopped"}
    until(lambda: not [each for each in away.pods("stage") if "s1" in each["metadata"]["name"]])
    assert not away.project.json("runs", "--stop", name)["stopped"]


def test_a_run_is_stopped_before_its_driver_began(away: Away) -> None:
    """Nothing of it is left, and it counts as interrupted."""
    away.chain(0)
    text = away.project.text("noteship.toml")
    away.project.write("noteship.toml", text.replace("[kubernetes]", '[kubernetes]\nnodes = { nowhere = "at-all" }'))
    name = away.begun()
    assert away.project.json("runs", "--stop", name)["stopped"]
    assert away.project.call("runs", "--follow", name, "--json").document["state"] == "interrupted"
    assert not away.place.cluster.list(Selection("batch/v1", "Job", labels={"noteship.dev/run": name}))


def test_an_image_that_is_not_to_be_had(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage whose image is nowhere fails with that sentence, after a while and not at the deadline."""
    monkeypatch.setattr(job_runner, "PATIENCE_S", 3.0)
    cluster = away.place.cluster
    image = f"{run_places.REGISTRY}/noteship-test/none@sha256:{'0' * 64}"
    at = manifests.Destination("nowhere", (443,), ("192.0.2.1",))
    access = manifests.StoreAccess(run_places.endpoint(), manifests.SecretKey("mail-store", "credentials"), at)
    run = manifests.Run("mail", cluster.namespace, "t", "mail", new_id(), image, access, at, account="default")
    template = manifests.stage(
        run,
        manifests.StagePod("s", manifests.Resources("20m", "1", "64Mi", "64Mi"), run.placement),
        manifests.Platform(),
    )
    runner = job_runner.JobRunner(
        cluster, Record(run_places.objects(away), run.id), {"s": template}, away.url, "0" * 64
    )
    job = execution.Job("r", "s", Document("s.py", "script", (Cell(0, "code", ""),)))
    told: list[execution.Progress] = []
    done = runner.run(job, threading.Event(), told.append)
    assert done.failure and done.failure.cause == "image-missing" and image in done.failure.message
    assert told and "is not at its registry" in told[0].waits
