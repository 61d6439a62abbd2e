"""Judges a file's rows by their times, window by window, and shows it as the monitoring of a service is shown."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from noteship.cli import watched
from noteship.cli.bars import Line, folded, line
from noteship.cli.output import Output
from noteship.digests import short
from noteship.operations import loading, rehearsing
from noteship.operations.opened import OpenedProject
from noteship.operations.rehearsing import Rehearsed
from noteship.reporting.history import was_judged
from noteship.reporting.rehearsal import sentence
from noteship.reporting.verdict import moved
from noteship.reporting.words import duration, when

__all__ = ["run"]

# Windows in lines of their own, and alarms, where nobody has said how many.
ROWS, ALARMS, WIDTH = 12, 20, 100
# As of rows without times.
RANG, NOT_JUDGED = 10, 11


def run(
    arguments: argparse.Namespace,
    chosen: loading.Chosen,
    trusting: loading.Trusting,
    opened: OpenedProject,
    output: Output,
) -> int:
    """Judge the rows of `--rows` by their `--time`; 10 if there was an alarm, 11 if no window could be judged."""
    asked = rehearsing.Asked(Path(arguments.rows), arguments.time, arguments.window, arguments.anew)
    found = rehearsing.rehearse(chosen, trusting, opened, asked)
    document = found.to_json()
    if arguments.last is not None:
        document["windows"] = document["windows"][-arguments.last :]
    if arguments.report is not None:
        rehearsing.report(found, Path(arguments.report))
        document["report"] = arguments.report
    output.document(document)
    lines = _lines(found, output.width or WIDTH, arguments.last or ROWS)
    output.text(*("".join(text for text, _ in each).rstrip() for each in lines))
    if arguments.report is not None:
        output.text(f"  the page: {arguments.report}")
    if found.alarms:
        return RANG
    return NOT_JUDGED if found.state == "not enough data" else 0


def _lines(found: Rehearsed, width: int, rows: int) -> Iterator[Line]:
    history, settings = found.history, found.history.settings
    yield line((found.model, "bold"), f"  bundle {short(found.version)}, rows of {found.asked.path}")
    yield from folded("", f"{watched.MARKS[found.state]} {sentence(history)}", width)
    budget, length = duration(settings.false_alarm_s), duration(settings.window_s)
    yield line((f"  one false alarm in {budget} is one in {settings.threshold:,.1f} windows of {length}", "dim"))
    if found.refused:
        yield line(
            (f"  {found.refused:,} {'row' if found.refused == 1 else 'rows'} did not fit and were left out", "dim")
        )
    yield line()
    yield from watched.windows(history, settings, width, rows)
    yield line()
    for each in found.alarms[:ALARMS]:
        yield from folded(f"alarm {when(each.start)}", moved(each), width, indent=watched.TELLS_AT + 6)
    if len(found.alarms) > ALARMS:
        yield line(f"and {len(found.alarms) - ALARMS} more: --json has all")
    # Of several, each has its sentence; of one, or of none, there is room for all.
    if len(found.alarms) < 2:
        judged = list(filter(was_judged, found.decisions)) or found.decisions
        explained = found.alarms[0] if found.alarms else judged[-1]
        yield from watched.what_moved(explained, explained, explained, width)
