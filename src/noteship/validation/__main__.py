"""Judge a bundle in the project's interpreter: `python -m noteship.validation REQUEST RESULT`, two files of JSON.

A request has the fields of `asking.JudgeRequest`, and "progress": a file that gets a line for what is begun.

The result is {"result": a judgement without gates}, or {"error": {"exit_code", "fact", "where", "nearest", "remedy"}};
the process ends with 0 in both cases.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from noteship import lifeline, processors
from noteship.errors import NoteshipError

__all__ = ["main"]


def main(request: Path, result: Path) -> None:
    """Carry out the request in one file and write the result to the other."""
    answer: dict[str, Any]
    try:
        answer = {"result": _answer(json.loads(request.read_bytes()))}
    except NoteshipError as error:
        answer = {"error": {"exit_code": error.exit_code, **asdict(error.parts())}}
    result.write_text(json.dumps(answer, allow_nan=False), encoding="utf-8")


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    from noteship.validation import judging
    from noteship.validation.asking import JudgeRequest

    progress = asked.pop("progress", None)

    def say(line: str) -> None:
        if progress is not None:
            with Path(progress).open("a", encoding="utf-8") as stream:
                stream.write(f"{line}\n")

    return judging.judge(JudgeRequest.from_json(asked), say).to_json()


if __name__ == "__main__":
    if lifeline.TIED in sys.argv[3:]:
        lifeline.tied()
    # `-m` puts the working folder first; the project's modules must be found through the bundle alone.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))]
    # The order in which threads add up is in the last digits of what is fitted.
    os.environ.update(dict.fromkeys(processors.VARIABLES, "1"))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
