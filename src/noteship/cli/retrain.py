"""Learns the model anew, and tells how far the new one went; or lists what was learned before."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice

from noteship.cli import retraining
from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output, table
from noteship.operations import retrain as operation
from noteship.operations import retrainings
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

LISTED = 50


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Retrain; 1 where a step failed or a gate refused the new model."""
    opened = OpenedProject.at(arguments.project)
    if arguments.history:
        if arguments.reason is not None or arguments.if_due:
            raise WrongUsage("--history begins nothing", "leave out --reason and --if-due, or --history")
        past = list(islice(retrainings.history(opened.store), LISTED))
        output.document({"retrainings": [each.to_json() for each in past]})
        output.text(*_listed(past))
        return 0
    request = operation.RetrainRequest(arguments.reason, arguments.if_due)
    with retraining.tools(opened, arguments, output) as tools:
        done = operation.retrain(opened, request, tools)
    output.document(done.to_json())
    output.text(*_told(done))
    return 0 if done.is_good else 1


def _told(done: operation.Retrained) -> Iterator[str]:
    yield f"{done.state}: {done.why}"
    if done.retraining is None:
        return
    begun = "gone on with" if done.is_continued else "begun"
    yield from (f"  {begun} as {each.told}" for each in done.retraining.occasions)
    yield f"  retraining {done.retraining.id}"


def _listed(past: list[retrainings.Retraining]) -> Iterator[str]:
    if not past:
        yield "nothing was learned anew yet"
        return
    rows = [
        (each.at[:16].replace("T", " "), each.state, "; ".join(one.told for one in each.occasions), each.why)
        for each in past
    ]
    yield from table(rows, header=("when (UTC)", "state", "as", "what came of it"))
