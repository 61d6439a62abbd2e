"""The steps of a retraining, each shown as its own verb shows it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

from noteship.cli import clusters
from noteship.cli.build import words
from noteship.cli.filling import Bar, shown
from noteship.cli.output import Output
from noteship.cli.progress import progress
from noteship.operations import deploy, retrain, telling
from noteship.operations import run as running
from noteship.operations import validate as judging
from noteship.operations.opened import OpenedProject

__all__ = ["tools"]


def tools(opened: OpenedProject, arguments: argparse.Namespace, output: Output) -> retrain.Tools:
    """What `noteship retrain` works with here; a cluster is opened when a step needs it."""
    return retrain.Tools(
        run=partial(_run, opened, output),
        judge=partial(_judge, opened, output),
        canary=partial(_ship, opened, arguments, output),
        deploy=partial(_ship, opened, arguments, output),
    )


def _run(opened: OpenedProject, output: Output) -> running.RunReport:
    report = running.run(opened, running.RunRequest(), partial(progress, output))
    output.aside(*(f"note: {note}" for note in telling.ran(opened, report)))
    return report


def _judge(opened: OpenedProject, output: Output, bundle: str) -> judging.Validated:
    bar = Bar("validating")
    with shown(bar, output):
        validated = judging.validate(opened, judging.ValidateRequest(bundle), bar.told)
    output.aside(*(f"note: {note}" for note in telling.judged(opened, validated.kept, validated.judgement)))
    return validated


def _ship(
    opened: OpenedProject, arguments: argparse.Namespace, output: Output, bundle: str, reason: str
) -> Mapping[str, Any]:
    """Deploy a bundle, and give the release's id."""
    request = deploy.DeployRequest(bundle, namespace=arguments.namespace, reason=reason)
    with clusters.opened(arguments) as at, clusters.working(output) as (bar, stop):
        telling_of = deploy.Telling(lambda made: bar.told(*words(made)), clusters.telling(bar), stop)
        done = deploy.deploy(opened, request, at, telling_of)
    return {
        "release": done.carried.record.id if done.carried else None,
        "up": bool(done.carried and done.carried.is_up),
    }
