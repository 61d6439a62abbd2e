"""What the verbs that make manifests share: whom they ask, how far they are, and where the manifests go."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from noteship import cluster
from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.output import Output
from noteship.operations import build, gitops

__all__ = ["asked", "made", "put"]

Made = TypeVar("Made", bound=gitops.Made)
Make = Callable[[Callable[[build.Progress], None], threading.Event], Made]


def asked(arguments: argparse.Namespace) -> AbstractContextManager[cluster.Cluster | None]:
    """The kubeconfig's cluster, if it is to be asked."""
    return clusters.opened(arguments) if arguments.discover else nullcontext()


def made(make: Make[Made], done: str, output: Output) -> Made | None:
    """What is made, given whom to tell and what stops it; None when it was interrupted while the image was built."""
    from noteship.images.registries.transport import Stopped

    try:
        with filling.working(output) as (bar, stop):
            return make(lambda at: bar.told(*words(at)), stop)
    except Stopped:
        output.aside(f"interrupted: nothing is {done}")
        return None


def put(arguments: argparse.Namespace, made: gitops.Made, done: str, output: Output) -> None:
    """Where it is asked for: compared, written, or printed."""
    document = made.to_json()
    if arguments.check is not None:
        path = gitops.check(made, arguments.check)
        output.document({**document, "file": str(path)})
        output.text(f"{path} is what is {done} today")
    elif arguments.output is not None:
        path = gitops.save(made, arguments.output)
        output.document({**document, "file": str(path)})
        output.text(f"{path}: {len(document['manifests'])} manifests")
    else:
        output.document(document)
        output.text(made.yaml.rstrip("\n"))
