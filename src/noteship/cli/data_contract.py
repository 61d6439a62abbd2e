"""Lists the contracts of a project, or prints some."""

from __future__ import annotations

import argparse

from noteship.cli.output import Output, table
from noteship.operations import data_check
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """List or print."""
    opened = OpenedProject.at(arguments.project)
    found = data_check.contracts_of(opened, arguments.files)
    texts = {each.path: (opened.root / each.path).read_text(encoding="utf-8") for each in found}
    output.document(
        {"contracts": [{"file": each.file, "contract": each.path, "text": texts[each.path]} for each in found]}
    )
    if arguments.files:
        for each in found:
            output.text(f"# {each.path}", texts[each.path].rstrip("\n"))
    else:
        rows = [(each.file, f"{len(each.columns)} columns", each.severity, each.path) for each in found]
        output.text(*table(rows, header=("file", "", "a breach", "contract")))
    return 0
