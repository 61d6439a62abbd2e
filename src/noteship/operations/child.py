"""Asking a module of noteship in the project's interpreter: JSON in, JSON out, its own errors as ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from noteship import lifeline, temporary
from noteship.errors import cut
from noteship.operations.errors import BundleFailed, NoteshipMissing
from noteship.stopping import how_ended

__all__ = ["Stopped", "ask"]

# How often it is looked whether the answer is still wanted.
LOOK_S = 0.1


class Stopped(Exception):
    """Who asked does not want the answer any more."""


def ask(
    python: str,
    doing: str,
    module: str,
    request: Mapping[str, Any],
    variables: Mapping[str, str],
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Run `python -m module REQUEST RESULT` in an environment of these variables, and give the result.

    What the project's code prints meanwhile is dropped, unless the process dies of it. The process ends with this one,
    however that ends, and with what it has started.

    Raises: NoteshipMissing, BundleFailed with the parts that the child gave; Stopped, once `cancel` is set.
    """
    with temporary.folder() as folder:
        asked, answered = folder / "request.json", folder / "result.json"
        asked.write_text(json.dumps(request), encoding="utf-8")
        said = folder / "said"
        code = _run([python, "-m", module, str(asked), str(answered), lifeline.TIED], said, variables, cancel)
        if not answered.exists():
            words = said.read_text(encoding="utf-8", errors="replace")
            if f"No module named {module.partition('.')[0]}" in words or "No module named 'noteship" in words:
                raise NoteshipMissing(python, doing)
            why, last = how_ended(code), words.strip()[-400:]
            why = cut(f"{why}; it said: {last}" if last else why)
            raise BundleFailed(1, f"{doing} ended before it was done", python, why, "look at the lines above")
        answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    if "error" in answer:
        told = answer["error"]
        raise BundleFailed(told["exit_code"], told["fact"], told["where"], told["nearest"], told["remedy"])
    result: dict[str, Any] = answer["result"]
    return result


def _run(command: Sequence[str], said: Path, variables: Mapping[str, str], cancel: threading.Event | None) -> int:
    """The exit code; what it says on standard error goes to a file. Raises Stopped."""
    with said.open("wb") as stream:
        process = subprocess.Popen(
            command,
            # Nobody writes to it: its end is how the process knows that this one is gone.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            # Python puts the current folder first, whose files are not meant for this.
            cwd=said.parent,
            env=dict(variables),
            # Ctrl-C is for noteship, which then ends it, and what it has started.
            start_new_session=True,
        )
    with process:
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(LOOK_S)
                if cancel is not None and cancel.is_set():
                    raise Stopped
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
