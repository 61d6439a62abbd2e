"""Tells which releases there are, and how they do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship import cluster
from noteship.cli import clusters
from noteship.cli.output import Output, table
from noteship.digests import short
from noteship.operations import releasing
from noteship.operations import status as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Tell of all releases of the namespace, or of one with its history."""
    project = OpenedProject.at(arguments.project)
    with clusters.opened(arguments) as at:
        named = releasing.named_release(project, arguments.release, arguments.namespace, at)
        found = operation.status(project, at, named.namespace, arguments.release)
    output.document({"namespace": named.namespace, "cluster": at.url, "releases": [each.to_json() for each in found]})
    if not found:
        output.text(f"nothing is deployed in {named.namespace}: noteship deploy")
    for each in found:
        output.text(*_told(each))
        if arguments.release:
            output.text(*_history(each))
    return 0


def _told(at: operation.Standing) -> Iterator[str]:
    yield f"{at.name} in {at.namespace}  {at.kind}, {_pods(at)}"
    yield from clusters.told(at.causes)
    yield f"  bundle {short(at.bundle)}, image {at.image}"
    if at.evaluator is not None:
        yield f"  evaluator: {_evaluator(at.evaluator)}"
    if at.record is not None:
        why = f": {at.record.reason}" if at.record.reason else ""
        yield f"  release {at.record.id}, since {at.record.at}, by {at.record.by}{why}"
    if at.share is not None:
        yield f"  a canary with {at.share.words}: noteship canary"
    if at.canary is not None:
        yield f"  beside it its canary {at.canary.named.name}: noteship canary"
    if at.differs is None:
        yield "  not on record here: it was deployed with another store"
    elif not at.differs:
        yield "  what runs is what was recorded"
    else:
        yield from (f"  not as recorded: {each}" for each in at.differs)
    yield from (f"  {each}" for each in at.moved)


def _pods(standing: operation.Standing) -> str:
    at = standing.pods
    if at is None:
        return "by the clock"
    state = {"done": "", "failed": ", failed"}.get(at.state, ", under way")
    why = f"; {at.pod}: {at.reason}: {at.message}" if at.reason and not standing.causes else ""
    return f"{at.ready} of {at.wanted} {'ended well' if standing.kind == 'Job' else 'ready'}{state}{why}"


def _evaluator(at: cluster.Progress) -> str:
    if at.state == "done":
        return "closes the windows"
    why = f": {at.pod}: {at.reason}: {at.message}" if at.reason else ""
    return f"is not ready{why}"


def _history(at: operation.Standing) -> Iterator[str]:
    rows = [
        (past.record.id, past.state, short(past.record.bundle), past.record.at, past.record.by, past.why)
        for past in at.history
    ]
    if rows:
        yield from table(rows, header=("release", "state", "bundle", "since", "by", ""), indent="  ")
