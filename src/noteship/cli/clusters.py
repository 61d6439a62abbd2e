"""What the verbs on releases share: the cluster that is asked, and how far a rollout is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from noteship import cluster
from noteship.cli.filling import Bar
from noteship.operations import rolling

__all__ = ["opened", "telling"]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[cluster.Cluster]:
    """The cluster that the kubeconfig names, by the context that is asked for."""
    at = cluster.open_cluster(arguments.context or "", arguments.namespace or "")
    try:
        yield at
    finally:
        at.close()


def telling(bar: Bar) -> rolling.Tell:
    """Let a bar show how far a rollout is."""

    def tell(moment: rolling.Moment) -> None:
        at = moment.progress
        if at is None:
            bar.told(0.0, moment.what)
            return
        why = f"  {at.pod}: {at.reason}" if at.reason else ""
        old = f", {at.old} old" if at.old else ""
        bar.told(at.ready / max(1, at.wanted), f"{at.ready} of {at.wanted} pods ready{old}{why}")

    return tell
