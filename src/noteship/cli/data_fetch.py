"""Brings sources of data up to date."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

from noteship.cli.output import INTERRUPTED, Output, duration, state_word
from noteship.cli.progress import progress
from noteship.cli.run import failures
from noteship.operations import run as operation
from noteship.operations.data_sources import stages_named
from noteship.operations.opened import OpenedProject
from noteship.operations.run import RunReport, RunRequest

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Fetch what moved, and give 0, 1 when a source failed, or 130 when it was interrupted."""
    opened = OpenedProject.at(arguments.project)
    stages = stages_named(opened, arguments.names)
    if not stages:
        output.document({"run": None, "sources": []})
        output.text("no source of data is declared; [data.NAME] in noteship.toml declares one")
        return 0
    report = operation.run(opened, RunRequest(stages, replace=arguments.replace, anew=True), partial(progress, output))
    records = [record.to_json() for record in report.result.stages.values()]
    output.document({"run": report.result.run, "state": report.result.state, "sources": records})
    output.aside(*failures(report))
    output.text(*_lines(report))
    if report.result.state == "interrupted":
        return INTERRUPTED
    return 0 if report.result.state == "done" else 1


def _lines(report: RunReport) -> Iterator[str]:
    result = report.result
    for record in result.stages.values():
        outputs = ", ".join(result.results[record.stage].outputs) if record.stage in result.results else ""
        word = {"executed": "fetched", "reused": "up to date"}.get(record.state) or state_word(record.state)
        yield f"{record.stage}: {word}" + (f", {outputs}" if outputs else "")
    yield f"in {duration(result.seconds)}; run {result.run}"
