"""What a pod of a stage's cluster of tasks does."""

from __future__ import annotations

import argparse

from noteship import computing
from noteship.cli.output import Output
from noteship.operations.remote import computing_pods

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:  # noqa: ARG001 - this process becomes another one
    """Become the scheduler or a worker, which gives the exit code."""
    meeting = computing.Meeting(arguments.host, arguments.name, arguments.secret)
    worker = computing.Worker(arguments.threads, arguments.memory, arguments.temporary)
    computing_pods.become(arguments.role, meeting, worker)
