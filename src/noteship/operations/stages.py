"""From what the notebooks say to the stages that the workflow knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from noteship import workflow
from noteship.notebooks import StageSource
from noteship.operations.opened import OpenedProject

__all__ = ["graph_of", "stages_of"]


def stages_of(opened: OpenedProject, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> list[workflow.Stage]:
    """The project's stages that can be read; a notebook with a fault is none.

    `parameters` by stage go over those of `noteship.toml`.
    """
    stages = []
    for source in opened.sources.stages:
        if source.fault is None and source.code is not None:
            declared = opened.settings.stage.get(source.name)
            params = dict(declared.params) if declared else {}
            params |= (parameters or {}).get(source.name, {})
            required = tuple(path for path in declared.writes if not path.startswith("!")) if declared else ()
            stages.append(_stage(source, params, required))
    return stages


def graph_of(
    opened: OpenedProject, parameters: Mapping[str, Mapping[str, Any]] | None = None, *, learned: bool = True
) -> workflow.Graph:
    """The project's graph, with the edges that earlier runs have shown."""
    stages = stages_of(opened, parameters)
    seen = opened.ledger.seen([stage.name for stage in stages]) if learned else {}
    return workflow.Graph.of(stages, opened.sources.files, seen)


def _stage(source: StageSource, params: Mapping[str, Any], required: tuple[str, ...]) -> workflow.Stage:
    assert source.code is not None
    places = {}
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
