"""The whole way on a real cluster with a real object store: learned, judged, deployed, drifted, and learned anew."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.projects import Project, project
from cluster import gateway_door, mail_away, run_places
from cluster.run_places import Away, until
from noteship import monitor
from noteship.cluster import ObjectRef, Selection, Until, waiting
from noteship.cluster.cluster import LogsOf

__all__ = ["project"]

pytestmark = pytest.mark.cluster
STAGES = ("01-collect", "02-clean", "03-features", "04-train", "05-evaluate")
SERVICE = {"app.kubernetes.io/component": "service"}


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    """The mail example in a namespace of its own."""
    with run_places.opened(project, tmp_path) as found:
        mail_away.prepare(found, tmp_path)
        yield found


@pytest.fixture
def door(away: Away) -> Iterator[gateway_door.Door]:
    """The way to the gateway that pods have; what is here has its own."""
    with gateway_door.opened(os.environ["AWS_ENDPOINT_URL"]) as made:
        mail_away.declare(away, f"http://{run_places.HOST}:{made.port}")
        yield made


def test_mail_from_notebooks_to_a_model_that_learned_what_it_saw(
    away: Away, door: gateway_door.Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Learned in pods of which some are killed, rolled under load, drifted until the alarm, and learned anew."""
    begun = time.monotonic()

    def tell(what: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {time.monotonic() - begun:4.0f} s  {what}")
            sys.stdout.flush()

    first = learned_among_killed_pods(away, door)
    tell(f"a run whose driver and a stage were killed: {first[:12]}")
    released(away, first)
    tell("judged, promoted, deployed")
    fed = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "labelled"))
    assert fed["versions"].keys() == {first} and fed["right"] > 0.95 and not fed["refused"], fed
    with mail_away.packages(tmp_path) as packages:
        second = rolled_under_load(away, door, packages, tell)
    before = drifted_until_the_alarm(away, second)
    tell(f"the alarm rings; right: {before:.3f}")
    third = learned_anew(away, second)
    tell(f"learned anew: {third[:12]}")
    after = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "later"))
    tell(f"right: {after['right']:.3f}")
    assert after["versions"].keys() == {third} and after["right"] > before + 0.1, (before, after)
    assert away.project.json("status", "mail")["releases"][0]["as_recorded"]


def learned_among_killed_pods(away: Away, door: gateway_door.Door) -> str:
    """The bundle of a run: its driver is killed, then a stage's pod, and the way to the store is shut for seconds."""
    name = away.begun()
    dice = random.Random()
    driver = away.running("driver")
    time.sleep(dice.uniform(0, 5))
    away.delete(driver)
    killed = dice.choice(STAGES[1:4])
    away.delete(until(lambda: stage_pod(away, killed), 300))
    door.shut()
    time.sleep(dice.uniform(2, 6))
    door.open()
    document = away.project.json("runs", "--follow", name)
    assert document["state"] == "done" and document["bundle"], document
    jobs = Counter(stage for each in away.jobs() for stage in STAGES if stage in each)
    assert set(jobs) == set(STAGES), jobs
    assert all(number == 1 or stage == killed for stage, number in jobs.items()) and jobs[killed] <= 2, (killed, jobs)
    return str(document["bundle"]["digest"])


def stage_pod(away: Away, stage: str) -> Any:
    found = [each for each in away.pods("stage") if run_places.is_running(each, stage)]
    return found[0] if found else None


def released(away: Away, bundle: str) -> None:
    """Judged by its gates, champion, and answering."""
    # It ends with 0 where all gates are passed.
    away.project.json("validate", bundle)
    away.project.json("promote", bundle)
    done = away.project.json("deploy")
    assert (done["bundle"], done["ready"]) == (bundle, 2), done


def rolled_under_load(away: Away, door: gateway_door.Door, packages: str, tell: Any) -> str:
    """Another bundle, which learned from collected rows, takes over while clients ask; one pod of it is killed."""
    mail_away.declare(away, f"http://{run_places.HOST}:{door.port}", mail_away.SEEN)
    mail_away.learn_what_was_seen(away)
    second = str(away.run()["bundle"]["digest"])
    tell(f"a run on what was seen: {second[:12]}")
    load = mail_away.begin(away, mail_away.LOAD, "usual", packages, "150", "0.03")
    released(away, second)
    tell("rolled")
    pods = away.place.cluster.list(Selection("v1", "Pod", labels=SERVICE))
    away.place.cluster.delete(ObjectRef("v1", "Pod", random.Random().choice(pods)["metadata"]["name"]))
    seen = mail_away.said(away, load)
    tell(f"load: {seen}")
    assert seen["failed"] == 0 and len(seen["seen"]) == 2, seen
    return second


def drifted_until_the_alarm(away: Away, bundle: str) -> float:
    """Other mail comes, with what was right; how much of it was answered rightly."""
    windows = monitor.Windows(run_places.objects(away), monitor.Place("mail", "mail", bundle))

    def rings() -> bool:
        state = windows.read_state()
        return state is not None and monitor.State.from_json(state.value).since is not None

    assert not rings()
    fed = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "drifted"))
    assert fed["versions"].keys() == {bundle} and not fed["refused"], fed
    until(rings, 120)
    return float(fed["right"])


def learned_anew(away: Away, before: str) -> str:
    """A look of the schedule's, now and not in ten minutes, learns, judges and deploys; nobody does anything else."""
    away.project.json("schedule")
    cluster = away.place.cluster
    clock = cluster.get(ObjectRef("batch/v1", "CronJob", "mail-due"))
    assert clock
    template = clock["spec"]["jobTemplate"]
    meta = {"name": "mail-due-now", "labels": template["metadata"].get("labels", {})}
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}
    job = ObjectRef.of(cluster.apply(made).thing)
    last = list(waiting.for_job(cluster, job, Until(timeout_s=500)))[-1]
    pods = cluster.list(Selection("v1", "Pod", labels={"batch.kubernetes.io/job-name": job.name}))
    lines = [line for each in pods for line in cluster.logs(LogsOf(each["metadata"]["name"]))]
    assert last.state == "done", (last, lines)
    [past] = away.project.json("retrain", "--history")["retrainings"]
    assert past["state"] == "deployed", (past, lines)
    [standing] = away.project.json("status", "mail")["releases"]
    assert standing["bundle"] != before
    return str(standing["bundle"])
