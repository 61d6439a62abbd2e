"""One run under way: carries out what the scheduler says, and tells it what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from noteship import errors as base_errors
from noteship.patterns import PathSet
from noteship.store import Artifact
from noteship.workflow import decision, errors, events
from noteship.workflow.delivery import Delivery
from noteship.workflow.graph import Graph
from noteship.workflow.inspecting import Inspection
from noteship.workflow.judging import Judge, lacking
from noteship.workflow.learning import Learner
from noteship.workflow.ledger import Ledger
from noteship.workflow.resolving import Resolved, Resolver
from noteship.workflow.results import Result, StageRecord
from noteship.workflow.scheduler import Scheduler
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Outcome, Task
from noteship.workflow.workers import STOPPED, Begun, Ended, Inspected, Labour, Workers, failed
from noteship.workflow.workplace import Options

__all__ = ["Running", "Tools"]


@dataclass(frozen=True)
class Tools:
    """What a run works with."""

    ledger: Ledger
    judge: Judge
    resolver: Resolver
    delivery: Delivery
    learner: Learner
    labour: Labour


class Running:
    """The state of a run; one thread uses it, and only the executor and the ledger are called in others."""

    def __init__(
        self,
        run: str,
        tools: Tools,
        options: Options,
        tell: Callable[[events.Event], None],
        cancel: threading.Event,
    ) -> None:
        self.results: dict[str, Result] = {}
        self.records: dict[str, StageRecord] = {}
        self.notices: list[str] = []
        self.cancel = cancel
        self.stopped_by = ""
        self._run = run
        self._tools = tools
        self._options = options
        self._tell = tell
        self._scheduler = Scheduler(tools.learner.graph)
        self._resolved: dict[str, Resolved] = {}
        self._reasons: dict[str, str] = {}
        self._workers = Workers(tools.labour, options.jobs, cancel)

    def go(self) -> None:
        """Carry the run out to its end, or until `cancel` is set and all stages have stopped."""
        try:
            self._loop()
        except BaseException as error:
            self.cancel.set()
            # Who interrupts a second time does not want to wait.
            self._workers.close(wait=not isinstance(error, KeyboardInterrupt))
            raise
        self._workers.close(wait=True)
        for name in self._scheduler.unbegun:
            self._record(StageRecord(name, "stopped"))
            self._tell(events.StageStopped(name))
        if self.stopped_by and any(record.state == "stopped" for record in self.records.values()):
            self._note([f"{self.stopped_by} stopped it"])

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
        match self._workers.take():
            case Begun(stage):
                self._tell(events.StageStarted(stage, self._reasons[stage]))
            case Inspected(stage, resolved, found):
                self._inspected(stage, resolved, found)
            case Ended(stage, _, came) as message:
                if isinstance(came, Result):
                    self._reuse(stage, came)
                else:
                    self._end(stage, came)
                self._workers.settled(message)

    def _begin(self, name: str) -> None:
        graph = self._tools.learner.graph
        stage = graph.stages[name]
        try:
            resolved = self._resolve(stage)
        except base_errors.WorkFailed as error:
            self._fail(name, failed("input", error))
            return
        if self._tools.labour.inspector.concerns(resolved.parts.reads):
            self._workers.inspect(stage, resolved)
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
        choice = self._choice(graph, stage, resolved)
        if isinstance(choice, decision.Reuse):
            self._reuse(name, choice.result)
            return
        for path, artifact in resolved.inputs.items():
            if path not in resolved.makers and not self._tools.judge.holds(artifact):
                self._fail(name, failed("input", errors.LostOriginal(name, path)))
                return
        self._resolved[name], self._reasons[name] = resolved, choice.text
        key = resolved.parts.key
        self._workers.execute(Task(self._run, stage, resolved.inputs), key, lambda: self._made_elsewhere(stage, key))

    def _resolve(self, stage: Stage) -> Resolved:
        outputs: Mapping[str, Mapping[str, Artifact]] = {
            edge.producer: self.results[edge.producer].outputs
            for edge in self._tools.learner.graph.inputs.get(stage.name, ())
        }
        return self._tools.resolver.resolve(stage, outputs, self._tools.learner.more(stage.name))

    def _choice(self, graph: Graph, stage: Stage, resolved: Resolved) -> decision.Reuse | decision.Execute:
        if stage.name in self._options.force:
            return decision.FORCED
        choice = self._tools.judge.decide(graph, stage, resolved)
        is_untold = stage.name in self._options.untold and isinstance(choice, decision.Reuse)
        return decision.UNTOLD if is_untold else choice

    def _is_forced(self, name: str) -> bool:
        return name in self._options.force or name in self._options.untold

    def _made_elsewhere(self, stage: Stage, key: str) -> Result | None:
        if self._is_forced(stage.name):
            return None
        return self._tools.judge.again(self._tools.learner.graph, stage, key)

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
            self._fail(name, failed("input", error, outcome))
            return
        if missing:
            self._fail(name, failed("output", missing, outcome))
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
            self._fail(name, failed("input", error, outcome))
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
        if self._options.aside or not self._options.deliver:
            return True
        try:
            outputs = self._tools.learner.final_outputs(name, result.outputs)
            stage = self._tools.learner.graph.stages[name]
            expected = PathSet([*stage.writes, *(outcome.outputs if outcome else ())])
            self._note(self._tools.delivery.deliver(self._run, name, outputs, expected))
        except base_errors.WorkFailed as error:
            self._fail(name, failed("output", error, outcome))
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
