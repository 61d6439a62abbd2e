"""Answers messages of a stream, in the project's own interpreter."""

from __future__ import annotations

import argparse

from noteship.cli.elsewhere import go_on_there
from noteship.cli.output import Output
from noteship.digests import short
from noteship.operations import loading
from noteship.operations import stream as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Say when it reads; return when it was stopped, and say how many messages it answered."""
    opened = OpenedProject.at(arguments.project)
    chosen = loading.choose(arguments.bundle, opened)
    go_on_there(arguments, opened, "scoring")
    trusting = loading.Trusting(
        tuple(arguments.trust_source), tuple(arguments.trust_type), allow_pickle=arguments.allow_pickle
    )
    request = operation.StreamRequest(
        arguments.nats,
        arguments.source,
        arguments.target,
        arguments.dead,
        arguments.durable,
        is_watched=not arguments.no_monitor,
    )
    output.aside(f"loading {chosen.named.name} (bundle {short(chosen.named.digest)})")

    def started(durable: str) -> None:
        output.aside(f"reading {arguments.source} as '{durable}', answering to {arguments.target}; Ctrl-C stops it")

    counted = operation.stream(chosen, trusting, opened, request, started)
    told = {"messages": counted.messages, "rows": counted.rows, "dead": counted.dead}
    output.document({"bundle": chosen.named.digest, **told})
    output.text(f"answered {counted.messages:,} messages, {counted.rows:,} rows; {counted.dead:,} put aside")
    return 0
