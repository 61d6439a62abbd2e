"""Goes back to an earlier release."""

from __future__ import annotations

import argparse

from noteship.cli import clusters, filling
from noteship.cli.deploy import ended, timeout_of
from noteship.cli.output import Output
from noteship.digests import short
from noteship.operations import rollback as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Go back; 0, 1 where that did not come up, 130 when waiting for it was interrupted."""
    project = OpenedProject.at(arguments.project)
    request = operation.RollbackRequest(
        arguments.release,
        arguments.name,
        arguments.namespace,
        arguments.reason,
        timeout_of(arguments),
        arguments.dry_run,
    )
    with clusters.opened(arguments) as at, filling.working(output) as (bar, stop):
        done = operation.rollback(project, request, at, clusters.telling(bar, output), stop)
    output.document(done.to_json())
    to = f"{done.to.id} with bundle {short(done.to.bundle)}, of {done.to.at} by {done.to.by}"
    if done.carried is None:
        output.text(f"{done.named} could go back to {to}: nothing was sent")
    elif not done.carried.is_up:
        output.text(f"{done.named} was sent back to {to}; its rollout goes on: noteship status")
        output.text(*clusters.told(done.carried.waits_for))
    else:
        output.text(f"{done.named} is back at {to}", f"  release {done.carried.record.id}, before it {done.before.id}")
        output.text(*(f"  taken away: {each}" for each in done.carried.pruned))
    return ended(done.carried, stop)
