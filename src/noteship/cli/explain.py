"""Says why a stage would run, or is reused."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from noteship.cli.output import Output, duration, table
from noteship.operations import explain as operation
from noteship.operations.explain import Explanation, Overview
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the explanation of one stage, or a line about each."""
    opened = OpenedProject.at(arguments.project)
    if arguments.stage is None:
        every = operation.explain_all(opened, arguments.chosen, arguments.parameters)
        output.document(every.to_json())
        output.text(*_overview(every))
        return 0
    found = operation.explain(opened, arguments.stage, arguments.chosen, arguments.parameters)
    output.document(found.to_json())
    output.text(*_lines(found))
    return 0


def _overview(every: Overview) -> Iterator[str]:
    yield from table([(each.stage, f"would {each.would}", each.reason) for each in every.verdicts])
    for source in every.faults:
        yield f"would not run: {source.fault.parts().fact if source.fault else source.path}"
    yield from _by_hand(every.changed_by_hand)
    if not every.verdicts and not every.faults:
        yield "there are no stages here"


def _lines(found: Explanation) -> Iterator[str]:
    yield f"{found.verdict.stage} would {found.verdict.would}: {found.verdict.reason}"
    if found.failed:
        yield f"it failed in run {found.failed[0]}: {found.failed[1]}"
    yield from _by_hand(found.changed_by_hand)
    if found.reads:
        yield ""
        yield "its result depends on its code, the environment, its parameters, and"
        yield from table(
            [(file, f"from {maker}" if maker else "in the project") for file, maker in found.reads], indent="  "
        )
    if found.last:
        yield ""
        which = "this" if found.verdict.would == "be reused" else "its last"
        yield f"{which} result is of run {found.last.run} and took {duration(found.last.seconds)}"
        for name, value in found.last.parts.params.items():
            yield f"  with {name} = {value!r}"


def _by_hand(files: Sequence[tuple[str, str]]) -> Iterator[str]:
    for file, stage in files:
        yield f"{file}, which {stage} makes, was changed by hand: `noteship run` stops at that, but with --replace"
