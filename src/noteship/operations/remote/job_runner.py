"""Runs a job in a pod of its own: handed over in the store, made a Kubernetes Job, waited for, and taken back."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from noteship import cluster, errors
from noteship.cluster import manifests, why
from noteship.errors import NoteshipError
from noteship.notebooks import execution
from noteship.notebooks.execution import forms
from noteship.operations.remote import failing, queued
from noteship.operations.remote.record import Record, Task, task_of

__all__ = ["JobRunner", "job_name", "own_limit"]

# The store is asked often while a stage is short, and seldom once it takes long: a fiftieth of its time.
SOONEST_S, LATEST_S, SHARE = 0.2, 3.0, 0.02
# The cluster is asked for what the store cannot tell: a pod that does not come up, or went.
LOOK_S, LONG_LOOK_S = 1.0, 5.0
# A pod is on its way for so long before anybody asks why it is not there, and then now and then.
COMING_S, WHY_EVERY_S = 4.0, 8.0
# What goes on by itself seldom is given so long; a cluster that does not answer, so long.
PATIENCE_S, AWAY_S = 30.0, 180.0
# A pod that was told to end is over soon after its worker has said so.
ENDING_S = 5.0
# The worker around a stage: noteship, and the process that kernels are forked from.
OWN_BYTES = 192 << 20
MEBIBYTE = 1 << 20
# A variable of work that is done again, as what it made before is lost.
ANEW = "NOTESHIP_ANEW"
# A Job's name has 63 letters at most, and its pods' have six more.
STAGE_LETTERS, NAME_LETTERS = 16, 20


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs as `execution.Runner` does, each in a pod; thread-safe.

    Guarantee: of equal jobs of one run there is one pod at most, whoever asks and how often. Who comes back to one that
    is under way waits for it; what was worked already is taken at once.

    - templates: by stage, its Job but for name and words; url: the store, as pods know it
    - carried: the digest of what goes to pods beside the image
    """

    at: cluster.Cluster
    record: Record
    templates: Mapping[str, Mapping[str, Any]]
    url: str
    carried: str

    def release(self, run: str) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is open: pods that still run are found again by who goes on with this run."""

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        """Run one document. Raises DamagedObject and MissingObject of the store as a worker met them."""
        task = self._task(replace(job, memory_bytes=own_limit(job.memory_bytes)))
        made = manifests.filled(
            self.templates[job.stage],
            job_name(self.templates[job.stage], task),
            ("work", f"--store={self.url}", self.record.id, task.id),
            f"{-(-job.memory_bytes // MEBIBYTE)}Mi" if job.memory_bytes else "",
        )
        done = _Waiting(self.at, self.record, task, made, job.document.path).done(cancel, progress)
        failure = done.failure and failing.with_pod(done.failure, job.stage, job.memory_bytes)
        return replace(done, failure=failure)

    def _task(self, job: execution.Job) -> Task:
        """The job's task; another one where what came of it before is lost, and has to be made again."""
        for number in itertools.count(1):
            anew = {ANEW: str(number)} if number > 1 else {}
            form = forms.job_to_json(replace(job, environment={**job.environment, **anew}))
            # Of this run alone: whoever forces a stage in another one means that it is executed.
            task = task_of(job.stage, {"run": self.record.id, "carried": self.carried, "job": form})
            said = self.record.worked(task.id)
            made = forms.execution_from_json(said["execution"]).outputs if said and "execution" in said else {}
            if all(map(self.record.objects.holds, made.values())):
                break
        return task


