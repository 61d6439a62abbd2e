"""Frees what nothing needs any more."""

from __future__ import annotations

import argparse

from noteship.cli.output import Output, size
from noteship.operations import gc as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Free, and say how much."""
    freed = operation.gc(OpenedProject.at(arguments.project), arguments.keep_runs, dry_run=arguments.dry_run)
    output.document(freed.to_json())
    verb = "would free" if freed.dry_run else "freed"
    output.text(
        f"{verb} {freed.objects} objects, {size(freed.size_bytes)}; {freed.kept} are needed or younger than a day"
    )
    return 0
