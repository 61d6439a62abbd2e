"""Shows what a table is like, and what is wrong with it: a page to look at, and the problems in a few lines."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Iterator

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output
from noteship.operations import survey as operation
from noteship.operations.opened import OpenedProject
from noteship.reporting.datasets import titled

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Survey, write the page, and open it if asked to."""
    if arguments.test is not None and arguments.split is not None:
        raise WrongUsage("--test and --split both say which rows judge", "name one of them", where="noteship data show")
    asking = operation.Asking(
        arguments.file,
        arguments.run,
        arguments.test,
        arguments.target,
        arguments.split,
        tuple(arguments.key),
        tuple(arguments.leave_out),
    )
    opened = OpenedProject.at(arguments.project)
    surveyed = operation.show(opened, asking, arguments.output, output.progress)
    if arguments.open and not webbrowser.open(surveyed.page.absolute().as_uri()):
        output.aside("no browser was found to open it; the variable BROWSER can name one")
    output.document(surveyed.to_json())
    output.text(*_told(surveyed))
    return 0


def _told(surveyed: operation.Surveyed) -> Iterator[str]:
    survey = surveyed.survey
    rows, columns = f"{survey.rows:,} row{'s' * (survey.rows != 1)}", len(survey.counted)
    target = f", target {survey.asked.target}" if survey.asked.target else ""
    yield f"{survey.name}: {rows}, {columns:,} column{'s' * (columns != 1)}{target}"
    yield surveyed.verdict
    for each in surveyed.problems:
        mark = "!" if each.level == "problem" else "-"
        yield f"  {mark} {titled(each.kind)}: {each.fact}"
    yield f"the page: {surveyed.page}"
