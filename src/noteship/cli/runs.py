"""Lists what ran."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from noteship.cli.output import Output, duration, state_word, table
from noteship.digests import short
from noteship.operations import runs as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

TO_THE_SECOND = len("20260301T101500")


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the latest runs, or follow or stop one that goes on elsewhere."""
    opened = OpenedProject.at(arguments.project)
    if arguments.follow is not None or arguments.stop:
        from noteship.cli import remote

        return (remote.stop if arguments.stop else remote.follow)(arguments, output, opened)
    found = operation.runs(opened, arguments.last)
    bundles = operation.bundles_of(opened, found)
    listed = [{**operation.run_json(record, stages=False), "bundle": bundles.get(record.run)} for record in found]
    output.document({"runs": listed})
    rows = []
    for record in found:
        states = Counter(each.state for each in record.stages.values())
        counts = ", ".join(f"{count} {state_word(state)}" for state, count in sorted(states.items()))
        counts += f"; bundle {short(bundles[record.run])}" if record.run in bundles else ""
        rows.append((record.run, record.state, duration(record.seconds) if record.ended else "", counts))
    starts = _starts([row[0] for row in rows])
    rows = [(start, *row[1:]) for start, row in zip(starts, rows, strict=True)]
    output.text(*(table(rows, header=("run (UTC)", "state", "took", "stages")) if rows else ["nothing ran yet"]))
    return 0


def _starts(names: Sequence[str]) -> list[str]:
    """The starts of runs' names as far as the second, by which they can be named; whole where two began in one."""
    counts = Counter(name[:TO_THE_SECOND] for name in names)
    return [name[:TO_THE_SECOND] if counts[name[:TO_THE_SECOND]] == 1 else name for name in names]
