"""Scores files, in the project's own interpreter."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.cli.elsewhere import go_on_there
from noteship.cli.output import Output, duration
from noteship.digests import short
from noteship.operations import loading
from noteship.operations import score as operation
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.scoring import Progress

__all__ = ["run"]

BAR = 24


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
    bar = _Bar()
    with _shown(bar, output):
        summary = operation.score(chosen, trusting, opened.root, request, bar.told)
    output.document({"bundle": chosen.named.digest, **summary.to_json()})
    files = f" of {summary.files} files" if summary.files > 1 else ""
    output.text(f"{summary.rows:,} rows{files} in {duration(summary.seconds)}: {arguments.target}")
    if summary.reused:
        output.text(f"  {summary.reused:,} were scored by a call before")
    if summary.bad_rows:
        output.text(f"  {summary.bad_rows:,} did not fit: {arguments.bad_rows}")
    return 0


class _Bar:
    """One line of how far it is."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._at: Progress | None = None
        self._lock = threading.Lock()

    def told(self, progress: Progress) -> None:
        with self._lock:
            self._at = progress

    def lines(self) -> list[str]:
        with self._lock:
            at = self._at
        seconds = time.monotonic() - self._begun
        if at is None:
            return [f"loading  {duration(seconds)}"]
        share = min(1.0, (at.files_done + at.share) / at.files)
        full = int(share * BAR)
        return [f"{'━' * full}{'╌' * (BAR - full)} {share:4.0%}  {at.rows:,} rows  {duration(seconds)}  {at.file}"]


@contextmanager
def _shown(bar: _Bar, output: Output) -> Iterator[None]:
    """Draw on a terminal, and nowhere else."""
    if not output.live:
        yield
        return
    from noteship.cli import live

    display = live.Display(output.stderr, bar.lines)
    display.start()
    try:
        yield
    finally:
        display.stop()
