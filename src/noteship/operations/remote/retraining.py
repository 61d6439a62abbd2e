"""A retraining in a pod that a clock began: its run has its stages in pods, and what it makes is deployed from here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import cluster, store
from noteship.operations import carried, deploy, retrainings, shipping, validate
from noteship.operations.errors import NothingSubmitted
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import clocks
from noteship.operations.remote.driver import Driver, DriveRequest
from noteship.operations.remote.record import Record, new_id
from noteship.operations.remote.worker import IMAGE_PROJECT
from noteship.operations.retrain import RetrainRequest, Tools, retrain
from noteship.operations.retrainings import Retraining
from noteship.operations.run import RunReport
from noteship.operations.validate import Validated

__all__ = ["ClockRequest", "begin"]

HANDED = "handed"


@dataclass(frozen=True)
class ClockRequest:
    """Which clock of which store began which Job, NAME/UID; `project` is where the image has the project."""

    clock: str
    job: str
    url: str
    project: Path = IMAGE_PROJECT


def begin(request: ClockRequest, folder: Path, at: cluster.Cluster) -> tuple[str, str]:
    """Do what the clock is for: how the run ended, or what came of the retraining; and why, in words.

    Whenever it is killed, the next pod of the Job goes on. Raises NothingSubmitted, and what could be otherwise the
    next time.
    """
    objects = store.open_store(request.url, folder)
    clock = clocks.read(objects, request.clock)
    if clock is None:
        raise NothingSubmitted(request.clock, "")
    if clock.kind == "run":
        record = clocks.begun(objects, clock, request.job)
        asked_for = DriveRequest(record.id, request.url, request.project)
        driver = _Pod(request, folder, at, clock).driver(record)
        return driver.driven(asked_for, folder / "run", _before(record)), ""
    root = carried.unpacked(objects, clock.submission.carried, request.project, folder / "looked")
    opened = OpenedProject.at(root)
    if _is_elsewhere(request, objects, clock, at):
        return "under way", "the Job of another clock carries it out"
    asked = RetrainRequest(if_due=True)
    if clock.kind == "retrain":
        asked = RetrainRequest("the clock of [retrain] schedule", asked=request.job)
    done = retrain(opened, asked, _Pod(request, folder, at, clock).tools(opened))
    return done.state, done.why


def _is_elsewhere(request: ClockRequest, objects: store.Store, clock: clocks.Clock, at: cluster.Cluster) -> bool:
    """Whether the Job of another clock is carrying out what there is to go on with."""
    under_way = retrainings.unfinished(objects)
    held = clocks.holder(objects, under_way.id) if under_way else ""
    if held in ("", request.job):
        return False
    name, _, uid = held.partition("/")
    job = at.get(cluster.ObjectRef("batch/v1", "Job", name, clock.submission.place["namespace"]))
    if job is None or job["metadata"]["uid"] != uid:
        return False
    return cluster.progress_of_job(job).state not in ("done", "failed")


@dataclass(frozen=True)
class _Pod:
    request: ClockRequest
    folder: Path
    at: cluster.Cluster
    clock: clocks.Clock

    def driver(self, record: Record) -> Driver:
        return Driver(record, self.clock.submission, self.at)

    def tools(self, opened: OpenedProject) -> Tools:
        def run(of: Retraining) -> RunReport:
            return self._run(opened, of)

        def judge(bundle: str) -> Validated:
            return validate.validate(opened, validate.ValidateRequest(bundle), lambda _share, _what: None)

        shipped = shipping.Shipping(opened, self._request(), lambda: (self.at, _quiet()))
        return Tools(run, judge, shipped.canary, shipped.deploy, shipped.settle)

    def _request(self) -> deploy.DeployRequest:
        return deploy.DeployRequest(
            image=self.clock.submission.image, namespace=self.clock.submission.place["namespace"]
        )

    def _run(self, opened: OpenedProject, of: Retraining) -> RunReport:
        """The run of a retraining: one, however many pods it takes."""
        objects = opened.store
        clocks.take(objects, of.id, self.request.job)
        if HANDED not in of.steps:
            retrainings.note(objects, of, HANDED, {"submission": new_id()})
        found: Mapping[str, Any] = (retrainings.read(objects, of.id) or of).steps[HANDED]
        record = Record(objects, str(found["submission"]))
        with suppress(store.errors.RefMoved):
            record.ask(clocks.told(self.clock, self.request.job))
        asked = DriveRequest(record.id, self.request.url, self.request.project)
        return self.driver(record).brought(asked, self.folder / "run", _before(record))


def _before(record: Record) -> str:
    return str((record.state or {}).get("run", ""))


def _quiet() -> deploy.Telling:
    return deploy.Telling(lambda _: None, lambda _: None, threading.Event())
