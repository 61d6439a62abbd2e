"""What a stage's pod does."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship import temporary
from noteship.cli.output import Output
from noteship.operations.remote import worker

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Work the task, and give 0, whatever came of the stage: that is in the store."""
    request = worker.WorkRequest(arguments.run, arguments.task, arguments.store, Path(arguments.image_project))
    with temporary.folder() as folder:
        is_worked = worker.work(request, folder)
    output.document({"task": arguments.task, "worked": is_worked})
    output.text("worked" if is_worked else "it was worked before")
    return 0
