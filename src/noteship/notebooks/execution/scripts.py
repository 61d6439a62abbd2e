"""Runs a plain script to its end; what it printed is its record."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from noteship import errors
from noteship.notebooks.execution.endings import died, stopped
from noteship.notebooks.execution.jobs import Failure
from noteship.notebooks.execution.limits import Guard
from noteship.notebooks.execution.outputs import STREAM_LIMIT_CHARS
from noteship.notebooks.execution.workspace import Workspace

__all__ = ["run_script", "said"]

POLL_S = 0.1


def run_script(path: str, workspace: Workspace, guard: Guard, log: Path) -> Failure | None:
    """Wait for the script's end and say why it was a bad one, if it was."""
    while not guard.child.wait_exited(POLL_S):
        guard.check()
    place = Failure("code", "", path, last_output=_last(log))
    if guard.reason is not None:
        return stopped(guard, place)
    fault = guard.child.fault
    if fault:
        return _raised(place, workspace, fault["exception"], fault["message"], fault)
    if guard.child.status:
        return died(guard.child, place, guard.job.stage)
    return None


def said(log: Path) -> bytes:
    """What was printed, up to the limit of a cell's text."""
    try:
        with log.open("rb") as stream:
            data = stream.read(STREAM_LIMIT_CHARS + 1)
    except FileNotFoundError:
        return b""
    if len(data) <= STREAM_LIMIT_CHARS:
        return data
    notice = f"\n… cut by noteship: text is kept up to {STREAM_LIMIT_CHARS:,} bytes\n"
    return data[:STREAM_LIMIT_CHARS] + notice.encode()


def _raised(place: Failure, workspace: Workspace, name: str, value: str, fault: dict[str, object]) -> Failure:
    file = workspace.named(os.path.normpath(str(fault["file"])))
    line = fault["line"] if isinstance(fault["line"], int) else None
    if name == "SystemExit":
        reason = f"with exit code {value}" if value.isdigit() else f"saying: {errors.cut(value)}"
        return replace(place, message=f"the script ended itself {reason}", exception=name, file=file, line=line)
    message = f"{name}: {errors.cut(value)}" if value else name
    if name == "EOFError" and "reading a line" in value:
        message = "the script asks for input, and stages run unattended"
        remedy = "assign a literal at its top level, which `params` can replace"
        return replace(place, message=message, exception=name, file=file, line=line, remedy=remedy)
    return replace(place, message=message, exception=name, file=file, line=line)


def _last(log: Path) -> str:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 4 * errors.FOREIGN_TEXT_LIMIT))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    # What Python printed of the exception is said in the message already.
    text = text.partition("Traceback (most recent call last):")[0].rstrip()
    return text if len(text) <= errors.FOREIGN_TEXT_LIMIT else "…" + text[-errors.FOREIGN_TEXT_LIMIT :]
