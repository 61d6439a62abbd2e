"""Deploys, shows the rollout, and ends with how the service is called."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator

from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.output import INTERRUPTED, Output, duration
from noteship.digests import short
from noteship.operations import deploy as operation
from noteship.operations.carrying import Carried
from noteship.operations.opened import OpenedProject

__all__ = ["ended", "run", "timeout_of"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Deploy; 0, 1 where it did not come up in time, 130 when waiting for it was interrupted."""
    from noteship.images.registries.transport import Stopped

    began = time.monotonic()
    project = OpenedProject.at(arguments.project)
    request = operation.DeployRequest(
        arguments.bundle,
        arguments.image,
        arguments.name,
        arguments.namespace,
        arguments.reason,
        timeout_of(arguments),
        arguments.dry_run,
    )
    if arguments.canary is not None:
        return _beside(arguments, project, request, output)
    with clusters.opened(arguments) as at, filling.working(output) as (bar, stop):
        telling = operation.Telling(lambda progress: bar.told(*words(progress)), clusters.telling(bar, output), stop)
        try:
            done = operation.deploy(project, request, at, telling)
        except Stopped:
            output.aside("interrupted: nothing was sent to the cluster")
            return INTERRUPTED
    seconds = time.monotonic() - began
    output.document({**done.to_json(), "seconds": round(seconds, 3)})
    output.text(*_told(done, seconds))
    return ended(done.carried, stop)


def _beside(
    arguments: argparse.Namespace, project: OpenedProject, request: operation.DeployRequest, output: Output
) -> int:
    """Deploy a canary."""
    from noteship.images.registries.transport import Stopped
    from noteship.operations import besides

    with clusters.opened(arguments) as at, filling.working(output) as (bar, stop):
        telling = operation.Telling(lambda progress: bar.told(*words(progress)), clusters.telling(bar, output), stop)
        try:
            done = besides.deploy(project, request, arguments.canary, at, telling)
        except Stopped:
            output.aside("interrupted: nothing was sent to the cluster")
            return INTERRUPTED
    output.document(done.to_json())
    what = f"a canary of {done.stable.named} with bundle {short(done.made.release.bundle.digest)}"
    if done.carried is None:
        output.text(f"{what} could be deployed: nothing was sent")
    elif not done.carried.is_up:
        output.text(f"{what} was sent; its rollout goes on: the same again leads callers to it")
    else:
        output.text(f"{what} is deployed, {done.carried.ready} pods ready", f"  release {done.carried.record.id}")
    output.text(f"  share: {done.share.words}", "  noteship canary compares both; --settle promotes or withdraws it")
    return ended(done.carried, stop)


def ended(carried: Carried | None, stop: threading.Event) -> int:
    """The exit code: 1 where the time was over before the pods were ready, 130 where somebody ended the wait."""
    if carried is None or carried.is_up:
        return 0
    return INTERRUPTED if stop.is_set() else 1


def timeout_of(arguments: argparse.Namespace) -> float | None:
    """How long pods are waited for."""
    return None if arguments.timeout is None else float(arguments.timeout)


def _told(done: operation.Deployed, seconds: float) -> Iterator[str]:
    release, carried = done.made.release, done.carried
    what = f"bundle {short(release.bundle.digest)} ({done.made.imaged.bundle.by})"
    if carried is None:
        yield f"{done.named} could be deployed with {what}: nothing was sent"
    elif not carried.is_up:
        yield f"{done.named} was sent with {what}; its rollout goes on: noteship status"
        yield from clusters.told(carried.waits_for)
    else:
        ready = f", {carried.ready} {'pod' if carried.ready == 1 else 'pods'} ready" if carried.ready else ""
        again = "" if carried.is_new else ", as it was already"
        yield f"{done.named} is deployed with {what}{again}{ready}; {duration(seconds)}"
        yield f"  release {carried.record.id}, image {release.image}"
    yield from (f"  may reach {name}: {', '.join(places)}" for name, places in done.made.reaches.items())
    yield from (f"  left out: {each}" for each in done.made.rendered.left_out)
    if carried is not None:
        yield from (f"  the cluster warns: {each}" for each in carried.warnings)
        yield from (f"  taken away: {each}" for each in carried.pruned)
    if done.calling is not None:
        yield from (f"  {url}" for url in done.calling.urls)
        yield from (f"    {line}" for line in done.calling.commands)
        if done.calling.token:
            yield f"  a token: {done.calling.token}"