def own_limit(asked: int | None) -> int | None:
    """At what memory a worker ends a stage with words, below that at which the pod is killed without any."""
    return None if asked is None else max(asked - OWN_BYTES, asked * 2 // 3)


def job_name(template: Mapping[str, Any], task: Task) -> str:
    """The name of a task's Job: the project's and the stage's, for people, and the task's.

    >>> job_name({"metadata": {"name": "mail-stage"}}, Task("notebooks/04 Train", "6f1e0c9a4b7d2358", {}))
    'mail-notebooks-04-tra-6f1e0c9a4b7d2358'
    """
    project = template["metadata"]["name"].removesuffix("-stage")[:NAME_LETTERS].rstrip("-")
    stage = re.sub(r"[^a-z0-9]+", "-", task.stage.lower())[:STAGE_LETTERS].strip("-")
    return "-".join(each for each in (project, stage, task.id) if each)


@dataclass
class _Waiting:
    """One task until it has ended, in the thread that waits for it."""

    at: cluster.Cluster
    record: Record
    task: Task
    made: dict[str, Any]
    file: str
    began: float = field(default_factory=time.monotonic)
    applied: bool = False
    told: execution.Progress | None = None
    looked: float = 0.0
    asked_why: float = 0.0
    hopeless_since: float | None = None
    away_since: float | None = None

    @property
    def ref(self) -> cluster.ObjectRef:
        """Its Job."""
        return cluster.ObjectRef.of(self.made)

    def done(self, cancel: threading.Event, progress: Callable[[execution.Progress], None]) -> execution.Execution:
        """What came of it."""
        self.record.hand(self.task)
        while True:
            said = self.record.worked(self.task.id)
            ended = self._ended(said)
            if ended is not None:
                return ended
            if cancel.is_set():
                return self._stopped()
            failure = self._looked(said) if self._is_time(said) else None
            if failure is not None:
                # It may have ended well meanwhile: its own words come first.
                return self._ended(self.record.worked(self.task.id)) or self._failed(failure)
            self._tell(said, progress)
            cancel.wait(min(max(SOONEST_S, SHARE * self._lasted), LATEST_S))

    @property
    def _lasted(self) -> float:
        return time.monotonic() - self.began

    def _ended(self, said: Mapping[str, Any] | None) -> execution.Execution | None:
        if said is None:
            return None
        if "execution" in said:
            return forms.execution_from_json(said["execution"])
        if "terminated" in said:
            return self._failed(self._told_to_end())
        if "error" in said:
            raised = failing.raised(said["error"])
            if raised is not None:
                raise raised
            return self._failed(failing.of_error(said["error"], self.file))
        return None

    def _told_to_end(self) -> execution.Failure:
        """Why, which the cluster says once the pod is over: who was evicted for what it wrote would be so again."""
        end = time.monotonic() + ENDING_S
        causes: list[why.Cause] = []
        with suppress(NoteshipError):
            while time.monotonic() < end and any(map(_is_running, self.at.list(_pods(self.ref)))):
                time.sleep(SOONEST_S)
            causes += [each for each in self._causes() if each.kind == "evicted"]
        return failing.of_cause(causes[0], self.task.stage, self.file) if causes else failing.terminated(self.file)

    def _failed(self, failure: execution.Failure) -> execution.Execution:
        return execution.Execution(failure=failure, seconds=self._lasted)

    def _stopped(self) -> execution.Execution:
        if self.applied:
            self.at.delete(self.ref, policy="foreground")
        return self._failed(execution.Failure("interrupted", "the run was stopped", self.file))

    def _tell(self, said: Mapping[str, Any] | None, progress: Callable[[execution.Progress], None]) -> None:
        if said and said.get("cells"):
            self._told(execution.Progress(self.task.stage, int(said.get("cell", 0)), int(said["cells"])), progress)
        elif self.told is not None:
            progress(self.told)

    def _told(self, at: execution.Progress, progress: Callable[[execution.Progress], None]) -> None:
        if at != self.told:
            self.told = at
            progress(at)

    # The cluster's side.

    def _is_time(self, said: Mapping[str, Any] | None) -> bool:
        every = LONG_LOOK_S if said else LOOK_S
        return not self.applied or time.monotonic() - self.looked >= every

    def _looked(self, said: Mapping[str, Any] | None) -> execution.Failure | None:
        """Make the Job, or look how it does; what the cluster cannot answer just now is asked again."""
        self.looked = time.monotonic()
        try:
            found = self._job_looked_at(is_taken=said is not None)
        except (cluster.errors.QuotaExceeded, cluster.errors.FieldsOwnedByOthers) as error:
            self.told = execution.Progress(self.task.stage, waits=error.parts().fact)
            return None
        except NoteshipError as error:
            return self._away(error)
        self.away_since = None
        return found

    def _away(self, error: NoteshipError) -> execution.Failure | None:
        now = time.monotonic()
        self.away_since = self.away_since or now
        if error.retryable and now - self.away_since < AWAY_S:
            return None
        parts = error.parts()
        near = f" ({errors.cut(parts.nearest)})" if parts.nearest else ""
        return execution.Failure(
            "cluster",
            f"{parts.fact}{near}",
            parts.where or self.file,
            remedy=parts.remedy,
            retryable=error.retryable,
            cause="unreachable" if error.retryable else "refused",
        )

    def _job_looked_at(self, *, is_taken: bool) -> execution.Failure | None:
        if not self.applied:
            self.at.apply(self.made)
            self.applied = True
            return None
        thing = self.at.get(self.ref)
        if thing is None:
            return failing.of_nothing(f"{self.ref} was deleted before it had ended", self.file)
        pods = self.at.list(_pods(self.ref))
        how = cluster.progress_of_job(thing, pods)
        if how.state == "done":
            return failing.of_nothing("its pod ended, and left nothing of what it had done", self.file)
        if how.state == "failed":
            return self._because()
        if is_taken or any(_runs(each) for each in pods):
            self.told = None if self.told and self.told.waits else self.told
            return queued.unmanaged(self.at, thing, self.file, self._lasted)
        return self._waits()

    def _waits(self) -> execution.Failure | None:
        """Why there is no pod yet; a failure where there will be none."""
        now = time.monotonic()
        if self._lasted < COMING_S or now - self.asked_why < WHY_EVERY_S:
            return None
        self.asked_why = now
        causes = self._causes()
        if not causes:
            return None
        self.told = execution.Progress(self.task.stage, waits=causes[0].sentence)
        if causes[0].kind not in failing.HOPELESS:
            self.hopeless_since = None
            return None
        self.hopeless_since = self.hopeless_since or now
        if now - self.hopeless_since < PATIENCE_S:
            return None
        self.at.delete(self.ref, policy="foreground")
        return failing.of_cause(causes[0], self.task.stage, self.file)

    def _because(self) -> execution.Failure:
        """Why its Job failed."""
        causes = [each for each in self._causes() if each.kind != "backoff-limit"]
        if not causes:
            return failing.of_nothing("its pod went before it had ended, and nothing says why", self.file)
        return failing.of_cause(causes[0], self.task.stage, self.file)

    def _causes(self) -> tuple[why.Cause, ...]:
        return why.causes(why.gather(self.at, why.Thing("Job", self.ref.name, self.ref.namespace)))


def _pods(job: cluster.ObjectRef) -> cluster.Selection:
    return cluster.Selection("v1", "Pod", job.namespace, labels={"batch.kubernetes.io/job-name": job.name})


def _is_running(pod: cluster.Object) -> bool:
    return (pod.get("status") or {}).get("phase") == "Running"


def _runs(pod: cluster.Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Running", "Succeeded")
