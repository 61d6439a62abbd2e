"""The workflow's executor, made of the notebooks' runner."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from noteship import computing, digests, distributions, notebooks, project, workflow
from noteship.errors import NoteshipError
from noteship.notebooks import StageSource, execution
from noteship.operations import clusters, left_out
from noteship.operations.fetching import FetchProgress, fetch
from noteship.operations.lacking import is_of
from noteship.operations.opened import OpenedProject

__all__ = ["CellProgress", "NotebookExecutor", "StageProgress", "StageRuns", "bring", "runner_of"]

REMEDY = "correct it and run again; what had finished is not run twice"
CellProgress = execution.Progress
StageProgress: TypeAlias = CellProgress | FetchProgress


class StageRuns(Protocol):
    """What runs the documents of stages, here or elsewhere; thread-safe, to be closed. Others wrap it."""

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        """Run one document. What its code does wrong is in the result; once `cancel` is set, it ends soon."""
        ...

    def close(self) -> None:
        """End all that still runs here."""


def runner_of(opened: OpenedProject, *, keep: bool, cluster: computing.Wanted | None = None) -> clusters.StageRunner:
    """What runs a project's notebooks, in the interpreter that `opened.environment` will tell of.

    It starts when the first task comes; at once, beside all that comes before, where nothing has run yet. Clusters are
    made when the first stage comes that asks for one; who asks for none gets `cluster`, if that is given.
    """
    python = project.chosen(opened.root, opened.settings.environment.python)
    runner = execution.Runner(opened.root, python, opened.store, environment=opened.variables, keep=keep)
    if opened.is_new:
        runner.warm()
    place = computing.Place(opened.root, python, opened.variables)

    def wanted(stage: str) -> computing.Wanted | None:
        return opened.cluster_of(stage) or cluster

    return clusters.StageRunner(runner, computing.Clusters(place), wanted, lambda: opened.sources.digests)


def bring(
    run: Callable[[workflow.Graph, workflow.Options], workflow.RunResult],
    graph: workflow.Graph,
    options: workflow.Options,
    say: Callable[[str], None],
) -> workflow.RunResult:
    """Bring a graph up to date; what turns out to be damaged in the store is set aside then, and made again at once."""
    result = run(graph, options)
    if any(record.failure and record.failure.kind == "store" for record in result.stages.values()):
        say("what is damaged in the store was set aside, and is made again")
        done = result.results.keys()
        again = replace(options, force=options.force - done, untold=options.untold - done)
        result = run(result.graph, again)
    return result


@dataclass(frozen=True)
class NotebookExecutor:
    """Executes tasks of the workflow by running notebooks and scripts in the project's interpreter.

    `made` is what they have made in this run: it is not stale, whatever the graph was told. `changed` is set once the
    environment is another than at the run's start, as after `%pip install` in a cell.
    """

    opened: OpenedProject
    graph: workflow.Graph
    runner: StageRuns
    tell: Callable[[StageProgress], None]
    made: set[str] = field(default_factory=set)
    changed: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.runner.close()

    def __call__(self, task: workflow.Task, cancel: threading.Event) -> workflow.Outcome:
        """Run the stage's document, which has to be the one that the stage's key was made of; or bring a source."""
        if task.stage.source:
            return fetch(self.opened, task, cancel, self.tell)
        source = self._source(task.stage.name)
        try:
            job = self._job(task, source)
            done = self.runner.run(job, cancel, self.tell)
            if job.document.kind == "script":
                self._read(source.path)  # it was not run out of memory, as cells are
            self._check(source.modules)
        except _Changed as error:
            return workflow.Outcome(failure=_changed(error.path))
        except execution.errors.WorkspaceFailed as error:
            parts = error.parts()
            return workflow.Outcome(
                failure=workflow.Failure("environment", parts.fact, where=parts.where, remedy=parts.remedy)
            )
        self.made.update(done.outputs)
        is_same, changes = self._environment_since()
        notes = (*done.notes, *([source.calls_note] if source.calls_note else []), *changes)
        return workflow.Outcome(
            outputs=done.outputs,
            record=done.record,
            reads=done.reads,
            wanted=done.wanted,
            notes=notes,
            failure=self._failure(done.failure, source.name, done.wanted) if done.failure else None,
            seconds=done.seconds,
            is_repeatable=is_same,
        )

    def _environment_since(self) -> tuple[bool, tuple[str, ...]]:
        """Whether the environment is still the one of the keys of this run; who finds first that it is not tells it."""
        before = self.opened.environment
        try:
            now = project.inspect(self.opened.root, self.opened.settings.environment)
        except NoteshipError as error:
            is_same, what = False, error.parts().fact
        else:
            is_same, what = now.digest == before.digest, _difference(before.installed, now.installed)
        if is_same or self.changed.is_set():
            return is_same, ()
        self.changed.set()
        told = (
            f"the environment changed while it ran ({what}): the next run makes this, and what comes after it, again; "
            "packages are better installed before a run, from requirements.txt or a lock"
        )
        return False, (told,)

    def _job(self, task: workflow.Task, source: StageSource) -> execution.Job:
        declared = self.opened.settings.stage.get(source.name)
        self._check(source.modules)
        text = self._read(source.path).decode("utf-8-sig")
        document = notebooks.read_document(source.path, text)
        if source.calls:
            # Cells or not, it is a program that is called.
            document = notebooks.Document(source.path, "script", (notebooks.Cell(0, "code", text),))
        writes = [write for stage in self.graph.source.stages for write in stage.writes]
        return execution.Job(
            run=task.run,
            stage=source.name,
            document=document,
            cwd=source.cwd,
            params=task.stage.params,
            inputs=task.inputs,
            produced=tuple(dict.fromkeys((*writes, *self.graph.stale.keys() - self.made))),
            known_reads=(*self.graph.reads(source.name), *task.stage.outside),
            expected_writes=task.stage.writes,
            redone=source.redone,
            sources=source.modules,
            calls=source.calls or (notebooks.Call(),),
            elsewhere=source.elsewhere,
            timeout_s=declared.timeout_s if declared else None,
            memory_bytes=declared.resources.memory_bytes if declared else None,
        )

    def _failure(self, failure: execution.Failure, stage: str, wanted: Iterable[str]) -> workflow.Failure:
        return workflow.Failure(
            kind=failure.kind,
            message=failure.message,
            where=failure.where,
            last_output=failure.last_output,
            remedy=failure.remedy
            or self._installing(failure)
            or left_out.remedy(self.opened.root, stage, wanted)
            or REMEDY,
            retryable=failure.retryable,
        )

    def _installing(self, failure: execution.Failure) -> str:
        """How to add the module that a stage could not import, if it is not one of the project's own."""
        found = re.search(r"No module named '([\w.]+)'", failure.message)
        if failure.exception != "ModuleNotFoundError" or not found:
            return ""
        top = found[1].partition(".")[0]
        own = next((path for path in sorted(self.opened.sources.files) if is_of(path, top)), "")
        if own:
            return f"{own} is in the project, but not where the stage imports from: move it beside, or set sys.path"
        return f"install it: {distributions.install_command(self.opened.environment.interpreter.path, top)}"

    def _check(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._read(path)

    def _read(self, path: str) -> bytes:
        """The bytes of a source. Raises _Changed if they are not those that the graph was made of."""
        try:
            data = (self.opened.root / path).read_bytes()
        except OSError as error:
            raise _Changed(path) from error
        if digests.of_bytes(data) != self.opened.sources.digests[path]:
            raise _Changed(path)
        return data

    def _source(self, name: str) -> StageSource:
        return self.opened.sources_by_name[name]


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which packages are other ones, in few words."""
    other = [f"{name} {now[name]}" for name in sorted(now) if before.get(name) != now[name]]
    gone = [f"without {name}" for name in sorted(before.keys() - now.keys())]
    found = [*other, *gone]
    return ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "") or "its lock"


class _Changed(Exception):
    """Somebody saved a source while the run went on: what it makes now belongs to no key."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def _changed(path: str) -> workflow.Failure:
    return workflow.Failure(
        "input", f"{path} changed since this run began", where=path, remedy="run again", retryable=True
    )
