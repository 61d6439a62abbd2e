"""Builds the project's image, and says what was sent where."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator

from noteship.cli.filling import Bar, shown
from noteship.cli.output import INTERRUPTED, Output, duration, size, table
from noteship.digests import short
from noteship.operations import build as operation
from noteship.operations.opened import OpenedProject
from noteship.stopping import first_signal

__all__ = ["run", "words"]

SHOWN_LEFT_OUT = 10


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Build, and give 0, or 130 when it was interrupted."""
    from noteship.images.transport import Stopped

    opened = OpenedProject.at(arguments.project)
    request = operation.BuildRequest(
        arguments.bundle, not arguments.no_bundle, arguments.to, arguments.output, arguments.base
    )
    bar, stop = Bar("reading the project"), threading.Event()
    with shown(bar, output), first_signal(lambda _: stop.set()):
        try:
            built = operation.build(opened, request, lambda at: bar.told(*words(at)), stop)
        except Stopped:
            output.aside("interrupted: what was brought stays, and the next build goes on after it")
            return INTERRUPTED
    output.document(built.to_json())
    output.text(*_told(built))
    return 0


def words(at: operation.Progress) -> tuple[float, str]:
    """How much of a build's present work is done, and which it is."""
    if not at.of_bytes:
        return 0.0, at.what
    return at.done_bytes / at.of_bytes, f"{at.what}  {size(at.done_bytes)} of {size(at.of_bytes)}"


def _told(built: operation.Built) -> Iterator[str]:
    bundle = f"bundle {short(built.bundle.digest)} ({built.bundle.by})" if built.bundle else "no bundle"
    yield f"{built.name}"
    yield f"  with {bundle}, on {built.base}"
    yield from table([(title, size(count)) for title, count in built.layers], header=("layer", "size"), indent="  ")
    pushed = built.pushed
    kept = [f"{pushed.there} were there"] if pushed.there else []
    kept += [f"{pushed.mounted} of the base were taken over"] if pushed.mounted else []
    sent = f"sent {pushed.sent} of {pushed.sent + pushed.there + pushed.mounted} blobs, {size(pushed.sent_bytes)}"
    yield f"  {', '.join([sent, *kept])}; {duration(built.seconds)}"
    for each in built.left_out[:SHOWN_LEFT_OUT]:
        yield f"  left out: {each}"
    if len(built.left_out) > SHOWN_LEFT_OUT:
        yield f"  left out: {len(built.left_out) - SHOWN_LEFT_OUT} more; --json lists them"
