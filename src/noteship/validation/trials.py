"""Tries parameters of a bundle's steps in the project's interpreter: `python -m noteship.validation.trials REQUEST`.

REQUEST is a file of JSON: the fields of `asking.JudgeRequest`, "metric" and "folds". With `--spread` the workers of the
cluster that the environment names fit the folds. Then lines of JSON go in and out.
Out comes {"rows", "steps"} once the model is loaded, or {"error": {"exit_code", "fact", "where", "nearest",
"remedy"}} and the end. For each {"changes": by step parameters} that goes in, {"fold", "value"} comes out for each
fold, and waits for {"go": true}, or false, which ends the trial; then {"value", "error"}, the mean and its standard
error, or {"failed": why}. It ends with its input.

Folds are fitted on rows that they share, so their spread alone says too little of the mean's: the error is widened by
Nadeau and Bengio's correction (2003), sqrt(1/k + judged rows / fitted rows) for sqrt(1/k).
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from noteship import answering, lifeline
from noteship.errors import NoteshipError

__all__ = ["main"]


def main(request: Path, asked: IO[str], told: IO[str], *, is_spread: bool = False) -> None:
    """Serve trials until the input ends."""
    from noteship.validation import spreading
    from noteship.validation.trying import Trying

    def tell(value: dict[str, Any]) -> None:
        told.write(json.dumps(value) + "\n")
        told.flush()

    try:
        trying = Trying.of(request)
        tell({"rows": trying.rows, "steps": trying.steps})
    except NoteshipError as error:
        tell({"error": {"exit_code": error.exit_code, **asdict(error.parts())}})
        return
    lines = iter(asked.readline, "")
    for line in lines:
        changes = json.loads(line)["changes"]
        values = spreading.values(request, trying.folds, changes) if is_spread else trying.values(changes)
        for answer in _trial(values, trying.judged_share, lines):
            tell(answer)


def _trial(values: Iterator[float], judged_share: float, lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    found: list[float] = []
    try:
        for value in values:
            found.append(value)
            yield {"fold": len(found) - 1, "value": value}
            if not json.loads(next(lines, '{"go": false}'))["go"]:
                return
    except NoteshipError as error:
        yield {"failed": error.parts().fact}
        return
    error_of_mean = statistics.stdev(found) * math.sqrt(1 / len(found) + judged_share)
    yield {"value": statistics.fmean(found), "error": error_of_mean}


if __name__ == "__main__":
    answering.own_path_only()
    # What the steps print is not part of the conversation.
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asked_of = lifeline.tied() if lifeline.TIED in sys.argv[2:] else sys.stdin
    main(Path(sys.argv[1]), asked_of, private, is_spread="--spread" in sys.argv[2:])
