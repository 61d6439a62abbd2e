"""Judge a bundle in the project's interpreter: `python -m noteship.validation REQUEST RESULT`, two files of JSON.

A request has the fields of `asking.JudgeRequest`, and "progress": a file that gets a line for what is begun.

The result is {"result": a judgement without gates}, or {"error": {"exit_code", "fact", "where", "nearest", "remedy"}};
the process ends with 0 in both cases.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from noteship import answering

__all__ = ["main"]


def main(request: Path, result: Path) -> None:
    """Carry out the request in one file and write the result to the other."""
    answering.answer(_answer, request, result)


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
    answering.set_up()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
