"""The side of a child process in the project's interpreter: one request in a file of JSON, one answer in another."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from noteship import lifeline, processors
from noteship.errors import NoteshipError

__all__ = ["answer", "own_path_only", "set_up"]


def set_up() -> None:
    """Make this process a child; to be called before anything that loads numeric libraries is imported.

    It ends with the process that asks, if the command says so, and its numeric libraries take one thread: the order in
    which several add up is in the last digits of what is fitted, and so in digests of it.
    """
    if lifeline.TIED in sys.argv[3:]:
        lifeline.tied()
    own_path_only()
    os.environ.update(dict.fromkeys(processors.VARIABLES, "1"))


def own_path_only() -> None:
    """Import nothing of the working folder, which `-m` puts first: the project's modules come by the request alone."""
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))]


def answer(carry_out: Callable[[dict[str, Any]], dict[str, Any]], request: Path, result: Path) -> None:
    """Write {"result": ...} for the request, or {"error": {"exit_code", "fact", "where", "nearest", "remedy"}}."""
    told: dict[str, Any]
    try:
        told = {"result": carry_out(json.loads(request.read_bytes()))}
    except NoteshipError as error:
        told = {"error": {"exit_code": error.exit_code, **asdict(error.parts())}}
    result.write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
