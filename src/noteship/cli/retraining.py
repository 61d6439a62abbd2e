"""The steps of a retraining, each shown as its own verb shows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from noteship import cluster
from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.filling import Bar, shown
from noteship.cli.output import Output
from noteship.cli.progress import progress
from noteship.operations import deploy, retrain, shipping, telling
from noteship.operations import run as running
from noteship.operations import validate as judging
from noteship.operations.opened import OpenedProject
from noteship.operations.retrainings import Retraining

__all__ = ["tools"]


@contextmanager
def tools(opened: OpenedProject, arguments: argparse.Namespace, output: Output) -> Iterator[retrain.Tools]:
    """What `noteship retrain` works with here; a cluster is opened when a step needs it."""
    with ExitStack() as later:
        found: list[tuple[cluster.Cluster, deploy.Telling]] = []

        def opening() -> tuple[cluster.Cluster, deploy.Telling]:
            if not found:
                at = later.enter_context(clusters.opened(arguments))
                bar, stop = later.enter_context(filling.working(output))
                found.append(
                    (at, deploy.Telling(lambda made: bar.told(*words(made)), clusters.telling(bar, output), stop))
                )
            return found[0]

        shipped = shipping.Shipping(opened, deploy.DeployRequest(namespace=arguments.namespace), opening)
        yield retrain.Tools(
            run=partial(_run, opened, output),
            judge=partial(_judge, opened, output),
            canary=shipped.canary,
            deploy=shipped.deploy,
            settle=shipped.settle,
        )


def _run(opened: OpenedProject, output: Output, _: Retraining) -> running.RunReport:
    report = running.run(opened, running.RunRequest(), partial(progress, output))
    output.aside(*(f"note: {note}" for note in telling.ran(opened, report)))
    return report


def _judge(opened: OpenedProject, output: Output, bundle: str) -> judging.Validated:
    bar = Bar("validating")
    with shown(bar, output):
        validated = judging.validate(opened, judging.ValidateRequest(bundle), bar.told)
    output.aside(*(f"note: {note}" for note in telling.judged(opened, validated.kept, validated.judgement)))
    return validated
