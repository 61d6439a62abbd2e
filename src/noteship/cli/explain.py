"""Says why a stage would run, or is reused."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.output import Output, duration, table
from noteship.operations import explain as operation
from noteship.operations.explain import Explanation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the explanation."""
    opened = OpenedProject.at(arguments.project)
    found = operation.explain(opened, arguments.stage, arguments.chosen, arguments.parameters)
    output.document(found.to_json())
    output.text(*_lines(found))
    return 0


def _lines(found: Explanation) -> Iterator[str]:
    yield f"{found.stage} would {found.would}: {found.reason}"
    if found.reads:
        yield ""
        yield "its result depends on its code, the environment, its parameters, and"
        yield from table(
            [(file, f"from {maker}" if maker else "in the project") for file, maker in found.reads], indent="  "
        )
    if found.last:
        yield ""
        yield f"its last result is of run {found.last.run} and took {duration(found.last.seconds)}"
        for name, value in found.last.parts.params.items():
            yield f"  with {name} = {value!r}"
