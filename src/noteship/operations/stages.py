"""From what the notebooks say to the stages that the workflow knows."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from noteship import notebooks, patterns, workflow
from noteship.notebooks import StageSource, Use
from noteship.operations.errors import InputOfUnreadable, LinkLeadsNowhere, NothingReadable, NothingToRun
from noteship.operations.opened import OpenedProject
from noteship.operations.sourcing import source_stages

__all__ = ["check", "check_any", "chosen_of", "graph_of", "resolved", "stages_of"]


def stages_of(opened: OpenedProject) -> list[workflow.Stage]:
    """The project's stages that can be read, and its sources of data; a notebook with a fault is none."""
    written = [write for source in opened.sources.stages for write in source.writes]
    stages = source_stages(opened, written)
    produced = patterns.PathSet([*written, *(write for stage in stages for write in stage.writes)])
    for source in opened.sources.stages:
        if source.fault is None and source.code is not None:
            declared = opened.settings.stage.get(source.name)
            required = tuple(path for path in declared.writes if not path.startswith("!")) if declared else ()
            # What is on this machine is read there: a result from where it is not, is another.
            outside = (*notebooks.left_alone(source.elsewhere, opened.root, produced), *_read_outside(source))
            outside = tuple(dict.fromkeys(outside))
            stage = _stage(source, opened.parameters.get(source.name, {}), required, outside)
            stages.append(_without(stage, _absent(source, opened.sources.files, produced)))
    return stages


def _absent(source: StageSource, files: Collection[str], produced: patterns.PathSet) -> set[str]:
    """What the source reads only where it is there, and is not, and no stage makes."""
    asked = [path for path in source.optional if path not in files and not produced.reach(path)]
    return {path for path in asked if not any(file.startswith(f"{path}/") for file in files)}


def _without(stage: workflow.Stage, absent: Collection[str]) -> workflow.Stage:
    return replace(stage, reads=tuple(path for path in stage.reads if path not in absent)) if absent else stage


def _read_outside(source: StageSource) -> list[str]:
    """Files outside of the project that the source shows it to read and that are there; not what it writes itself."""
    written = {each.what for each in source.external if each.action == "write"}
    read = {each.what for each in source.external if each.action == "read" and each.what.startswith("/")} - written
    return sorted(path for path in read if os.path.isfile(path))  # noqa: PTH113 - never raises


def graph_of(opened: OpenedProject) -> workflow.Graph:
    """The project's graph, with the edges that earlier runs have shown."""
    stages, files = stages_of(opened), opened.sources.files
    unread = {source.name for source in opened.sources.stages if source.fault}
    stale = workflow.stale_files(opened.root, stages, files, opened.ledger, unread)
    return workflow.graph_of(stages, files, opened.ledger, stale, _wanted(opened))


def _wanted(opened: OpenedProject) -> tuple[str, ...]:
    """Files that the service and the search read when all stages are done: who makes them has to be one stage."""
    service, tune = opened.settings.service, opened.settings.tune
    metric, colon, _ = tune.metric.rpartition(":") if tune else ("", "", "")
    return (*((*service.steps, service.data) if service else ()), *((metric,) if colon else ()))


def chosen_of(
    opened: OpenedProject, graph: workflow.Graph, names: Sequence[str], targets: Sequence[str] = ()
) -> workflow.Graph:
    """The graph with its alternatives chosen, by these names and, where they leave a choice, by `noteship.toml`.

    What `noteship.toml` says does not hold for an alternative that is itself among the targets. Where there is nothing
    to choose since a notebook cannot be read, its fault is raised.
    """
    named = resolved(opened, graph, names)
    wanted = {*named, *resolved(opened, graph, targets)}
    decided = {stage for each in graph.alternatives if set(each.stages) & wanted for stage in each.stages}
    declared = [name for name in opened.settings.notebooks.chosen if name not in decided]
    try:
        return workflow.choose(graph, [*named, *_declared(opened, graph, declared)])
    except workflow.errors.NotAnAlternative as error:
        for source in opened.sources.stages:
            if source.fault:
                raise source.fault from error
        raise


def _declared(opened: OpenedProject, graph: workflow.Graph, names: Iterable[str]) -> tuple[str, ...]:
    try:
        return resolved(opened, graph, names)
    except workflow.errors.UnknownStage as error:
        raise replace(error, place="noteship.toml, [notebooks] with") from error


def resolved(opened: OpenedProject, graph: workflow.Graph, names: Iterable[str]) -> tuple[str, ...]:
    """The full names of stages; where one cannot be read, its fault is raised. Raises UnknownStage."""
    faults = {each: source.fault for source in opened.sources.stages for each in (source.name, source.path)}
    for name in names:
        fault = faults.get(name)
        if fault:
            raise fault
    return tuple(graph.resolve(name) for name in names)


def check_any(opened: OpenedProject) -> None:
    """Raise what is wrong when nothing can be run: no stage is there, or none that can be read."""
    faults = tuple(source.fault for source in opened.sources.stages if source.fault)
    if len(faults) < len(opened.sources.stages) + len(opened.data_sources):
        return
    if not faults:
        above = opened.project_above
        raise NothingToRun(str(opened.root), opened.projects_below, str(above) if above else "")
    if len(faults) == 1:
        raise faults[0]
    raise NothingReadable(tuple(fault.parts().fact for fault in faults))


def check(opened: OpenedProject, graph: workflow.Graph) -> None:
    """Raise what makes it impossible to run the graph; an unreadable notebook may be why an input is missing."""
    try:
        graph.check()
    except workflow.errors.MissingInputs as error:
        for each in error.inputs:
            _check_link(opened, each)
        _check_readable(opened, error.inputs[0])
        raise
    except workflow.errors.MissingInput as error:
        _check_link(opened, error)
        _check_readable(opened, error)
        raise


def _check_link(opened: OpenedProject, missing: workflow.errors.MissingInput) -> None:
    for folder in reversed(PurePosixPath(missing.file).parents):
        link = opened.root / folder
        if link.is_symlink() and not link.exists():
            raise LinkLeadsNowhere(str(folder), str(link.readlink()), missing.stage, missing.file) from missing


def _check_readable(opened: OpenedProject, missing: workflow.errors.MissingInput) -> None:
    near = missing.parts().nearest
    for source in opened.sources.stages:
        if source.fault:
            raise InputOfUnreadable(
                missing.stage, missing.file, missing.place, source.path, source.fault, near
            ) from missing


def _stage(
    source: StageSource, params: Mapping[str, Any], required: tuple[str, ...], outside: tuple[str, ...]
) -> workflow.Stage:
    assert source.code is not None
    places: dict[str, str] = {}
    for use in source.uses:
        places.setdefault(use.path, _place(source, use))
    return workflow.Stage(
        name=source.name,
        path=source.path,
        code=source.code,
        reads=source.reads,
        writes=source.writes,
        in_place=source.in_place,
        params=params,
        required=required,
        outside=outside,
        places=places,
        calls=tuple((call.module, *call.words) for call in source.calls),
        elsewhere={each.path: each.place for each in source.elsewhere},
        literals=source.parameters,
        pieces=source.pieces,
    )


def _place(source: StageSource, use: Use) -> str:
    if not use.line:
        return use.call  # a declaration, which says itself where it is
    return f"{source.path}, " + (f"cell {use.cell}, " if use.cell else "") + f"line {use.line}"
