"""Serves a bundle, in the project's own interpreter."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from noteship.cli.output import Output
from noteship.digests import short
from noteship.operations import serve as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Say what is served and where, once it is ready; return when it was stopped."""
    opened = OpenedProject.at(arguments.project)
    bundle = operation.named(opened, arguments.bundle)
    python = operation.other_interpreter(opened)
    if python is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        # -P: a file of the project that is called like a module is not imported in its stead.
        os.execv(python, [python, "-P", "-m", "noteship", *_words(arguments)])  # noqa: S606 - no shell is meant
    chosen = f"{bundle.by}, " if bundle.by in operation.NAMES else ""

    def loading() -> None:
        output.aside(f"loading {bundle.name} ({chosen}bundle {short(bundle.digest)})")

    def started(url: str) -> None:
        output.document({"url": url, "bundle": bundle.digest, "name": bundle.name, "chosen": bundle.by})
        output.text(*_ready(url))

    request = operation.ServeRequest(
        arguments.host,
        arguments.port,
        tuple(arguments.trust_type),
        allow_pickle=arguments.allow_pickle,
        access_log=arguments.access_log,
        workers=arguments.workers,
        stall_s=arguments.stall,
        drain_s=arguments.drain,
    )
    operation.serve(opened, bundle, request, loading, started)
    return 0


def _ready(url: str) -> Iterator[str]:
    yield f"serving on {url}"
    yield f"  try it    {url}/"
    yield f"  ask it    POST {url}/predict"
    yield f"  watch it  {url}/metrics"
    yield "Ctrl-C stops it"


def _words(arguments: argparse.Namespace) -> Iterator[str]:
    """The same call again."""
    yield "serve"
    yield f"--project={arguments.project}"
    yield f"--host={arguments.host}"
    yield from (f"--{name}={getattr(arguments, name)}" for name in ("port", "workers", "stall", "drain"))
    yield from (f"--trust-type={name}" for name in arguments.trust_type)
    for name in ("allow_pickle", "access_log", "json"):
        if getattr(arguments, name):
            yield "--" + name.replace("_", "-")
    if arguments.bundle is not None:
        yield from ("--", arguments.bundle)
