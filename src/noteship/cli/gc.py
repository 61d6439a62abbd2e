"""Frees what nothing needs any more."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.output import Output, size
from noteship.operations import gc as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Free, and say how much."""
    freed = operation.gc(OpenedProject.at(arguments.project), arguments.keep_runs, dry_run=arguments.dry_run)
    output.document(freed.to_json())
    output.text(*_lines(freed, arguments.keep_runs))
    return 0


def _lines(freed: operation.Freed, keep_runs: int) -> Iterator[str]:
    verb = "would free" if freed.dry_run else "freed"
    yield f"{verb} {freed.objects} objects, {size(freed.size_bytes)}" if freed.objects else "nothing to free"
    runs = "the last run" if keep_runs == 1 else f"the last {keep_runs} runs"
    yield f"  needed: {freed.kept - freed.young}, by {runs}, their bundles, or a name such as champion"
    if freed.young:
        yield f"  younger than a day: {freed.young}, which stay for runs that may be under way"
    if freed.cached:
        what = f"{freed.cached} packages and layers of images, {size(freed.cached_bytes)}"
        yield f"  {verb} {what}: those that no project used for the longest"
    if freed.collected:
        yield f"  collected: {freed.collected} files of rows and labels, kept for long enough"
    if freed.results:
        yield f"  forgotten: {freed.results} results of older runs; their stages run again when they are needed"
