"""Closes windows until it is stopped, and says where it answers."""

from __future__ import annotations

import argparse
import logging

from noteship import logs
from noteship.cli.output import Output
from noteship.cli.recording import recorded
from noteship.operations import evaluating as operation
from noteship.operations.opened import OpenedProject

__all__ = ["run"]

LOG = logging.getLogger(__name__)
HOST, PORT = "127.0.0.1", 8081


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Say where it answers, once it does; return when it was stopped."""
    opened = OpenedProject.at(arguments.project)
    return recorded(lambda: _evaluate(arguments, output, opened), output, arguments.log, LOG)


def _evaluate(arguments: argparse.Namespace, output: Output, opened: OpenedProject) -> None:
    release = opened.settings.monitor.release

    def started(url: str) -> None:
        output.document({"url": url, "release": release})
        output.text(f"closing the windows of the release {release}", f"  {url}/metrics", "Ctrl-C stops it")
        if output.log is not None:
            output.log.info("closing the windows of %s", release, extra=logs.told(url=url, release=release))

    request = operation.EvaluateRequest.of(
        arguments.host or HOST,
        PORT if arguments.port is None else arguments.port,
        arguments.token_file,
        arguments.tls_certificate,
        arguments.tls_key,
        is_open=arguments.no_auth,
    )
    rounds = operation.evaluate(opened, request, started)
    if output.log is not None:
        output.log.info("stopped", extra=logs.told(closed=rounds.closed, failures=rounds.failures))
