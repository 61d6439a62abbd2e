"""Takes a release away."""

from __future__ import annotations

import argparse

from noteship.cli import clusters, filling
from noteship.cli.output import Output
from noteship.operations import releasing
from noteship.operations import undeploy as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Take it away, or say what would go."""
    project = OpenedProject.at(arguments.project)
    with clusters.opened(arguments) as at, filling.working(output) as (bar, _):
        named = releasing.named_release(project, arguments.release or arguments.name, arguments.namespace, at)
        done = operation.undeploy(project, named, at, clusters.telling(bar, output), is_dry_run=arguments.dry_run)
    output.document(done.to_json())
    output.text(f"{done.named} {'would be' if done.is_dry_run else 'is'} taken away: {len(done.objects)} objects")
    output.text(*(f"  {each}" for each in done.objects))
    output.text(*(f"still being cleaned up after, by what made it: {each}" for each in done.left))
    return 0
