"""Tells the tracking server what waits for it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.output import Output, table
from noteship.digests import short
from noteship.errors import EnvironmentLacks
from noteship.operations import telling
from noteship.operations import tracking as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Tell, and give 0 where nothing waits any more."""
    opened = OpenedProject.at(arguments.project)
    if arguments.forget:
        count = operation.forget(opened, arguments.forget)
        output.document({"forgotten": count})
        output.text(f"dropped {count} event{'' if count == 1 else 's'}: nobody is told")
        return 0
    told = operation.tell(opened, wait=not arguments.no_wait)
    output.document(told.to_json())
    output.text(*_lines(told))
    return 0 if told.good else EnvironmentLacks.exit_code


def _lines(told: operation.Told) -> Iterator[str]:
    if told.told:
        yield f"told {told.server} of {told.told} event{'' if told.told == 1 else 's'}"
    here = [event for event in told.waiting if event.server == told.server]
    if here:
        yield telling.words(len(here), told.fault)
        yield from table([(event.id, event.kind, short(event.bundle or "")) for event in here], indent="  ")
    elif not told.told:
        yield f"nothing waits to be told to {told.server}"
    elsewhere = sorted({event.server for event in told.waiting if event.server != told.server})
    for server in elsewhere:
        count = sum(event.server == server for event in told.waiting)
        yield f"{telling.words(count, '')} at {server}, which MLFLOW_TRACKING_URI does not name now"
    if told.refused:
        yield "refused, and set aside:"
        yield from table([(each.event.id, each.event.kind, each.why) for each in told.refused], indent="  ")
