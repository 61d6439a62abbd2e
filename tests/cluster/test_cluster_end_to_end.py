"""The whole way on a real cluster with a real object store: learned, judged, deployed, drifted, and learned anew.

Meanwhile a driver, a stage's pod, pods of the service, and the gateway of the object store are killed at moments that
nobody chose.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from cli.projects import Project, project
from cluster import mail_away, own_gateway, run_places
from cluster.run_places import Away, until
from contracts.cluster_places import Real
from noteship import collecting, monitor
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


@dataclass
class Chaos:
    """What is killed, at moments of a dice; `tell` hears of it."""

    away: Away
    gateway: own_gateway.Gateway
    dice: random.Random = field(default_factory=random.Random)
    begun: float = field(default_factory=time.monotonic)

    def tell(self, what: str) -> None:
        """Beside pytest's own words, as it takes minutes."""
        sys.__stdout__.write(f"\n  {time.monotonic() - self.begun:4.0f} s  {what}")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]

    def wait(self, least: float, most: float) -> None:
        time.sleep(self.dice.uniform(least, most))

    def kill_the_gateway(self) -> None:
        """It is away for seconds."""
        self.gateway.kill()
        self.tell("the gateway is killed")
        self.wait(2, 6)
        self.gateway.start()

    def a_service_pod(self) -> Any:
        return self.dice.choice([each for each in service_pods(self.away) if is_ready(each)])

    def kill(self, pod: Any) -> None:
        """At once, without a word to its processes."""
        place = self.away.place
        assert isinstance(place, Real)
        name = pod["metadata"]["name"]
        path = f"/api/v1/namespaces/{place.space.name}/pods/{name}"
        answer = place.space.client.request("DELETE", path, json={"gracePeriodSeconds": 0})
        assert answer.is_success, answer.text
        self.tell(f"{name} is killed")


@pytest.fixture
def chaos(away: Away, tmp_path: Path) -> Iterator[Chaos]:
    """Pods have a gateway of the test's own; what is here has another one."""
    with own_gateway.opened(tmp_path / "gateway") as gateway:
        mail_away.declare(away, endpoint_of(gateway), mail_away.SEEN)
        mail_away.learn_what_was_seen(away)
        yield Chaos(away, gateway)


