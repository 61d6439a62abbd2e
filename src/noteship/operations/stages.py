"""From what the notebooks say to the stages that the workflow knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from noteship import workflow
from noteship.notebooks import StageSource
from noteship.operations.opened import OpenedProject

__all__ = ["chosen_of", "graph_of", "stages_of"]


def stages_of(opened: OpenedProject, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> list[workflow.Stage]:
    """The project's stages that can be read; a notebook with a fault is none.

    `parameters` are by stage; without them, those of `noteship.toml` hold.
    """
    stages = []
    for source in opened.sources.stages:
        if source.fault is None and source.code is not None:
            declared = opened.settings.stage.get(source.name)
            params = (
                (parameters or {}).get(source.name, {})
                if parameters is not None
                else (declared.params if declared else {})
            )
            required = tuple(path for path in declared.writes if not path.startswith("!")) if declared else ()
            stages.append(_stage(source, params, required))
    return stages


def graph_of(opened: OpenedProject, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> workflow.Graph:
    """The project's graph, with the edges that earlier runs have shown."""
    return workflow.graph_of(stages_of(opened, parameters), opened.sources.files, opened.ledger)


def chosen_of(opened: OpenedProject, graph: workflow.Graph, names: Sequence[str]) -> workflow.Graph:
    """The graph with its alternatives chosen, by these names and, where they leave a choice, by `noteship.toml`."""
    named = [graph.resolve(name) for name in names]
    decided = {stage for each in graph.alternatives if set(each.stages) & set(named) for stage in each.stages}
    declared = [name for name in opened.settings.notebooks.chosen if name not in decided]
    return workflow.choose(graph, [*named, *declared])


def _stage(source: StageSource, params: Mapping[str, Any], required: tuple[str, ...]) -> workflow.Stage:
    assert source.code is not None
    places: dict[str, str] = {}
    for use in source.uses:
        where = f"{source.path}, cell {use.cell}, line {use.line}" if use.cell else f"{source.path}, line {use.line}"
        places.setdefault(use.path, where)
    return workflow.Stage(
        name=source.name,
        path=source.path,
        code=source.code,
        reads=source.reads,
        writes=source.writes,
        in_place=source.in_place,
        params=params,
        required=required,
        places=places,
    )
