"""Writes a first project."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from noteship.cli.output import Output
from noteship.operations import new as operation

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Write the project, and say what to do next."""
    folder = arguments.project / arguments.dir
    written = operation.new(folder)
    output.document({"project": str(folder), "files": written})
    names = [str(Path(path).relative_to(folder)) for path in written]
    output.text(
        f"wrote {folder}: {', '.join(names)}",
        "",
        f"  cd {shlex.quote(str(folder))}",
        "  pip install -r requirements.txt",
        "  noteship graph",
        "  noteship run",
        "  noteship serve",
    )
    return 0
