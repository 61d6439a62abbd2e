"""Holds data against its contracts, and shows the rules that are broken, with rows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output, table
from noteship.contracts import Contract, Finding
from noteship.operations import data_check
from noteship.operations.data_check import Checked
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

STATES = {"kept": "kept", "broken": "BROKEN", "unchecked": "not checked"}


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Check, and give 1 where a rule that stops is broken or a file is not there."""
    if arguments.against is not None and not arguments.files:
        raise WrongUsage("--against needs the files that are to be looked at", "noteship data check --help", "")
    checked = data_check.check(OpenedProject.at(arguments.project), arguments.files, arguments.against, output.progress)
    output.document({"files": [each.to_json() for each in checked]})
    for number, each in enumerate(checked):
        output.text(*([""] if number else []), *_of_file(each, every=arguments.all, width=output.width))
    return 0 if all(each.is_good for each in checked) else 1


def _of_file(checked: Checked, *, every: bool, width: int) -> Iterator[str]:
    contract, verdict = checked.contract, checked.verdict
    if verdict is None:
        yield f"{checked.file}: not there, and no stage has made it ({contract.path})"
        return
    maker = f", written by {checked.maker}" if checked.maker else ""
    counts = [sum(each.state == state for each in verdict.findings) for state in ("kept", "broken", "unchecked")]
    told = f"{counts[0]} of {sum(counts)} rules kept" + (f", {counts[2]} not checked" if counts[2] else "")
    rows = f"{verdict.rows:,} row{'' if verdict.rows == 1 else 's'}"
    yield f"{checked.file}: {rows}{maker}; {told} ({contract.path})"
    shown = [each for each in verdict.findings if every or each.state != "kept"]
    yield from table([_row(each, contract) for each in shown], indent="  ")
    for each in verdict.findings:
        if each.is_broken and each.examples:
            yield from _rows(each, contract, width)


def _row(finding: Finding, contract: Contract) -> tuple[str, ...]:
    state = "warns" if finding.is_broken and finding.severity == "warn" else STATES[finding.state]
    bad = f"{finding.bad:,} row{'' if finding.bad == 1 else 's'}" if finding.examples else finding.seen
    bad = bad if finding.is_broken else ""
    line = contract.line(finding.rule)
    return (state, finding.column or "the file", finding.said, bad, f"line {line}" if line else "")


def _fitting(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many columns fit; two at least."""
    taken, number = 0, 0
    for column in zip(*rows, strict=True):
        taken += max(map(len, column)) + 2
        if taken - 2 > width and number >= 2:
            break
        number += 1
    return number


def _rows(finding: Finding, contract: Contract, width: int) -> Iterator[str]:
    """Examples, with as many columns as fit a terminal; what says most comes first."""
    yield ""
    yield f"  {finding.sentence()}"
    names = list(dict.fromkeys(name for each in finding.examples for name, _ in each.values))
    if names:
        rows: list[Sequence[str]] = []
        for each in finding.examples:
            values = dict(each.values)
            rows.append((f"{each.row:,}", *(values.get(name, "") for name in names)))
        fitting = _fitting([("row", *names), *rows], width - 4) if width else len(names) + 1
        yield from table([row[:fitting] for row in rows], header=("row", *names)[:fitting], indent="    ")
    else:
        yield f"    rows {', '.join(f'{each.row:,}' for each in finding.examples)}"
    left_out = [name for name in contract.leave_out if name == finding.column]
    if left_out:
        yield f"    values of {left_out[0]} are left out"
