"""Asking a module of noteship in the project's interpreter: JSON in, JSON out, its own errors as ours."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from noteship.errors import cut
from noteship.operations.errors import BundleFailed, NoteshipMissing

__all__ = ["ask"]


def ask(python: str, doing: str, module: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Run `python -m module REQUEST RESULT` and give the result.

    What the project's code prints meanwhile is dropped, unless the process dies of it.

    Raises: NoteshipMissing, BundleFailed with the parts that the child gave.
    """
    with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
        asked, answered = Path(folder) / "request.json", Path(folder) / "result.json"
        asked.write_text(json.dumps(request), encoding="utf-8")
        done = subprocess.run(
            [python, "-m", module, str(asked), str(answered)],
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
            # Python puts the current folder first, whose files are not meant for this.
            cwd=folder,
        )
        if not answered.exists():
            if (
                f"No module named {module.partition('.')[0]}" in done.stderr
                or "No module named 'noteship" in done.stderr
            ):
                raise NoteshipMissing(python, doing)
            why = cut(done.stderr.strip()[-400:] or f"it ended with {done.returncode}")
            raise BundleFailed(1, f"{doing} ended before it was done", python, why, "look at the lines above")
        answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    if "error" in answer:
        told = answer["error"]
        raise BundleFailed(told["exit_code"], told["fact"], told["where"], told["nearest"], told["remedy"])
    result: dict[str, Any] = answer["result"]
    return result
