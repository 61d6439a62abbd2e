"""Tells a service what was right."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.cli.errors import WrongUsage
from noteship.cli.filling import Bar, shown
from noteship.cli.output import Output
from noteship.operations import feedback as operation

if TYPE_CHECKING:
    from noteship.feedback import Summary

__all__ = ["run"]

# Where `noteship serve` answers, unless it is told otherwise.
DEFAULT_URL = "http://127.0.0.1:8080"
# Rows that are told of one by one.
SHOWN = 5
SOME_NOT_TAKEN = 1
WORDS = {
    "unknown": "of requests that are not known",
    "conflicting": "of rows that have another label",
    "unfit": "that cannot be labels",
    "unreachable": "for a worker that does not answer now",
}


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Tell all labels of a file, and say what became of them."""
    if arguments.bundle is not None and (arguments.url or arguments.token_file or arguments.insecure):
        raise WrongUsage("--bundle counts labels without a service", "--url, or --bundle")
    bar = Bar("reading")
    with shown(bar, output):
        where, summary = _told(arguments, bar)
    if arguments.refused is not None:
        operation.write_refused(arguments.refused, summary.refused)
    output.document({"file": str(arguments.file), **where, **summary.to_json()})
    output.text(*_lines(summary, arguments.refused))
    return 0 if summary.is_whole else SOME_NOT_TAKEN


def _told(arguments: argparse.Namespace, bar: Bar) -> tuple[dict[str, str], Summary]:
    """Where they went, and what became of them."""

    def told(summary: Summary, share: float) -> None:
        bar.told(share, f"{summary.taken + summary.known:,} taken, {len(summary.refused):,} not")

    if arguments.bundle is None:
        asked = arguments.url or DEFAULT_URL, arguments.token_file, arguments.insecure
        request = operation.FeedbackRequest(arguments.file, *asked)
        return {"url": request.url}, operation.tell(request, told)
    from noteship.operations.opened import OpenedProject

    opened = OpenedProject.at(arguments.project)
    named, summary = operation.keep(opened, arguments.bundle, arguments.file, time.time(), told)
    return {"model": named.name, "version": named.digest}, summary


def _lines(summary: Summary, target: Path | None) -> Iterator[str]:
    before = f", {summary.known:,} were known before" if summary.known else ""
    yield f"{summary.taken:,} {'label' if summary.taken == 1 else 'labels'} taken{before}"
    if summary.unlabelled:
        yield f"  {summary.unlabelled:,} {'row has' if summary.unlabelled == 1 else 'rows have'} no label"
    for what, words in WORDS.items():
        if count := summary.count(what):
            yield f"  {count:,} not taken: {words}"
    for each in summary.refused[:SHOWN]:
        yield f"    row {each.number} (from 0), request {each.request or '?'}: {each.reason}"
    beyond = len(summary.refused) - SHOWN
    if target is not None:
        yield f"  all that were not taken: {target}"
    elif beyond > 0:
        yield f"    and {beyond:,} more, which --refused OUT.csv lists"
