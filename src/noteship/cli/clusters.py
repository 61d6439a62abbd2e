"""What the verbs on releases share: the cluster that is asked, and how far a rollout is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from noteship import cluster
from noteship.cli.filling import Bar
from noteship.cli.output import Output
from noteship.operations import rolling

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["opened", "telling", "told"]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[cluster.Cluster]:
    """The cluster that the kubeconfig names, by the context that is asked for."""
    at = cluster.open_cluster(arguments.context or "", arguments.namespace or "")
    try:
        yield at
    finally:
        at.close()


def telling(bar: Bar, output: Output) -> rolling.Tell:
    """Let a bar show how far a rollout is; where there is none, lines tell what it waits for."""
    said = ""

    def tell(moment: rolling.Moment) -> None:
        nonlocal said
        at, what = moment.progress, moment.causes[0].sentence if moment.causes else ""
        if what and what != said and not output.live:
            output.aside(f"waiting: {what}")
        said = what or said
        if at is None:
            bar.told(0.0, moment.what)
            return
        why = f"  {what}" if what else f"  {at.pod}: {at.reason}" if at.reason else ""
        old = f", {at.old} old" if at.old else ""
        bar.told(at.ready / max(1, at.wanted), f"{at.ready} of {at.wanted} pods ready{old}{why}")

    return tell


def told(causes: Sequence[Cause]) -> Iterator[str]:
    """What is in the way, the nearest to the root alone: noteship why tells the others."""
    # Most of the time there is nothing.
    from noteship.cluster.why import WHO

    for each in causes[:1]:
        yield f"  {each.sentence}"
        yield f"    do: {each.remedy}"
        yield f"    who: {WHO[each.who]}"
