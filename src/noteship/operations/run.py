"""`noteship run`: the pipeline up to date and, with a `[service]`, its bundle."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from noteship import workflow
from noteship.errors import WorkFailed
from noteship.notebooks import StageSource
from noteship.operations import bundle as bundles
from noteship.operations.bundle import Made
from noteship.operations.errors import ForcedInVain
from noteship.operations.executing import (
    CellProgress,
    NotebookExecutor,
    StageProgress,
    StageRuns,
    bring,
    runner_of,
)
from noteship.operations.inspecting import Unread, inspector_of
from noteship.operations.lacking import lacking
from noteship.operations.named_files import check_files
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import check_used, with_parameters
from noteship.operations.sourcing import settled
from noteship.operations.stages import check, check_any, chosen_of, graph_of, resolved

__all__ = [
    "Away",
    "CellProgress",
    "Listen",
    "Listener",
    "Prepared",
    "RunReport",
    "RunRequest",
    "StageProgress",
    "prepared",
    "run",
]

# Each stage is a process with libraries of its own in memory; beyond this, memory is short before processors are.
JOBS_LIMIT = 4


@dataclass(frozen=True)
class RunRequest:
    """What is to be brought up to date, and how.

    `offline` asks no source whether its data moved; `anew` asks each, whatever its `refresh` says.
    """

    stages: Sequence[str] = ()
    chosen: Sequence[str] = ()
    parameters: Sequence[str] = ()
    jobs: int | None = None
    replace: bool = False
    keep: bool = False
    force: Sequence[str] = ()
    offline: bool = False
    anew: bool = False


class Listener(Protocol):
    """Who is told how a run goes on."""

    def event(self, event: workflow.Event) -> None:
        """Something happened; from one thread."""

    def cell(self, at: StageProgress) -> None:
        """A stage is at another cell, or more of a source has come; from any thread."""

    def say(self, line: str) -> None:
        """Something to know."""


Listen: TypeAlias = Callable[[workflow.Graph], AbstractContextManager[Listener]]


@dataclass(frozen=True)
class RunReport:
    """How a run ended, and the bundle that it made; `proposal` is a `[service]` that the project could have.

    `notes` are sentences on the folder itself; `breaches` are contracts that files break which no stage reads.
    """

    result: workflow.RunResult
    faults: tuple[StageSource, ...]
    made: Made | None = None
    proposal: bundles.Proposed | None = None
    notes: tuple[str, ...] = ()
    breaches: tuple[WorkFailed, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything that was to be done is done."""
        return self.result.state == "done" and not self.faults and not self.breaches

    @property
    def state(self) -> str:
        """The run's state; a source that cannot be read is a failure, too, and a file that breaks its contract."""
        is_whole = not self.faults and not self.breaches
        return self.result.state if is_whole or self.result.state == "interrupted" else "failed"

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship run --json` prints."""
        result = self.result
        return {
            "run": result.run,
            "state": self.state,
            "seconds": round(result.seconds, 3),
            "stages": [record.to_json() for record in result.stages.values()],
            "notices": [*self.notes, *result.notices],
            "faults": [
                {"stage": source.name, "error": source.fault.to_json()} for source in self.faults if source.fault
            ],
            "breaches": [error.to_json() for error in self.breaches],
            "bundle": self.made.to_json() if self.made else None,
            "proposal": self.proposal.to_json() if self.proposal else None,
        }


@dataclass(frozen=True)
class Away:
    """A run whose stages are executed elsewhere, and whose files are left in the store.

    - runner: executes them; jobs: how many at once, where nobody says
    """

    runner: StageRuns
    stop: threading.Event
    jobs: int


def run(opened: OpenedProject, request: RunRequest, listen: Listen, away: Away | None = None) -> RunReport:
    """Bring the project up to date.

    `listen` is given the graph of what will be looked at and gives who is told of it. Stages are executed here, and
    what they make is put into the folder, unless they are `away`.

    Raises: what a graph that cannot run raises (CyclicStages, UnchosenAlternatives, MissingInput, MissingInputs,
    InputOfUnreadable), StepNotMade, ChangedByHand, UnknownStage, ForcedInVain, SetInVain, NothingToRun,
    NothingReadable, wrong parameters, what the environment or the store lack, and what making the bundle raises.
    """
    if away is not None:
        return _run(opened, request, listen, (away.runner, away))
    with runner_of(opened, keep=request.keep) as runner:
        return _run(opened, request, listen, (runner, None))


@dataclass(frozen=True)
class Prepared:
    """What is to be brought up to date, and how: all that is known before anything runs."""

    opened: OpenedProject
    graph: workflow.Graph
    options: workflow.Options
    faults: tuple[StageSource, ...]
    notes: tuple[str, ...]


def prepared(opened: OpenedProject, request: RunRequest) -> Prepared:
    """Read the project, and check what is asked for. Raises what `run` raises, but for what happens while it runs."""
    opened = with_parameters(opened, request.parameters)
    check_any(opened)
    whole = graph_of(opened)
    graph = chosen_of(opened, whole, request.chosen, request.stages)
    graph = graph.upto(resolved(opened, graph, request.stages)) if request.stages else graph
    check(opened, graph)
    check_used(opened, request.parameters, graph)
    # A part of the stages makes no bundle.
    unmade = () if request.stages else check_files(opened, graph)
    data = settled(opened, graph, offline=request.offline, anew=request.anew)
    faults = () if request.stages else tuple(source for source in opened.sources.stages if source.fault)
    jobs = request.jobs or opened.settings.run.jobs or min(os.cpu_count() or 1, JOBS_LIMIT)
    force = _forced(data.graph, resolved(opened, whole, request.force))
    options = workflow.Options(jobs, replace=request.replace, force=force, untold=data.untold)
    return Prepared(opened, data.graph, options, faults, (*unmade, *data.notes))


def _run(opened: OpenedProject, request: RunRequest, listen: Listen, by: tuple[StageRuns, Away | None]) -> RunReport:
    runner, away = by
    found = prepared(opened, request)
    opened, graph, options, faults = found.opened, found.graph, found.options, found.faults
    inspector = inspector_of(opened)
    if away is not None:
        jobs = request.jobs or opened.settings.run.jobs or away.jobs
        options = replace(options, jobs=jobs, deliver=False)
    stop = away.stop if away else None
    with listen(graph) as listener:
        for note in found.notes:
            listener.say(f"note: {note}")
        first = _First(opened, graph, listener)
        beside = workflow.Beside(inspector) if inspector else None
        with NotebookExecutor(opened, graph, runner, listener.cell) as executor:

            def brought(graph: workflow.Graph, options: workflow.Options) -> workflow.RunResult:
                return workflow.run(
                    graph, executor, opened.workplace, options, beside=beside, tell=first.event, stop=stop
                )

            result = bring(brought, graph, options, listener.say)
        unread = inspector.look_at_unread(result) if inspector else Unread()
        for note in unread.notes:
            listener.say(f"note: {note}")
        made, proposal = None, None
        if result.state == "done" and not faults and not unread.breaches and not request.stages:
            if opened.settings.service:
                made = bundles.make(opened, result, listener.say)
            else:
                proposal = bundles.propose(opened, result)
    notes = (*opened.notes, *found.notes, *first.notes, *unread.notes)
    return RunReport(result, faults, made, proposal, notes, unread.breaches)


class _First:
    """Tells what the stages lack before the first of them runs; a run with nothing to do does not look."""

    def __init__(self, opened: OpenedProject, graph: workflow.Graph, listener: Listener) -> None:
        self.notes: tuple[str, ...] = ()
        self._looked = False
        self._opened, self._graph, self._listener = opened, graph, listener

    def event(self, event: workflow.Event) -> None:
        if isinstance(event, workflow.StageStarted) and not self._looked:
            self._looked = True
            self.notes = (*lacking(self._opened, self._graph.stages), *_overwritten(self._graph))
            for note in self.notes:
                self._listener.say(f"note: {note}")
        self._listener.event(event)


def _overwritten(graph: workflow.Graph) -> Iterator[str]:
    files: dict[tuple[str, ...], list[str]] = {}
    for each in graph.overwritten:
        files.setdefault(each.stages, []).extend(each.files)
    for stages, written in files.items():
        yield (
            f"{' and '.join(stages)} write the same ({', '.join(written)}), which no stage reads: "
            f"the last one's stays; to choose one: --with {stages[0]}"
        )


def _forced(graph: workflow.Graph, names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if name not in graph.stages:
            raise ForcedInVain(name)
    return frozenset(names)
