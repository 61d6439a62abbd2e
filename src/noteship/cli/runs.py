"""Lists what ran."""

from __future__ import annotations

import argparse
from collections import Counter

from noteship.cli.output import Output, duration, table
from noteship.operations import runs as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the latest runs."""
    found = operation.runs(OpenedProject.at(arguments.project), arguments.last)
    output.document({"runs": [operation.run_json(record, stages=False) for record in found]})
    rows = []
    for record in found:
        states = Counter(each.state for each in record.stages.values())
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        started = record.started[:19].replace("T", " ")
        rows.append((record.run, record.state, started, duration(record.seconds) if record.ended else "", counts))
    output.text(
        *(table(rows, header=("run", "state", "started (UTC)", "took", "stages")) if rows else ["nothing ran yet"])
    )
    return 0
