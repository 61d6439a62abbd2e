"""Serves a bundle, in the project's own interpreter."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator

from noteship import logs
from noteship.cli.output import Output
from noteship.cli.recording import recorded
from noteship.digests import short
from noteship.operations import serve as operation
from noteship.operations.access import Access
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

LOG = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Say what is served and where, once it is ready; return when it was stopped."""
    opened = OpenedProject.at(arguments.project)
    bundles = tuple(_bundles(opened, arguments))
    python = operation.other_interpreter(opened)
    if python is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        # -P: a file of the project that is called like a module is not imported in its stead.
        os.execv(python, [python, "-P", "-m", "noteship", *_words(arguments)])  # noqa: S606 - no shell is meant
    return recorded(lambda: _serve(arguments, output, opened, bundles), output, arguments.log, LOG)


def _serve(
    arguments: argparse.Namespace, output: Output, opened: OpenedProject, bundles: tuple[operation.Chosen, ...]
) -> None:
    named = [each.bundle for each in bundles]

    def loading() -> None:
        for bundle in named:
            chosen = f"{bundle.by}, " if bundle.by in operation.NAMES else ""
            output.aside(f"loading {bundle.name} ({chosen}bundle {short(bundle.digest)})")
            if bundle.override:
                output.aside(f"  promoted by an override of its gates: {bundle.override}")

    def started(url: str) -> None:
        told = [
            {"bundle": bundle.digest, "name": bundle.name, "chosen": bundle.by}
            | ({"override": bundle.override} if bundle.override else {})
            for bundle in named
        ]
        output.document({"url": url, **told[0], "bundles": told})
        output.text(*_ready(url, is_watched=not arguments.no_monitor))
        if output.log is not None:
            output.log.info("serving on %s", url, extra=logs.told(url=url, bundles=[each.digest for each in named]))

    request = operation.ServeRequest(
        arguments.host,
        arguments.port,
        tuple(arguments.trust_type),
        allow_pickle=arguments.allow_pickle,
        access_log=arguments.access_log,
        workers=arguments.workers,
        stall_s=arguments.stall,
        drain_s=arguments.drain,
        access=_access(arguments),
        is_open_to_admin=arguments.admin,
        is_watched=not arguments.no_monitor,
        log="text" if output.log is None else "json",
        trust=tuple(arguments.trust_source),
    )
    operation.serve(opened, bundles, request, loading, started)


def _bundles(opened: OpenedProject, arguments: argparse.Namespace) -> Iterator[operation.Chosen]:
    for name in arguments.bundles or [None]:
        yield operation.chosen(opened, name)
    for name, percent in arguments.canary:
        yield operation.chosen(opened, name, "canary", percent)
    for name in arguments.shadow:
        yield operation.chosen(opened, name, "shadow")


def _access(arguments: argparse.Namespace) -> Access:
    return Access(
        arguments.tokens,
        tuple(arguments.token_review),
        arguments.token_audience,
        arguments.tls_certificate,
        arguments.tls_key,
        is_open=arguments.no_auth,
    )


def _ready(url: str, *, is_watched: bool) -> Iterator[str]:
    yield f"serving on {url}"
    yield f"  try it    {url}/"
    yield f"  ask it    POST {url}/predict"
    yield f"  watch it  {url}/metrics"
    if is_watched:
        yield "  changes   noteship monitor, in another terminal"
    yield "Ctrl-C stops it"


def _words(arguments: argparse.Namespace) -> Iterator[str]:
    """The same call again."""
    yield "serve"
    yield f"--project={arguments.project}"
    yield f"--host={arguments.host}"
    yield from (f"--{name}={getattr(arguments, name)}" for name in ("port", "workers", "stall", "drain"))
    yield from (f"--trust-source={digest}" for digest in arguments.trust_source)
    yield from (f"--trust-type={name}" for name in arguments.trust_type)
    yield from (f"--token-review={rule}" for rule in arguments.token_review)
    for name in ("tokens", "token_audience", "tls_certificate", "tls_key"):
        if getattr(arguments, name) is not None:
            yield f"--{name.replace('_', '-')}={getattr(arguments, name)}"
    for name in ("allow_pickle", "access_log", "no_auth", "admin", "no_monitor", "json"):
        if getattr(arguments, name):
            yield "--" + name.replace("_", "-")
    if arguments.log is not None:
        yield f"--log={arguments.log}"
    yield from (f"--canary={name}={percent}" for name, percent in arguments.canary)
    yield from (f"--shadow={name}" for name in arguments.shadow)
    if arguments.bundles:
        yield from ("--", *arguments.bundles)
