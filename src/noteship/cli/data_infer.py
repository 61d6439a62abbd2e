"""Writes contracts of what a good run has left, and shows what inferring again changes."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence

from noteship.cli.output import Output, table
from noteship.operations import contracting
from noteship.operations.contracting import InferRequest, Written
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

STATES = {
    "written": "written",
    "there": "there already (--again infers it again)",
    "same": "as it was",
    "rewritten": "written anew",
    "by hand": "changed by hand, and left as it is (--replace writes it anew)",
    "broken": "left as it is, since the file breaks it: {} (--replace writes it anew)",
    "passed over": "passed over: {}",
}


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Infer, and say what became of each contract."""
    request = InferRequest(arguments.files, again=arguments.again, replace=arguments.replace)
    written = contracting.infer(OpenedProject.at(arguments.project), request, output.progress)
    output.document({"contracts": [each.to_json() for each in written]})
    output.text(*_lines(written))
    output.aside(*_notes(written))
    return 0


def _lines(written: Sequence[Written]) -> Iterator[str]:
    rows = [(each.path or "none", each.file, STATES[each.state].format(each.why)) for each in written]
    yield from table(rows, header=("contract", "of", ""))
    for each in written:
        if each.diff:
            yield ""
            yield from each.diff
    if any(each.state == "written" for each in written):
        yield ""
        yield "read them, correct what is too wide or too narrow, and keep them with the code;"
        yield "every run now holds these files against them before a stage reads them"


def _notes(written: Sequence[Written]) -> Iterator[str]:
    for each in written:
        if each.unlabelled:
            without = f"{each.unlabelled:,} {'row has' if each.unlabelled == 1 else 'rows have'} no value of the target"
            yield f"note: {each.file}: {without}; write missing = 0 for it where none may be without"
        if each.problems:
            many = "a problem" if len(each.problems) == 1 else f"{len(each.problems)} problems"
            show = f"noteship data show {shlex.quote(each.file)}"
            yield f"note: {each.file}: rules were made of what is wrong with it, too: `{show}` names {many};"
            yield "  correct the file first, and then: noteship data infer --again"
