"""Puts what begins by the clock on a cluster, and tells when it does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.output import INTERRUPTED, Output, table
from noteship.operations import schedule as operation
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import submitting

__all__ = ["run"]

KINDS = {"run": "a run", "look": "a look whether a retraining is due", "retrain": "a retraining"}


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Schedule; 130 where it was interrupted before anything was sent."""
    from noteship.images.registries.transport import Stopped

    project = OpenedProject.at(arguments.project)
    request = operation.ScheduleRequest(arguments.namespace, arguments.remove)
    with clusters.opened(arguments) as at, filling.working(output) as (bar, stop):
        telling = submitting.Telling(lambda each: bar.told(*words(each)), clusters.telling(bar, output), stop)
        try:
            done = operation.schedule(project, request, at, telling)
        except Stopped:
            output.aside("interrupted: nothing was sent to the cluster")
            return INTERRUPTED
    output.document(done.to_json())
    output.text(*_told(done))
    return 0


def _told(done: operation.Scheduled) -> Iterator[str]:
    if done.clocks:
        yield f"{done.named}: from now on, in image {done.image}"
        yield from table(
            [(each.name, KINDS[each.kind], each.cron, each.zone) for each in done.clocks],
            header=("CronJob", "begins", "when", "zone"),
            indent="  ",
        )
    yield from (f"  taken away: CronJob {each}" for each in done.removed)
