"""Builds the project's image, and says what was sent where; or prints how others build it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from noteship.cli import filling
from noteship.cli.output import INTERRUPTED, Output, duration, size, table
from noteship.digests import short
from noteship.operations import build as operation
from noteship.operations import containerfile
from noteship.operations.opened import OpenedProject

__all__ = ["run", "words"]

SHOWN_LEFT_OUT = 10


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Build, and give 0, or 130 when it was interrupted."""
    from noteship.images.registries.transport import Stopped

    opened = OpenedProject.at(arguments.project)
    request = operation.BuildRequest(
        arguments.bundle, not arguments.no_bundle, arguments.to, arguments.output, arguments.base
    )
    if arguments.buildconfig:
        return _configured(opened, request, output)
    try:
        with filling.working(output) as (bar, stop):
            if arguments.containerfile:
                described = containerfile.describe(opened, request, lambda at: bar.told(*words(at)), stop)
            else:
                built = operation.build(opened, request, lambda at: bar.told(*words(at)), stop)
    except Stopped:
        output.aside("interrupted: what was brought stays, and the next build goes on after it")
        return INTERRUPTED
    if arguments.containerfile:
        _put_described(described, output)
        return 0
    output.document(built.to_json())
    output.text(*_told(built))
    return 0


def _configured(opened: OpenedProject, request: operation.BuildRequest, output: Output) -> int:
    """OpenShift's configuration where it is asked for, and what to do with it."""
    # With it comes all that releases are made from, which no build should wait for.
    from noteship.operations import buildconfig

    made = buildconfig.render(opened, request)
    if request.folder:
        path = buildconfig.save(made, request.folder)
        output.document({**made.to_json(), "file": str(path)})
        output.text(f"{path}: {len(made.config.manifests)} manifests")
    else:
        output.document(made.to_json())
        output.text(made.yaml.rstrip("\n"))
    output.aside(f"start a build: {made.start}")
    return 0


def _put_described(made: containerfile.Described, output: Output) -> None:
    """The text, or where it was written with what it copies; and what was left out."""
    output.document(made.to_json())
    if made.folder:
        output.text(f"{made.folder}: {made.files} files", f"  podman build {made.folder}")
    else:
        output.text(made.text.rstrip("\n"))
    for line in _left_out(made.left_out):
        output.aside(line)


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
    yield from (f"  {line}" for line in _left_out(built.left_out))


def _left_out(paths: Sequence[str]) -> Iterator[str]:
    yield from (f"left out: {each}" for each in paths[:SHOWN_LEFT_OUT])
    if len(paths) > SHOWN_LEFT_OUT:
        yield f"left out: {len(paths) - SHOWN_LEFT_OUT} more; --json lists them"
