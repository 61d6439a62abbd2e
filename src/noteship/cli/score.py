"""Scores files, in the project's own interpreter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.cli.elsewhere import go_on_there
from noteship.cli.filling import Bar, shown
from noteship.cli.output import Output, duration
from noteship.digests import short
from noteship.operations import loading
from noteship.operations import score as operation
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.scoring import Progress

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Score, and say how many rows."""
    opened = OpenedProject.at(arguments.project)
    chosen = loading.choose(arguments.bundle, opened)
    go_on_there(arguments, opened, "scoring")
    bad_rows = Path(arguments.bad_rows) if arguments.bad_rows else None
    request = operation.ScoreRequest(arguments.source, arguments.target, tuple(arguments.keep), bad_rows)
    trusting = loading.Trusting(
        tuple(arguments.trust_source), tuple(arguments.trust_type), allow_pickle=arguments.allow_pickle
    )
    output.aside(f"scoring with {chosen.named.name} (bundle {short(chosen.named.digest)})")
    bar = Bar("loading")
    with shown(bar, output):
        summary = operation.score(chosen, trusting, opened.root, request, lambda at: bar.told(*_words(at)))
    output.document({"bundle": chosen.named.digest, **summary.to_json()})
    files = f" of {summary.files} files" if summary.files > 1 else ""
    output.text(f"{summary.rows:,} rows{files} in {duration(summary.seconds)}: {arguments.target}")
    if summary.reused:
        output.text(f"  {summary.reused:,} were scored by a call before")
    if summary.bad_rows:
        output.text(f"  {summary.bad_rows:,} did not fit: {arguments.bad_rows}")
    return 0


def _words(at: Progress) -> tuple[float, str]:
    return (at.files_done + at.share) / at.files, f"{at.rows:,} rows  {at.file}"
