"""Shows the graph on the terminal."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from noteship.cli.output import Output, table
from noteship.notebooks import StageSource
from noteship.operations import graph as operation
from noteship.operations.graph import GraphView
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

Row: TypeAlias = tuple[str, str, str]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the graph."""
    view = operation.graph(OpenedProject.at(arguments.project), arguments.stages)
    output.document(view.to_json())
    output.text(*_lines(view, evidence=arguments.evidence))
    return 0


def _lines(view: GraphView, *, evidence: bool) -> Iterator[str]:
    graph = view.graph
    sources = f"{_count(len(view.data), 'source')}, " if view.data else ""
    yield f"{view.name}: {sources}{_count(len(view.sources), 'stage')}, {_count(len(graph.edges), 'edge')}"
    for name, each in view.data.items():
        if name in view.shown:
            yield ""
            yield f"{name}  (a source of data)"
            yield from table(
                [("from", each.address.text, ""), ("writes", each.target, _to(view, name, each.target))], indent="  "
            )
    shown = [source for source in view.sources if source.name in view.shown]
    rows = {source.name: [] if source.fault else list(_rows(source, view)) for source in shown}
    aligned = iter(table([row for each in rows.values() for row in each], indent="  "))
    for source in shown:
        yield ""
        told = [(row, next(aligned)) for row in rows[source.name]]
        yield from _stage(source, told, evidence=evidence)
    if len(view.shown) == len(view.sources) + len(view.data):
        yield from _remarks(view)


def _rows(source: StageSource, view: GraphView) -> Iterator[Row]:
    for path in view.graph.reads(source.name):
        yield "reads", path, _from(view, source.name, path)
    for path in source.optional:
        if path not in view.graph.reads(source.name):
            yield "reads", path, "only where it is there, and it is not"
    for path in source.writes:
        yield "writes", path, _to(view, source.name, path)
    for item in source.external:
        yield "outside", f"{item.what} ({item.action})", _place(item.cell, item.line)
    for unknown in source.unknown:
        yield "unknown", unknown.call, f"{_place(unknown.cell, unknown.line)}: {unknown.reason}"


def _stage(source: StageSource, told: Sequence[tuple[Row, str]], *, evidence: bool) -> Iterator[str]:
    twin = f" and {source.twin}" if source.twin else ""
    yield f"{source.name}  ({source.path}{twin})"
    if source.fault:
        yield from ("  " + line for line in f"fault: {source.fault}".splitlines())
    for (action, path, _), line in told:
        yield line
        for use in source.uses if evidence else ():
            if (use.path, use.action + "s") == (path, action):
                yield f"           {_place(use.cell, use.line)}: {use.call}  [{use.how}]"
    if evidence:
        yield from _started(source)


def _started(source: StageSource) -> Iterator[str]:
    """How and where it is run."""
    if source.cwd_note:
        yield f"  folder   {source.cwd}  {source.cwd_note}"
    for call in source.calls:
        name = ["-m", call.module] if call.module else [source.path]
        yield "  called   " + shlex.join(["python", *name, *call.words])
    if source.calls_note:
        yield f"  called   {source.calls_note}"
    for each in source.elsewhere:
        yield f"  taken    {each.path} for {each.place or 'the root of the project'}"


def _from(view: GraphView, stage: str, path: str) -> str:
    producers = sorted({e.producer for e in view.graph.inputs.get(stage, ()) if e.file == path})
    if producers:
        learned = "" if path in view.graph.stages[stage].reads else " (seen in a run)"
        return "from " + " or ".join(producers) + learned
    missing = any((each.stage, each.file) == (stage, path) for each in view.graph.missing)
    return "not there, and no stage writes it" if missing else "in the project"


def _to(view: GraphView, stage: str, path: str) -> str:
    consumers = sorted({e.consumer for e in view.graph.outputs.get(stage, ()) if _same(e.file, path)})
    return "for " + ", ".join(consumers) if consumers else ""


def _same(read: str, write: str) -> bool:
    return read == write or read.startswith(f"{write}/") or write.startswith(f"{read}/") or "*" in write


def _remarks(view: GraphView) -> Iterator[str]:
    graph = view.graph
    for each in graph.alternatives:
        chosen = [name for name in each.stages if name in view.chosen]
        yield ""
        yield f"alternatives  {' | '.join(each.stages)}"
        yield f"  write       {_listed(each.files)}"
        yield f"  chosen      {chosen[0]}" if chosen else f"  choose      noteship run --with {each.stages[0]}"
    choices = [set(each.stages) for each in graph.alternatives]
    for each in graph.overwritten:
        if any(set(each.stages) <= choice for choice in choices):
            continue
        yield ""
        yield f"{_listed(each.files)} is written by {' and '.join(each.stages)}, and read by no stage"
    for stage, file in graph.left_out:
        yield ""
        yield f"{stage} was seen to read {file}; following that would close a cycle, so it is left out"
    for note in view.notes:
        yield ""
        yield f"note: {note}"
    if graph.cycle:
        yield ""
        yield "cycle: " + ", ".join(f"{e.consumer} reads {e.file} of {e.producer}" for e in graph.cycle)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _place(cell: int | None, line: int) -> str:
    return f"cell {cell}, line {line}" if cell else f"line {line}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
