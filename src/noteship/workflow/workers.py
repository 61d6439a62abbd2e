"""The threads of a run: they look at inputs and execute, and put what came of it where the run takes it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from noteship import errors as base_errors
from noteship import store
from noteship.workflow.flights import Flights
from noteship.workflow.inspecting import Inspection, Inspector
from noteship.workflow.resolving import Resolved
from noteship.workflow.results import Result
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Executor, Failure, Kind, Outcome, Task

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["STOPPED", "Begun", "Ended", "Inspected", "Labour", "Message", "Workers", "failed"]

# How often a run looks whether it is to stop, when nothing else happens.
LOOK_S = 0.1
# Objects that passed for present: they are set aside when they are found.
DAMAGE = (store.errors.DamagedObject, store.errors.MissingObject)
STOPPED = Outcome(failure=Failure("interrupted", "the run was stopped"))


@dataclass(frozen=True)
class Labour:
    """What the threads do, and the keys that runs beside this one are at work on."""

    executor: Executor
    inspector: Inspector
    flights: Flights


@dataclass(frozen=True)
class Begun:
    """A stage executes from now on."""

    stage: str


@dataclass(frozen=True)
class Inspected:
    """A stage's inputs were looked at."""

    stage: str
    resolved: Resolved
    came: Inspection


@dataclass(frozen=True)
class Ended:
    """A stage was executed, or somebody else had made the same meanwhile, or what it reads could not be looked at."""

    stage: str
    key: str
    came: Outcome | Result


Message: TypeAlias = Begun | Inspected | Ended


class Workers:
    """At most `jobs` threads. One thread gives work and takes what came of it; `cancel` ends what is under way."""

    def __init__(self, labour: Labour, jobs: int, cancel: threading.Event) -> None:
        self.cancel = cancel
        self._labour = labour
        self._jobs = jobs
        self._pool: ThreadPoolExecutor | None = None
        self._flying: set[str] = set()
        self._inbox: queue.SimpleQueue[Message | BaseException] = queue.SimpleQueue()

    def inspect(self, stage: Stage, resolved: Resolved) -> None:
        """Have a stage's inputs looked at."""
        self._submit(lambda: self._inspect(stage, resolved))

    def execute(self, task: Task, key: str, known: Callable[[], Result | None]) -> None:
        """Have a task executed, unless it is known by then: somebody may make the same while this waits its turn."""
        self._submit(lambda: self._execute(task, key, known))

    def take(self) -> Message | None:
        """What came next; None after a while in which nothing did. Raises what noteship cannot go on with."""
        try:
            message = self._inbox.get(timeout=LOOK_S)
        except queue.Empty:
            return None
        if isinstance(message, BaseException):
            raise message
        return message

    def settled(self, message: Ended) -> None:
        """What came of it is in the ledger, as far as it is to be: runs beside this one may go on."""
        if message.key in self._flying:
            self._flying.discard(message.key)
            self._labour.flights.end((message.key,))

    def close(self, *, wait: bool) -> None:
        """Give nothing to threads any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=True)
        self._labour.flights.end(tuple(self._flying))

    def _submit(self, work: Callable[[], Message]) -> None:
        if self._pool is None:
            # A run with nothing to do is over in the time that loading this takes.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="noteship-stage")
        self._pool.submit(self._work, work)

    def _work(self, work: Callable[[], Message]) -> None:
        try:
            self._inbox.put(work())
        except BaseException as error:
            self._inbox.put(error)

    def _inspect(self, stage: Stage, resolved: Resolved) -> Message:
        if self.cancel.is_set():
            return Ended(stage.name, "", STOPPED)
        try:
            return Inspected(stage.name, resolved, self._labour.inspector(stage, resolved, self.cancel))
        except base_errors.WorkFailed as error:
            return Ended(stage.name, "", failed("data", error))

    def _execute(self, task: Task, key: str, known: Callable[[], Result | None]) -> Message:
        name = task.stage.name
        if not self._labour.flights.begin(key, self.cancel):
            return Ended(name, key, STOPPED)
        self._flying.add(key)
        return Ended(name, key, STOPPED if self.cancel.is_set() else known() or self._execute_now(task))

    def _execute_now(self, task: Task) -> Outcome:
        self._inbox.put(Begun(task.stage.name))
        try:
            return self._labour.executor(task, self.cancel)
        except base_errors.WorkFailed as error:
            return failed("output", error)
        except store.errors.TargetUnwritable as error:
            # Not in the store, but where this stage was to run.
            return failed("environment", error)


def failed(kind: Kind, error: base_errors.NoteshipError, outcome: Outcome | None = None) -> Outcome:
    """An outcome with this error as its failure; of the kind "store" where that is what it is."""
    parts = error.parts()
    failure = Failure(
        "store" if isinstance(error, DAMAGE) else kind,
        parts.fact,
        where=parts.where,
        last_output=outcome.failure.last_output if outcome and outcome.failure else "",
        remedy=parts.remedy,
        retryable=error.retryable,
        nearest=parts.nearest,
    )
    old = outcome or Outcome()
    return Outcome(old.outputs, old.record, old.reads, old.wanted, old.notes, failure, old.seconds)
