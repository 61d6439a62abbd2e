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


def test_a_run_goes_on_while_its_driver_a_stage_and_its_store_go(away: Away, door: gateway_door.Door) -> None:
    """Nothing is lost, and nothing that had finished is run again."""
    learned_among_killed_pods(away, door)


def test_mail_is_learned_judged_deployed_and_learned_anew(
    away: Away, door: gateway_door.Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mail moves until the alarm; a look of the schedule's learns from it, and rolls the better one under load."""
    begun = time.monotonic()

    def tell(what: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {time.monotonic() - begun:4.0f} s  {what}")
            sys.stdout.flush()

    first = str(away.run()["bundle"]["digest"])
    tell(f"a run: {first[:12]}")
    away.project.json("validate", first)
    away.project.json("promote", first)
    tell("judged by its gates, and promoted")
    done = away.project.json("deploy")
    assert (done["bundle"], done["ready"]) == (first, 2), done
    tell("deployed")
    before = drifted_until_the_alarm(away, first)
    tell(f"the alarm rings; right: {before:.3f}")
    mail_away.declare(away, f"http://{run_places.HOST}:{door.port}", mail_away.SEEN)
    mail_away.learn_what_was_seen(away)
    with mail_away.packages(tmp_path) as packages:
        job = look(away)
        until(lambda: [each for each in away.jobs() if "05-evaluate" in each][1:], 300)
        load = mail_away.begin(away, mail_away.LOAD, "usual", packages, "400", "0.2")
        tell("learned anew from what was seen")
        second = came_of(away, job, first)
        tell(f"judged, promoted, rolled: {second[:12]}")
        after = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "later"))
        tell(f"right: {after['right']:.3f}")
        seen = mail_away.said(away, load)
        tell(f"load meanwhile: {seen}")
    assert after["versions"].keys() == {second[:12]} and after["right"] > before + 0.1, (before, after)
    assert seen["failed"] == 0 and set(seen["seen"]) == {first[:12], second[:12]}, seen


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


def drifted_until_the_alarm(away: Away, bundle: str) -> float:
    """Other mail comes, with what was right; how much of it was answered rightly."""
    windows = monitor.Windows(run_places.objects(away), monitor.Place("mail", "mail", bundle))

    def rings() -> bool:
        state = windows.read_state()
        return state is not None and monitor.State.from_json(state.value).since is not None

    assert not rings()
    fed = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "drifted"))
    assert fed["versions"].keys() == {bundle[:12]} and not fed["refused"], fed
    until(rings, 120)
    return float(fed["right"])


def look(away: Away) -> ObjectRef:
    """One of the schedule's, now and not in ten minutes."""
    away.project.json("schedule")
    cluster = away.place.cluster
    clock = cluster.get(ObjectRef("batch/v1", "CronJob", "mail-due"))
    assert clock
    template = clock["spec"]["jobTemplate"]
    meta = {"name": "mail-due-now", "labels": (template.get("metadata") or {}).get("labels", {})}
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}
    return ObjectRef.of(cluster.apply(made).thing)


def came_of(away: Away, job: ObjectRef, before: str) -> str:
    """The bundle that is served when the look has ended: nobody else did anything."""
    cluster = away.place.cluster
    last = list(waiting.for_job(cluster, job, Until(timeout_s=500)))[-1]
    pods = cluster.list(Selection("v1", "Pod", labels={"batch.kubernetes.io/job-name": job.name}))
    lines = [line for each in pods for line in cluster.logs(LogsOf(each["metadata"]["name"]))]
    assert last.state == "done", (last, lines)
    [past] = away.project.json("retrain", "--history")["retrainings"]
    assert past["state"] == "deployed", (past, lines)
    [standing] = away.project.json("status", "mail")["releases"]
    assert standing["bundle"] != before
    return str(standing["bundle"])
