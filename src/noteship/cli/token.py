"""Makes tokens for callers of a service."""

from __future__ import annotations

import argparse

from noteship.cli.output import Output
from noteship.operations import access as operation

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the token this once, and the line that a service knows it by."""
    scopes = tuple(dict.fromkeys(arguments.scope))
    issued = operation.issue(arguments.name, scopes, arguments.add_to)
    output.document({"name": arguments.name, "scopes": scopes, "token": issued.token, "line": issued.line})
    output.text(issued.token, "")
    output.text("It is told this once: give it to whoever calls, who sends `Authorization: Bearer TOKEN`.")
    where = f"was added to {arguments.add_to}" if arguments.add_to else "belongs in the file of `serve --tokens FILE`"
    output.text(f"The line by which a service knows it {where}:", "", issued.line)
    return 0
