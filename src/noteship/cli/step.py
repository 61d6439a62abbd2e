"""What the pods of a workflow do."""

from __future__ import annotations

import argparse
import threading
from functools import partial
from pathlib import Path

from noteship import temporary
from noteship.cli.output import INTERRUPTED, Output
from noteship.cli.progress import progress
from noteship.cli.run import failures, summary
from noteship.digests import Digest
from noteship.operations.remote import steps
from noteship.operations.run import RunReport
from noteship.stopping import first_signal

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Work the step; 0, 1 when a stage failed, 130 when it was told to end."""
    request = steps.StepRequest(
        arguments.store,
        Digest(arguments.carried),
        arguments.stage,
        tuple(arguments.chosen),
        tuple(arguments.parameters),
        Path(arguments.image_project),
    )
    stop, listen = threading.Event(), partial(progress, output)
    with temporary.folder() as folder, first_signal(lambda _: stop.set()):
        if arguments.plan is None:
            return _told(steps.step(request, folder, listen, stop), output)
        due, report = steps.planned(request, folder, Path(arguments.plan), listen, stop)
        if report is not None:
            return _told(report, output)
    output.document({"due": list(due)})
    output.text(f"to run: {', '.join(due)}")
    return 0


def _told(report: RunReport, output: Output) -> int:
    output.document(report.to_json())
    output.aside(*failures(report))
    output.text(*summary(report))
    if report.result.state == "interrupted":
        return INTERRUPTED
    return 0 if report.good else 1
