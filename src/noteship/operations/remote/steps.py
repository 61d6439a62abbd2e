"""A step of a pipeline that another engine drives: in a pod, and with the keys, the cache and the ledger of any run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from noteship import store, workflow
from noteship.cluster.manifests import task_names
from noteship.digests import Digest
from noteship.operations import carried, run
from noteship.operations.executing import runner_of
from noteship.operations.opened import OpenedProject
from noteship.operations.remote.worker import IMAGE_PROJECT
from noteship.operations.stages import chosen_of, graph_of

__all__ = ["FINISH", "StepRequest", "planned", "step"]

# What the step after all others is called among the tasks.
FINISH = "finish"


@dataclass(frozen=True)
class StepRequest:
    """Which stage of which project; without one, all of them, and the bundle.

    - url: the store; carried: what the project has beside its image, see `operations.carried`
    - chosen, parameters: as `noteship run` takes them
    """

    url: str
    carried: Digest
    stage: str | None = None
    chosen: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    project: Path = IMAGE_PROJECT


def step(request: StepRequest, folder: Path, listen: run.Listen, stop: threading.Event) -> run.RunReport:
    """Bring one stage up to date in a folder of one's own, from the cache and into it.

    What it needs of other stages is taken from the store, and made here only where it is not there any more. No source
    is asked for other data than the first step found, but by the step that brings them.

    Raises: CarriedUnusable, and what `run.run` raises.
    """
    opened = _opened(request, folder)
    is_source = request.stage in opened.data_sources
    stages = (request.stage,) if request.stage else ()
    return _run(opened, request, stages, listen, stop, offline=not is_source)


def planned(
    request: StepRequest, folder: Path, to: Path, listen: run.Listen, stop: threading.Event
) -> tuple[tuple[str, ...], run.RunReport | None]:
    """Say which stages have to run: in a file for each task, `true` or `false`, below `to`.

    Where none has, all is brought up to date at once, which makes the bundle if there is none, and gives the report.

    Raises: OtherInPod, and as `step` does.
    """
    opened = _opened(request, folder)
    # As it was handed over: parameters of this run may have stages read other files.
    carried.check(opened, chosen_of(opened, graph_of(opened), request.chosen), request.carried)
    prepared = run.prepared(opened, run.RunRequest(chosen=request.chosen, parameters=request.parameters))
    due = _due(prepared)
    report = None if due else _run(opened, request, (), listen, stop, offline=False)
    to.mkdir(parents=True, exist_ok=True)
    for stage, task in task_names(prepared.graph.stages).items():
        (to / task).write_text("true" if stage in due else "false", encoding="utf-8")
    (to / FINISH).write_text("true" if due else "false", encoding="utf-8")
    return due, report


def _due(prepared: run.Prepared) -> tuple[str, ...]:
    """Stages without a result, and those after a source of which nobody can say whether its data moved."""
    graph = prepared.graph
    choices = workflow.plan(graph, prepared.opened.workplace)
    found = {name for name, each in choices.items() if not isinstance(each, workflow.Reuse)}
    found |= prepared.options.untold & graph.stages.keys()
    for name in graph.order:
        if any(edge.producer in found for edge in graph.inputs.get(name, ())):
            found.add(name)
    return tuple(name for name in graph.order if name in found)


def _opened(request: StepRequest, folder: Path) -> OpenedProject:
    objects = store.open_store(request.url, folder)
    return OpenedProject.at(carried.unpacked(objects, request.carried, request.project, folder / "project"))


def _run(
    opened: OpenedProject,
    request: StepRequest,
    stages: tuple[str, ...],
    listen: run.Listen,
    stop: threading.Event,
    *,
    offline: bool,
) -> run.RunReport:
    asked = run.RunRequest(stages=stages, chosen=request.chosen, parameters=request.parameters, offline=offline)
    return run.run(opened, asked, listen, run.Away(runner_of(opened, keep=False), stop, 1))
