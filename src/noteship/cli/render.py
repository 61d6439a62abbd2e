"""Prints or writes the manifests of a release, and says what the cluster has no place for."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, nullcontext

from noteship import cluster, yaml_form
from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.output import INTERRUPTED, Output
from noteship.operations import render as operation
from noteship.operations.opened import OpenedProject

__all__ = ["asked", "run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Render; 0, 1 where --check finds differences, 130 when it was interrupted."""
    opened = OpenedProject.at(arguments.project)
    request = operation.RenderRequest(
        arguments.bundle,
        arguments.image,
        arguments.name,
        arguments.namespace,
        None if arguments.discover else arguments.platform,
    )
    with asked(arguments) as at:
        if arguments.rights:
            found = operation.roles(opened, request, at)
            output.document({"roles": list(found)})
            output.text(yaml_form.documents(found).rstrip("\n"))
            return 0
        made = _made(opened, request, output, at)
    if made is None:
        return INTERRUPTED
    if arguments.canary is not None:
        from noteship.operations import besides

        made = besides.rendered(opened, made, request, arguments.canary, arguments.beside)
    _put(arguments, made, output)
    for name, places in made.reaches.items():
        output.aside(f"may reach {name}: {', '.join(places)}")
    for each in made.rendered.left_out:
        output.aside(f"left out: {each}")
    return 0


def _put(arguments: argparse.Namespace, made: operation.RenderedRelease, output: Output) -> None:
    """Where it is asked for: compared, written, or printed."""
    document = made.to_json()
    if arguments.check is not None:
        path = operation.check(made, arguments.check)
        output.document({**document, "file": str(path)})
        output.text(f"{path} is what is rendered today")
    elif arguments.output is not None:
        path = operation.save(made, arguments.output)
        output.document({**document, "file": str(path)})
        output.text(f"{path}: {len(made.rendered.manifests)} manifests")
    else:
        output.document(document)
        output.text(made.yaml.rstrip("\n"))


def _made(
    opened: OpenedProject, request: operation.RenderRequest, output: Output, at: cluster.Cluster | None
) -> operation.RenderedRelease | None:
    """None when it was interrupted while the image was built."""
    from noteship.images.registries.transport import Stopped

    try:
        with filling.working(output) as (bar, stop):
            return operation.render(opened, request, lambda at: bar.told(*words(at)), stop, at)
    except Stopped:
        output.aside("interrupted: nothing is rendered")
        return None


def asked(arguments: argparse.Namespace) -> AbstractContextManager[cluster.Cluster | None]:
    """The kubeconfig's cluster, if it is to be asked."""
    return clusters.opened(arguments) if arguments.discover else nullcontext()
