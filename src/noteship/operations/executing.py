"""The workflow's executor, made of the notebooks' runner."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from noteship import notebooks, workflow
from noteship.notebooks import StageSource, execution
from noteship.operations.opened import OpenedProject

__all__ = ["CellProgress", "NotebookExecutor"]

REMEDY = "correct it and run again; what had finished is not run twice"
CellProgress = execution.Progress


@dataclass(frozen=True)
class NotebookExecutor:
    """Executes tasks of the workflow by running notebooks and scripts in the project's interpreter."""

    opened: OpenedProject
    graph: workflow.Graph
    runner: execution.Runner
    tell: Callable[[CellProgress], None]

    @classmethod
    def of(
        cls, opened: OpenedProject, graph: workflow.Graph, *, keep: bool, tell: Callable[[CellProgress], None]
    ) -> Self:
        """Nothing is started before the first task comes."""
        python = Path(opened.environment.interpreter.path)
        runner = execution.Runner(opened.root, python, opened.store, environment=dict(os.environ), keep=keep)
        return cls(opened, graph, runner, tell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.runner.close()

    def __call__(self, task: workflow.Task, cancel: threading.Event) -> workflow.Outcome:
        """Run the stage's document."""
        done = self.runner.run(self._job(task), cancel, self.tell)
        return workflow.Outcome(
            outputs=done.outputs,
            record=done.record,
            reads=done.reads,
            wanted=done.wanted,
            notes=done.notes,
            failure=_failure(done.failure) if done.failure else None,
            seconds=done.seconds,
        )

    def _job(self, task: workflow.Task) -> execution.Job:
        source = self._source(task.stage.name)
        declared = self.opened.settings.stage.get(source.name)
        text = (self.opened.root / source.path).read_text(encoding="utf-8")
        writes = [write for stage in self.graph.source.stages for write in stage.writes]
        return execution.Job(
            run=task.run,
            stage=source.name,
            document=notebooks.read_document(source.path, text),
            cwd=source.cwd,
            params=task.stage.params,
            inputs=task.inputs,
            produced=tuple(dict.fromkeys(writes)),
            known_reads=self.graph.reads(source.name),
            expected_writes=task.stage.writes,
            timeout_s=declared.timeout_s if declared else None,
            memory_bytes=declared.resources.memory_bytes if declared else None,
        )

    def _source(self, name: str) -> StageSource:
        return self.opened.sources_by_name[name]


def _failure(failure: execution.Failure) -> workflow.Failure:
    return workflow.Failure(
        kind=failure.kind,
        message=failure.message,
        where=failure.where,
        last_output=failure.last_output,
        remedy=failure.remedy or REMEDY,
        retryable=failure.retryable,
    )
