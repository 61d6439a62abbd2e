"""Prints or writes the manifests of a pipeline for another engine."""

from __future__ import annotations

import argparse

from noteship.cli import gitops
from noteship.cli.output import INTERRUPTED, Output
from noteship.operations import export as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Export; 0, 1 where --check finds differences, 130 when it was interrupted."""
    opened = OpenedProject.at(arguments.project)
    request = operation.ExportRequest(
        arguments.image,
        arguments.name,
        arguments.namespace,
        tuple(arguments.chosen),
        arguments.schedule,
        arguments.zone,
        None if arguments.discover else arguments.platform,
        arguments.api,
    )
    with gitops.asked(arguments) as at:
        made = gitops.made(lambda tell, stop: operation.export(opened, request, tell, stop, at), "exported", output)
    if made is None:
        return INTERRUPTED
    gitops.put(arguments, made, "exported", output)
    for each in made.pipeline.steps:
        output.aside(f"step of {each.stage}" + (f", after {', '.join(each.after)}" if each.after else ""))
    return 0
