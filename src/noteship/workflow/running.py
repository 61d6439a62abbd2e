"""One run under way: carries out what the scheduler says, and tells it what came of it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noteship import errors as base_errors
from noteship import store
from noteship.patterns import PathSet
from noteship.store import Artifact
from noteship.workflow import decision, errors, events
from noteship.workflow.delivery import Delivery
from noteship.workflow.flights import Flights
from noteship.workflow.inspecting import Inspection, Inspector
from noteship.workflow.judging import Judge, lacking
from noteship.workflow.learning import Learner
from noteship.workflow.ledger import Ledger
from noteship.workflow.resolving import Resolved, Resolver
from noteship.workflow.results import Result, StageRecord
from noteship.workflow.scheduler import Scheduler
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Executor, Failure, Kind, Outcome, Task
from noteship.workflow.workplace import Options

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Running", "Tools"]

# How often a run looks whether it is to stop, when nothing else happens.
LOOK_S = 0.1
# Objects that passed for present: they are set aside when they are found.
DAMAGE = (store.errors.DamagedObject, store.errors.MissingObject)
STOPPED = Outcome(failure=Failure("interrupted", "the run was stopped"))


@dataclass(frozen=True)
class Tools:
    """What a run works with."""

    ledger: Ledger
    judge: Judge
    resolver: Resolver
    delivery: Delivery
    learner: Learner
    executor: Executor
    inspector: Inspector
    flights: Flights


@dataclass(frozen=True)
class _Inspected:
    stage: str
    resolved: Resolved
    came: Inspection | BaseException


@dataclass(frozen=True)
class _Ended:
    stage: str
    key: str
    came: Outcome | Result | BaseException


class Running:
    """The state of a run; one thread uses it, and only the executor and the ledger are called in others."""

    def __init__(self, run: str, tools: Tools, options: Options, tell: Callable[[events.Event], None]) -> None:
        self.results: dict[str, Result] = {}
        self.records: dict[str, StageRecord] = {}
        self.notices: list[str] = []
        self.cancel = threading.Event()
        self.stopped_by = ""
        self._run = run
        self._tools = tools
        self._options = options
        self._tell = tell
        self._scheduler = Scheduler(tools.learner.graph)
        self._resolved: dict[str, Resolved] = {}
        self._reasons: dict[str, str] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._flying: set[str] = set()
        self._inbox: queue.SimpleQueue[str | _Inspected | _Ended] = queue.SimpleQueue()

    def go(self) -> None:
        """Carry the run out to its end, or until `cancel` is set and all stages have stopped."""
        try:
            self._loop()
        except BaseException as error:
            self.cancel.set()
            # Who interrupts a second time does not want to wait.
            self._close(wait=not isinstance(error, KeyboardInterrupt))
            raise
        finally:
            self._tools.flights.end(tuple(self._flying))
        self._close(wait=True)
        for name in self._scheduler.unbegun:
            self._record(StageRecord(name, "stopped"))
            self._tell(events.StageStopped(name))
        if self.stopped_by and any(record.state == "stopped" for record in self.records.values()):
            self._note([f"{self.stopped_by} stopped it"])

    def _close(self, *, wait: bool) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=wait, cancel_futures=True)

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            # A run with nothing to do is over in the time that loading this takes.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._options.jobs, thread_name_prefix="noteship-stage")
        return self._pool

    def _loop(self) -> None:
        while True:
            if self.cancel.is_set():
                self._scheduler.stop()
            names = self._scheduler.ready()
            for name in names:
                self._begin(name)
            if self._scheduler.under_way:
                self._take()
            elif not names:
                return

    def _take(self) -> None:
        try:
            message = self._inbox.get(timeout=LOOK_S)
        except queue.Empty:
            return
        if isinstance(message, str):
            self._tell(events.StageStarted(message, self._reasons[message]))
        elif isinstance(message, _Inspected) and isinstance(message.came, base_errors.WorkFailed):
            self._fail(message.stage, _failed(_kind(message.came, "data"), message.came))
        elif isinstance(message.came, BaseException):
            raise message.came
        elif isinstance(message, _Inspected):
            self._inspected(message.stage, message.resolved, message.came)
        else:
            self._take_end(message.stage, message.came)
            if message.key in self._flying:
                self._flying.discard(message.key)
                self._tools.flights.end((message.key,))

    def _take_end(self, name: str, came: Outcome | Result | BaseException) -> None:
        if isinstance(came, Result):
            self._reuse(name, came)
        elif isinstance(came, Outcome):
            self._end(name, came)

    def _begin(self, name: str) -> None:
        graph = self._tools.learner.graph
        stage = graph.stages[name]
        try:
            resolved = self._resolve(stage)
        except base_errors.WorkFailed as error:
            self._fail(name, _failed(_kind(error, "input"), error))
            return
        if self._tools.inspector.concerns(resolved.parts.reads):
            self._threads().submit(self._inspect, stage, resolved)
        else:
            self._decide(stage, resolved)

    def _inspected(self, name: str, resolved: Resolved, found: Inspection) -> None:
        self._note(list(found.notices))
        if found.failure:
            self._fail(name, Outcome(failure=found.failure))
        elif self.cancel.is_set():
            self._stopped(name, STOPPED)
        else:
            self._decide(self._tools.learner.graph.stages[name], resolved)

    def _decide(self, stage: Stage, resolved: Resolved) -> None:
        graph, name = self._tools.learner.graph, stage.name
        choice = decision.FORCED if self._is_forced(name) else self._tools.judge.decide(graph, stage, resolved)
        if isinstance(choice, decision.Reuse):
            self._reuse(name, choice.result)
            return
        for path, artifact in resolved.inputs.items():
            if path not in resolved.makers and not self._tools.judge.holds(artifact):
                self._fail(name, _failed("input", errors.LostOriginal(name, path)))
                return
        self._resolved[name], self._reasons[name] = resolved, choice.text
        self._threads().submit(self._execute, Task(self._run, stage, resolved.inputs), resolved.parts.key)

    def _resolve(self, stage: Stage) -> Resolved:
        outputs: Mapping[str, Mapping[str, Artifact]] = {
            edge.producer: self.results[edge.producer].outputs
            for edge in self._tools.learner.graph.inputs.get(stage.name, ())
        }
        return self._tools.resolver.resolve(stage, outputs, self._tools.learner.more(stage.name))

    def _inspect(self, stage: Stage, resolved: Resolved) -> None:
        """In a thread of the pool: look at what the stage will read."""
        came: Inspection | BaseException
        try:
            came = Inspection() if self.cancel.is_set() else self._tools.inspector(stage, resolved, self.cancel)
        except BaseException as error:
            came = error
        self._inbox.put(_Inspected(stage.name, resolved, came))

    def _execute(self, task: Task, key: str) -> None:
        """In a thread of the pool: execute, unless somebody else has made the same while this waited for its turn."""
        came: Outcome | Result | BaseException
        try:
            is_ours = self._tools.flights.begin(key, self.cancel)
            self._flying.update({key} if is_ours else ())
            stopped = self.cancel.is_set() or not is_ours
            came = STOPPED if stopped else self._made_elsewhere(task, key) or self._execute_now(task)
        except BaseException as error:
            came = error
        self._inbox.put(_Ended(task.stage.name, key, came))

    def _is_forced(self, name: str) -> bool:
        return name in self._options.force

    def _made_elsewhere(self, task: Task, key: str) -> Result | None:
        if self._is_forced(task.stage.name):
            return None
        return self._tools.judge.again(self._tools.learner.graph, task.stage, key)

    def _execute_now(self, task: Task) -> Outcome:
        self._inbox.put(task.stage.name)
        try:
            return self._tools.executor(task, self.cancel)
        except base_errors.WorkFailed as error:
            return _failed(_kind(error, "output"), error)
        except store.errors.TargetUnwritable as error:
            # Not in the store, but where this stage was to run.
            return _failed("environment", error)

    # What came of a stage.

    def _reuse(self, name: str, result: Result) -> None:
        if self._deliver(name, result):
            text = "" if result.run == self._run else f"nothing changed since run {result.run}"
            record = StageRecord(name, "reused", result.key, text, record=result.record, notes=result.notes)
            self._record(record)
            self._tell(events.StageReused(name, result.run, result.seconds))
            self._done(name, result)

    def _end(self, name: str, outcome: Outcome) -> None:
        if outcome.failure and outcome.failure.kind == "interrupted":
            self._stopped(name, outcome)
            return
        try:
            if self._learn(name, outcome):
                return
            missing = None if outcome.failure else self._tools.learner.missing_output(name, outcome)
        except base_errors.UsageError as error:
            self._fail(name, _failed("input", error, outcome))
            return
        if missing:
            self._fail(name, _failed("output", missing, outcome))
        elif outcome.failure:
            self._fail(name, outcome)
        else:
            self._succeed(name, outcome)

    def _learn(self, name: str, outcome: Outcome) -> bool:
        """Whether the stage has to run again, for what it was seen to read."""
        learned = self._tools.learner.learn(name, outcome, self._run)
        self._note(learned.notices)
        if not learned.edges:
            return False
        for edge in learned.edges:
            self._tell(events.Learned(name, edge.file, edge.producer, learned.evidence[edge.file]))
        self._tools.resolver.use(self._tools.learner.graph)
        self._block(self._scheduler.again(name, self._tools.learner.graph))
        return True

    def _succeed(self, name: str, outcome: Outcome) -> None:
        stage = self._tools.learner.graph.stages[name]
        try:
            before, after = self._resolved[name].parts, self._resolve(stage).parts
        except base_errors.WorkFailed as error:
            self._fail(name, _failed(_kind(error, "input"), error, outcome))
            return
        result = Result(
            name, self._run, after, outcome.outputs, outcome.record, outcome.notes, outcome.seconds, stage.pieces
        )
        changed = [path for path, digest in before.reads.items() if after.reads.get(path) != digest]
        if changed:
            self._note([f"{changed[0]} changed while {name} ran, so it will run again next time"])
        elif outcome.is_repeatable:
            result = self._put(stage, result)
        if not self._deliver(name, result, outcome):
            return
        record = StageRecord(
            name,
            "executed",
            key="" if changed or not outcome.is_repeatable else result.key,
            reason=self._reasons[name],
            seconds=round(outcome.seconds, 3),
            record=outcome.record,
            notes=outcome.notes,
            outputs=result.outputs,
        )
        self._record(record, kept=True)
        self._tell(events.StageFinished(name, outcome.seconds, outcome.notes))
        self._done(name, result)

    def _put(self, stage: Stage, result: Result) -> Result:
        graph = self._tools.learner.graph
        forced = self._is_forced(stage.name)
        return self._tools.ledger.put_result(
            result, lambda other: not forced and not lacking(graph, stage, other.outputs)
        )

    def _deliver(self, name: str, result: Result, outcome: Outcome | None = None) -> bool:
        if self._options.aside:
            return True
        try:
            outputs = self._tools.learner.final_outputs(name, result.outputs)
            stage = self._tools.learner.graph.stages[name]
            expected = PathSet([*stage.writes, *(outcome.outputs if outcome else ())])
            self._note(self._tools.delivery.deliver(self._run, name, outputs, expected))
        except base_errors.WorkFailed as error:
            self._fail(name, _failed(_kind(error, "output"), error, outcome))
            return False
        return True

    def _fail(self, name: str, outcome: Outcome) -> None:
        if outcome.failure is None:
            return
        record = StageRecord(
            name,
            "failed",
            reason=self._reasons.get(name, ""),
            seconds=round(outcome.seconds, 3),
            record=outcome.record,
            notes=outcome.notes,
            failure=outcome.failure,
            outputs=outcome.outputs,
        )
        self._record(record, kept=True)
        self._tell(events.StageFailed(name, outcome.seconds, outcome.failure))
        self._block(self._scheduler.failed(name))

    def _stopped(self, name: str, outcome: Outcome) -> None:
        self._scheduler.abandoned(name)
        self._record(StageRecord(name, "stopped", seconds=round(outcome.seconds, 3), record=outcome.record))
        self._tell(events.StageStopped(name))

    def _block(self, names: list[str]) -> None:
        for name in names:
            by = self._blocker(name)
            self._record(StageRecord(name, "blocked", blocked_by=by))
            self._tell(events.StageBlocked(name, by))

    def _blocker(self, name: str) -> str:
        """The stage that failed, whichever way the blocked one needs it."""
        for edge in self._tools.learner.graph.inputs.get(name, ()):
            record = self.records.get(edge.producer)
            if record and record.state in ("failed", "blocked"):
                return record.blocked_by or record.stage
        return ""

    def _done(self, name: str, result: Result) -> None:
        self.results[name] = result
        self._scheduler.done(name)

    def _note(self, notices: list[str]) -> None:
        self.notices.extend(notices)
        for text in notices:
            self._tell(events.Notice(text))

    def _record(self, record: StageRecord, *, kept: bool = False) -> None:
        """Remember what happened; what cost work is in the ledger at once, as the run may not live to its end."""
        self.records[record.stage] = record
        if kept:
            self._tools.ledger.add(self._run, record)


def _kind(error: base_errors.NoteshipError, otherwise: Kind) -> Kind:
    return "store" if isinstance(error, DAMAGE) else otherwise


def _failed(kind: Kind, error: base_errors.NoteshipError, outcome: Outcome | None = None) -> Outcome:
    parts = error.parts()
    failure = Failure(
        kind,
        parts.fact,
        where=parts.where,
        last_output=outcome.failure.last_output if outcome and outcome.failure else "",
        remedy=parts.remedy,
        retryable=error.retryable,
        nearest=parts.nearest,
    )
    old = outcome or Outcome()
    return Outcome(old.outputs, old.record, old.reads, old.wanted, old.notes, failure, old.seconds)
