"""Prints or writes the manifests of a pipeline for another engine."""

from __future__ import annotations

import argparse
import threading

from noteship import cluster
from noteship.cli.build import words
from noteship.cli.filling import Bar, shown
from noteship.cli.output import INTERRUPTED, Output
from noteship.cli.render import asked
from noteship.operations import export as operation
from noteship.operations.opened import OpenedProject
from noteship.stopping import first_signal

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
    with asked(arguments) as at:
        made = _made(opened, request, output, at)
    if made is None:
        return INTERRUPTED
    _put(arguments, made, output)
    for each in made.pipeline.steps:
        output.aside(f"step of {each.stage}" + (f", after {', '.join(each.after)}" if each.after else ""))
    return 0


def _made(
    opened: OpenedProject, request: operation.ExportRequest, output: Output, at: cluster.Cluster | None
) -> operation.Exported | None:
    """None when it was interrupted while the image was built."""
    from noteship.images.registries.transport import Stopped

    bar, stop = Bar("reading the project"), threading.Event()
    with shown(bar, output), first_signal(lambda _: stop.set()):
        try:
            return operation.export(opened, request, lambda at: bar.told(*words(at)), stop, at)
        except Stopped:
            output.aside("interrupted: nothing is exported")
            return None


def _put(arguments: argparse.Namespace, made: operation.Exported, output: Output) -> None:
    """Where it is asked for: compared, written, or printed."""
    document = made.to_json()
    if arguments.check is not None:
        path = operation.check(made, arguments.check)
        output.document({**document, "file": str(path)})
        output.text(f"{path} is what is exported today")
    elif arguments.output is not None:
        path = operation.save(made, arguments.output)
        output.document({**document, "file": str(path)})
        output.text(f"{path}: {len(made.manifests)} manifests")
    else:
        output.document(document)
        output.text(made.yaml.rstrip("\n"))
