"""Shows one run, or the executed notebook of one of its stages."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from noteship import workflow
from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output, duration, size, state_word, table
from noteship.digests import short
from noteship.operations import data_sources
from noteship.operations import runs as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the run or the stage, and open its notebook if asked to."""
    opened = OpenedProject.at(arguments.project)
    record = operation.show(opened, arguments.run)
    if arguments.stage is None:
        if arguments.open or arguments.output:
            raise WrongUsage("--open and --output show the notebook of one stage", "noteship show latest STAGE --open")
        bundle = operation.bundles_of(opened, [record]).get(record.run, "")
        given = operation.started_with(opened, record)
        document = operation.run_json(record, stages=True)
        output.document({**document, "bundle": bundle or None, "given": given})
        output.text(*_run(record, bundle, given))
        return 0
    if arguments.open or arguments.output:
        return _notebook(opened, arguments, output)
    at = operation.stage_of(opened, record, arguments.stage)
    origin = data_sources.record_of(opened, at.record) if at.stage in opened.data_sources else None
    output.document(at.to_json() | ({"source": origin} if origin else {}))
    output.text(*_stage(at, arguments.run, origin))
    return 0


def _notebook(opened: OpenedProject, arguments: argparse.Namespace, output: Output) -> int:
    place = operation.fetch_record(opened, arguments.run, arguments.stage, arguments.output and Path(arguments.output))
    page = None
    if arguments.open:
        page = operation.page_of(place)
        if not webbrowser.open(page.as_uri()):
            output.aside("no browser was found to open it; the variable BROWSER can name one")
    output.document({"record": str(place), "page": str(page) if page else None})
    what = "record" if place.suffix == ".json" else "executed notebook"
    output.text(f"{what}: {place}", *([f"as a page: {page}"] if page else []))
    return 0


def _run(record: workflow.RunRecord, bundle: str, given: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield f"run {record.run}: {record.state}" + (f", {duration(record.seconds)}" if record.ended else "")
    yield f"  started {record.started[:19].replace('T', ' ')} UTC"
    if record.chosen:
        yield f"  with {', '.join(record.chosen)}"
    if bundle:
        yield f"  bundle {short(bundle)}"
    yield ""
    rows = [
        (each.stage, state_word(each.state), duration(each.seconds) if each.seconds else "", _why(each))
        for each in record.stages.values()
    ]
    if rows:
        yield from table(rows, header=("stage", "state", "took", "why"), indent="  ")
    for stage, words in given.items():
        yield f"  {stage} was given {', '.join(words)}"
    for notice in record.notices:
        yield f"  note: {notice}"


def _why(record: workflow.StageRecord) -> str:
    if record.failure:
        return next(iter(record.failure.message.splitlines()), record.failure.kind)
    return f"needs {record.blocked_by}" if record.blocked_by else _then(record.reason)


def _then(reason: str) -> str:
    """A reason as it is told afterwards."""
    return reason.replace("it has no result yet", "it had no result yet")


def _stage(record: workflow.StageRecord, run: str, origin: Mapping[str, Any] | None) -> Iterator[str]:
    yield f"{record.stage}: {state_word(record.state)}" + (f", {duration(record.seconds)}" if record.seconds else "")
    if record.reason:
        yield f"  because {_then(record.reason)}"
    if record.failure:
        yield from ("  " + line for line in record.failure.message.splitlines())
        yield from ("  at " + line for line in record.failure.where.splitlines())
    for note in record.notes:
        yield f"  note: {note}"
    rows = [(path, size(artifact.size_bytes), artifact.digest[:12]) for path, artifact in record.outputs.items()]
    if rows:
        yield ""
        yield from table(rows, header=("output", "size", "digest"), indent="  ")
    if origin:
        yield ""
        yield f"  from     {origin['from']}"
        yield f"  fetched  {str(origin['fetched'])[:19].replace('T', ' ')} UTC"
        yield f"  version  {origin.get('version', 'its origin does not say')}"
    elif record.record:
        yield ""
        yield f"its output: noteship show {run} {record.stage} --open"
