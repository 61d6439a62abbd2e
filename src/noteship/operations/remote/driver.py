"""A run's driver, in a pod of its own: the same run as on a laptop, with its stages in pods."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from noteship import cluster, computing, store, workflow
from noteship.errors import NoteshipError
from noteship.operations import carried, run
from noteship.operations.clusters import StageRunner
from noteship.operations.errors import NothingSubmitted
from noteship.operations.opened import OpenedProject
from noteship.operations.remote.job_runner import JobRunner
from noteship.operations.remote.pod_clusters import PodClusters, owner_of
from noteship.operations.remote.record import Record
from noteship.operations.remote.retrying import Retrying
from noteship.operations.remote.submission import Submission
from noteship.operations.remote.telling import Teller, error_state
from noteship.operations.remote.worker import IMAGE_PROJECT

__all__ = ["DriveRequest", "Driver", "drive"]


@dataclass(frozen=True)
class DriveRequest:
    """Which run of which store; `project` is where the image has the project."""

    submission: str
    url: str
    project: Path = IMAGE_PROJECT


def drive(request: DriveRequest, folder: Path, at: cluster.Cluster) -> str:
    """Bring a run that was handed over to its end, in a folder of one's own, and say how it ended.

    Whenever it is killed, the next one goes on: what had finished is reused, and what is under way is waited for.
    Nothing is done for a run that has ended. Raises what could be otherwise the next time; all else is how it ended.
    """
    objects = store.open_store(request.url, folder)
    record = Record(objects, request.submission)
    asked = record.asked
    if asked is None:
        raise NothingSubmitted(request.submission, "")
    before = record.state or {}
    if record.is_over:
        return str(before["state"])
    return Driver(record, Submission.from_json(asked), at).driven(request, folder, str(before.get("run", "")))


class Driver:
    """Drives one run in this process."""

    def __init__(self, record: Record, submission: Submission, at: cluster.Cluster) -> None:
        self._record = record
        self._submission = submission
        self._at = at
        self._stop = threading.Event()
        self._root = Path()
        self._name = ""
        self._teller = Teller(record, self._run_name, self._stop)

    def driven(self, request: DriveRequest, folder: Path, before: str) -> str:
        """Bring the run to its end; how it ended. Raises what a later try may not."""
        try:
            return self.brought(request, folder, before).state
        except NoteshipError as error:
            if error.retryable:
                raise
            return "failed"

    def brought(self, request: DriveRequest, folder: Path, before: str) -> run.RunReport:
        """Bring the run to its end; `before` is its name in the ledger, where it was begun. Raises what `run` does."""
        submission = self._submission
        try:
            with self._teller:
                self._root = carried.unpacked(
                    self._record.objects, submission.carried, request.project, folder / "project"
                )
                opened = OpenedProject.at(self._root)
                if before:
                    # Its driver was killed: nobody else would say that this one is over.
                    opened.ledger.end_killed(before)
                away = run.Away(self._runner(opened), self._stop, submission.jobs)
                report = run.run(opened, submission.request, self._listened(opened), away)
        except NoteshipError as error:
            if not error.retryable:
                self._teller.end("failed", error=error_state(error))
            raise
        self._teller.end(report.state, report=report.to_json())
        return report

    def _runner(self, opened: OpenedProject) -> Retrying:
        submission = self._submission
        runner = JobRunner(self._at, self._record, submission.templates, submission.url, submission.carried)
        place = computing.Place(opened.root, Path(sys.executable), opened.variables)
        lending = PodClusters(
            self._at,
            self._record.id,
            opened.name,
            submission.clusters,
            computing.Clusters(place),
            owner_of(self._at.get(self._job)) if submission.clusters else None,
        )
        lent = StageRunner(runner, lending, opened.cluster_of, lambda: opened.sources.digests)
        return Retrying(lent, submission.most)

    @property
    def _job(self) -> cluster.ObjectRef:
        """What this is a pod of."""
        place = self._submission.place
        return cluster.ObjectRef("batch/v1", "Job", place["driver"], place["namespace"])

    def _listened(self, opened: OpenedProject) -> run.Listen:
        """Who is told, once it is sure that the stages are those that were handed over."""

        @contextmanager
        def listened(graph: workflow.Graph) -> Iterator[run.Listener]:
            carried.check(opened, graph, self._submission.carried)
            yield self._teller

        return listened

    def _run_name(self) -> str:
        """Of the run of this folder; of several, where what was damaged is made again, the last."""
        names = workflow.open_runs(self._root) if self._root != Path() else {}
        self._name = max(names, default=self._name)
        return self._name