def test_mail_is_learned_judged_deployed_and_learned_anew(
    away: Away, chaos: Chaos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mail moves until the alarm; a look of the schedule's learns from it, and rolls the better one under load.

    Nobody changes anything between the first run and the second: what will be collected is named from the first day on.
    """
    with capsys.disabled():
        first = learned_among_killed_pods(away, chaos)
        chaos.tell(f"a run: {first[:12]}")
        away.project.json("validate", first)
        away.project.json("promote", first)
        chaos.tell("judged by its gates, and promoted")
        done = away.project.json("deploy")
        assert (done["bundle"], done["ready"]) == (first, 2), done
        chaos.tell("deployed")
        fed = drifted_until_the_alarm(away, chaos, first)
        chaos.tell(
            f"the alarm rings; right: {fed['right']:.3f}; connections: {fed['broken']} broke, {fed['ended']} ended"
        )
        with mail_away.packages(tmp_path) as packages:
            job = look(away)
            until(lambda: [each for each in away.jobs() if "05-evaluate" in each][1:], 300)
            load = mail_away.begin(away, mail_away.LOAD, "usual", packages, "400", "0.2")
            chaos.tell("learned anew from what was seen")
            until(lambda: phase_of(away, load) == "Running", 120)
            chaos.wait(0, 5)
            away.delete(chaos.a_service_pod())
            second = came_of(away, job, first)
            chaos.tell(f"judged, promoted, rolled: {second[:12]}")
            after = mail_away.said(away, mail_away.begin(away, mail_away.FEED, "later", "0"))
            chaos.tell(f"right: {after['right']:.3f}")
            seen = mail_away.said(away, load)
            chaos.tell(f"load meanwhile: {seen}")
        assert after["versions"].keys() == {second[:12]} and after["right"] > fed["right"] + 0.1, (fed, after)
        assert seen["failed"] == 0 and set(seen["seen"]) == {first[:12], second[:12]}, seen
        # A pod that is killed takes along what it could not write; a gateway that is killed, nothing.
        kept = kept_requests(away)
        missing = sorted(set(fed["requests"]) - set(kept))
        assert len(kept) == len(set(kept)) and not missing, (len(kept), len(missing), missing[:1], missing[-1:])


def learned_among_killed_pods(away: Away, chaos: Chaos) -> str:
    """The bundle of a run: its driver is killed, then a stage's pod and the store's gateway.

    Nothing that had finished is run again.
    """
    name = away.begun()
    driver = away.running("driver")
    chaos.wait(0, 5)
    chaos.kill(driver)
    killed = chaos.dice.choice(STAGES[1:4])
    chaos.kill(until(lambda: stage_pod(away, killed), 300))
    chaos.kill_the_gateway()
    document = away.project.json("runs", "--follow", name)
    assert document["state"] == "done" and document["bundle"], document
    jobs = Counter(stage for each in away.jobs() for stage in STAGES if stage in each)
    assert set(jobs) == set(STAGES), jobs
    assert all(number == 1 or stage == killed for stage, number in jobs.items()) and jobs[killed] <= 2, (killed, jobs)
    return str(document["bundle"]["digest"])


def stage_pod(away: Away, stage: str) -> Any:
    found = [each for each in away.pods("stage") if run_places.is_running(each, stage)]
    return found[0] if found else None


def drifted_until_the_alarm(away: Away, chaos: Chaos, bundle: str) -> Any:
    """Other mail comes, with what was right, while a pod and the gateway are killed; what the client has seen."""
    windows = monitor.Windows(run_places.objects(away), monitor.Place("mail", "mail", bundle))

    def rings() -> bool:
        state = windows.read_state()
        return state is not None and monitor.State.from_json(state.value).since is not None

    assert not rings()
    feed = mail_away.begin(away, mail_away.FEED, "drifted", "0.03")
    until(lambda: phase_of(away, feed) == "Running", 120)
    chaos.wait(0, 4)
    chaos.kill(chaos.a_service_pod())
    chaos.wait(0, 4)
    chaos.kill_the_gateway()
    fed = mail_away.said(away, feed)
    # Who answered goes with what it knew of its requests: a label that comes to another pod is not taken.
    assert fed["versions"].keys() == {bundle[:12]} and len(fed["refused"]) <= 2, fed
    until(rings, 120)
    return fed


def endpoint_of(gateway: own_gateway.Gateway) -> str:
    return f"http://{run_places.HOST}:{gateway.port}"


def service_pods(away: Away) -> list[Any]:
    labels = {"app.kubernetes.io/instance": "mail", "app.kubernetes.io/component": "service"}
    return list(away.place.cluster.list(Selection("v1", "Pod", labels=labels)))


def is_ready(pod: Any) -> bool:
    conditions = {each["type"]: each["status"] for each in (pod.get("status") or {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def phase_of(away: Away, job: ObjectRef) -> str:
    """Of the one pod that asks."""
    found = away.place.cluster.list(Selection("v1", "Pod", labels={"asks": job.name}))
    return str((found[0].get("status") or {}).get("phase", "")) if found else ""


def kept_requests(away: Away) -> list[str]:
    """Of all collected rows."""
    shelf = collecting.Shelf(run_places.objects(away), collecting.Place("mail", "mail"))
    pieces = [piece for piece, _ in shelf.pieces("rows")]
    tables = [parquet.read_table(io.BytesIO(data or b""), columns=["request"]) for data in shelf.read(pieces)]
    return [str(each) for table in tables for each in table.column("request").to_pylist()]


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
