"""Lists what ran."""

from __future__ import annotations

import argparse
from collections import Counter

from noteship.cli.output import Output, duration, state_word, table
from noteship.digests import short
from noteship.operations import runs as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the latest runs."""
    opened = OpenedProject.at(arguments.project)
    found = operation.runs(opened, arguments.last)
    bundles = operation.bundles_of(opened, found)
    listed = [{**operation.run_json(record, stages=False), "bundle": bundles.get(record.run)} for record in found]
    output.document({"runs": listed})
    rows = []
    for record in found:
        states = Counter(each.state for each in record.stages.values())
        counts = ", ".join(f"{count} {state_word(state)}" for state, count in sorted(states.items()))
        started = record.started[:19].replace("T", " ")
        counts += f"; bundle {short(bundles[record.run])}" if record.run in bundles else ""
        rows.append((record.run, record.state, started, duration(record.seconds) if record.ended else "", counts))
    output.text(
        *(table(rows, header=("run", "state", "started (UTC)", "took", "stages")) if rows else ["nothing ran yet"])
    )
    return 0
