"""What `noteship monitor --sample` shows: rows since a change, beside rows of before."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any

from noteship import monitor
from noteship.cli.bars import Line, folded, line
from noteship.cli.output import Output
from noteship.cli.watched import head
from noteship.operations import monitor as operation
from noteship.operations.monitor import Watched
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import settings_of
from noteship.reporting.kept import Group, KeptRow, Rows
from noteship.reporting.rows import in_words, spanned
from noteship.reporting.words import duration, percent, shown

__all__ = ["show"]

# Windows that are known, to find usual ones among them; and a line, where it is no terminal's.
KNOWN, WIDTH = 120, 100

# Rows of each group on a terminal; the document has all.
MOST_ROWS = 10
# A column is no wider while others wait for room; what is left at the end goes to those that were cut.
WIDE, BETWEEN = 16, 2
MARK = "▸"


def show(arguments: argparse.Namespace, opened: OpenedProject, output: Output) -> int:
    """Print what is kept of one version: to people, so many rows of each kind as are read at a glance."""
    found = operation.sample(opened, arguments.bundle, max(KNOWN, arguments.last or 0), time.time())
    settings = settings_of(opened)
    output.document(_document(found, settings))
    output.text(
        *("".join(text for text, _ in each).rstrip() for each in _lines(found, settings, output.width or WIDTH))
    )
    return 0


def _document(watched: Watched, settings: monitor.Settings) -> dict[str, Any]:
    value = watched.to_json()
    told = {name: value[name] for name in ("model", "version", "standing", "since", "verdict")}
    rows = {} if watched.rows is None else watched.rows.to_json()
    return {**told, "sample": settings.sample, "sample_keep_s": settings.sample_keep_s, **rows}


def _lines(watched: Watched, settings: monitor.Settings, width: int) -> Iterator[Line]:
    """Two tables with the same columns, those that moved first."""
    yield from head(watched, settings, width)
    rows = watched.rows
    if rows is None:
        return
    columns = _columns(rows, width)
    named = [(rows.after, "since"), (rows.before, "before" if rows.after.rows else "lately")]
    for group, name in named:
        if group.rows:
            yield line()
            yield from folded(name, spanned(group), width, indent=8)
            yield from _table(group, columns)
    yield line()
    yield from folded("", " ".join(_notes(rows, settings, len(columns) - 2)), width)


def _notes(rows: Rows, settings: monitor.Settings, columns: int) -> Iterator[str]:
    if any(each.why for each in (*rows.after.rows, *rows.before.rows)):
        yield f"{MARK} falls where rows have become more, or of those before, fewer."
    hidden = len(rows.columns) - columns
    if hidden > 0:
        yield f"{hidden:,} more {'column is' if hidden == 1 else 'columns are'} in --json."
    if rows.left_out:
        yield f"Left out: {shown(', '.join(rows.left_out), 300)}."
    kept = f"rows of {settings.sample:,} requests a window are kept" if settings.sample else "No more rows are kept"
    yield f"{kept[0].upper()}{kept[1:]}, for {duration(settings.sample_keep_s)}."


def _columns(rows: Rows, width: int) -> list[tuple[str, int]]:
    """As many columns as there is room for, with their widths."""
    every = [*rows.after.rows[:MOST_ROWS], *rows.before.rows[:MOST_ROWS]]
    chosen: list[tuple[str, int, int]] = []
    free = width - 2
    for place, name in enumerate(["prediction", "prob.", *rows.columns]):
        longest = max(len(each) for each in [name, *(_cell(row, place, name) for row in every)])
        taken = min(longest, WIDE)
        if place > 2 and taken + BETWEEN > free:
            break
        chosen.append((name, taken, longest))
        free -= taken + BETWEEN
    widened = []
    for name, taken, longest in chosen:
        more = max(0, min(longest - taken, free))
        free -= more
        widened.append((name, taken + more))
    return widened


def _table(group: Group, columns: Sequence[tuple[str, int]]) -> Iterator[Line]:
    gap = " " * BETWEEN
    yield line(("  " + gap.join(f"{shown(name, width):<{width}}" for name, width in columns), "dim"))
    for row in group.rows[:MOST_ROWS]:
        cells = [f"{shown(_cell(row, place, name), width):<{width}}" for place, (name, width) in enumerate(columns)]
        yield line((MARK if row.why else " ", "bold"), " ", gap.join(cells))
    if len(group.rows) > MOST_ROWS:
        yield line((f"  and {len(group.rows) - MOST_ROWS:,} more, in --json", "dim"))


def _cell(row: KeptRow, place: int, name: str) -> str:
    """The prediction, its probability, then values by their columns."""
    if place == 0:
        return in_words(row.row.prediction)
    if place == 1:
        return "–" if row.row.probability is None else percent(row.row.probability)
    return in_words(row.row.inputs.get(name))
