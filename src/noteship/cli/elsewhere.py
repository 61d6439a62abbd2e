"""The same call again, in the project's own interpreter."""

from __future__ import annotations

import argparse
import os
import sys

from noteship.operations import serve
from noteship.operations.opened import OpenedProject

__all__ = ["go_on_there"]

PROJECT = ("noteship.toml", ".noteship", ".venv")


def go_on_there(arguments: argparse.Namespace, opened: OpenedProject, doing: str) -> None:
    """Where models are to be loaded in another interpreter, become it; a folder that is no project has none."""
    if not any((opened.root / name).exists() for name in PROJECT):
        return
    python = serve.other_interpreter(opened, doing)
    if python is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        # -P: a file of the project that is called like a module is not imported in its stead.
        os.execv(python, [python, "-P", "-m", "noteship", *arguments.words])  # noqa: S606 - no shell is meant
