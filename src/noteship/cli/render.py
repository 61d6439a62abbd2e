"""Prints or writes the manifests of a release, and says what the cluster has no place for."""

from __future__ import annotations

import argparse

from noteship import yaml_form
from noteship.cli import gitops
from noteship.cli.output import INTERRUPTED, Output
from noteship.operations import render as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


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
    with gitops.asked(arguments) as at:
        if arguments.rights:
            found = operation.roles(opened, request, at)
            output.document({"roles": list(found)})
            output.text(yaml_form.documents(found).rstrip("\n"))
            return 0
        made = gitops.made(lambda tell, stop: operation.render(opened, request, tell, stop, at), "rendered", output)
    if made is None:
        return INTERRUPTED
    if arguments.canary is not None:
        from noteship.operations import besides

        made = besides.rendered(opened, made, request, arguments.canary, arguments.beside)
    gitops.put(arguments, made, "rendered", output)
    for name, places in made.reaches.items():
        output.aside(f"may reach {name}: {', '.join(places)}")
    for each in made.rendered.left_out:
        output.aside(f"left out: {each}")
    return 0
