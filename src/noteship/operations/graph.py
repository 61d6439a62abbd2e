"""`noteship graph`: the stages, what each reads and writes, and why noteship thinks so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noteship import workflow
from noteship.notebooks import ProjectSources, StageSource
from noteship.operations.opened import OpenedProject
from noteship.operations.stages import graph_of

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["GraphView", "graph"]

# How many of the notebooks that stages write are told by name.
SHOWN_NOTEBOOKS = 5


@dataclass(frozen=True)
class GraphView:
    """A project's graph with the evidence for it; `shown` are the stages that were asked for.

    `notes` are sentences on the folder itself, `data` the sources of data by the names of their stages.
    """

    name: str
    sources: tuple[StageSource, ...]
    graph: workflow.Graph
    chosen: tuple[str, ...]
    shown: tuple[str, ...]
    notes: tuple[str, ...] = ()
    data: Mapping[str, ingestion.Source] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship graph --json` prints."""
        shown = set(self.shown)
        return {
            "project": self.name,
            "stages": [
                *(_data(name, source) for name, source in self.data.items() if name in shown),
                *(_stage(source, self.graph) for source in self.sources if source.name in shown),
            ],
            "edges": [
                [edge.producer, edge.consumer, edge.file]
                for edge in self.graph.edges
                if edge.producer in shown or edge.consumer in shown
            ],
            "alternatives": [
                {"files": list(each.files), "stages": list(each.stages)} for each in self.graph.alternatives
            ],
            "chosen": list(self.chosen),
            "overwritten": [
                {"files": list(each.files), "stages": list(each.stages)} for each in self.graph.overwritten
            ],
            "missing": [
                {"stage": each.stage, "file": each.file, "place": each.place, "nearest": each.near}
                for each in self.graph.missing
            ],
            "cycle": [[edge.producer, edge.consumer, edge.file] for edge in self.graph.cycle],
            "left_out": [list(each) for each in self.graph.left_out],
            "notes": list(self.notes),
        }


def graph(opened: OpenedProject, names: Sequence[str] = ()) -> GraphView:
    """Read the project's graph; a fault in one notebook is told there, and the rest stands.

    Raises: UnknownStage, and what opening the project raises.
    """
    whole = graph_of(opened)
    by_name = {source.name: source for source in opened.sources.stages}
    by_path = {source.path: source.name for source in opened.sources.stages}
    known = (by_path.get(name, name) for name in names)
    shown = tuple(name if name in by_name else whole.resolve(name) for name in known) or (
        *opened.data_sources,
        *by_name,
    )
    notes = (*opened.notes, *_written_notebooks(opened.sources))
    return GraphView(
        opened.name, opened.sources.stages, whole, opened.settings.notebooks.chosen, shown, notes, opened.data_sources
    )


def _written_notebooks(sources: ProjectSources) -> Iterator[str]:
    """Say which notebooks lie in the folder and are no stages, because a stage writes them."""
    stages = {source.path for source in sources.stages}
    written = {
        path: source.name
        for source in reversed(sources.stages)
        for path in source.writes
        if path.endswith(".ipynb") and path in sources.files and path not in stages
    }
    told = [f"{path} (by {name})" for path, name in sorted(written.items())]
    if told:
        more = f" and {len(told) - SHOWN_NOTEBOOKS} more" if len(told) > SHOWN_NOTEBOOKS else ""
        yield f"no stages, since stages write them: {', '.join(told[:SHOWN_NOTEBOOKS])}{more}"


def _data(name: str, source: ingestion.Source) -> dict[str, Any]:
    return {
        "name": name,
        "path": "noteship.toml",
        "kind": "source",
        "from": source.address.text,
        "reads": [],
        "writes": [source.target],
        "fault": None,
    }


def _stage(source: StageSource, graph: workflow.Graph) -> dict[str, Any]:
    learned = [path for path in graph.reads(source.name) if path not in source.reads] if source.fault is None else []
    return {
        "name": source.name,
        "path": source.path,
        "kind": source.kind,
        "twin": source.twin,
        "cwd": source.cwd,
        "cwd_note": source.cwd_note,
        "calls": [{"words": list(call.words), "module": call.module} for call in source.calls],
        "calls_note": source.calls_note,
        "elsewhere": {each.path: each.place for each in source.elsewhere},
        "reads": list(source.reads),
        "writes": list(source.writes),
        "learned": learned,
        "external": _plain(source.external),
        "unknown": _plain(source.unknown),
        "evidence": _plain(source.uses),
        "modules": list(source.modules),
        "parameters": dict(source.parameters),
        "fault": str(source.fault) if source.fault else None,
    }


def _plain(items: Iterable[object]) -> list[dict[str, Any]]:
    return [dict(vars(item)) for item in items]
