"""Build a bundle in the project's interpreter: `python -m noteship.bundling REQUEST RESULT`, two files of JSON.

A request has the fields of `models.BuildRequest` and, where there is to be a profile, "profile": {"seed", "folds",
"tolerance"}. One with "propose" (stages, each {"name", "reads", "writes"}) asks for a [service] instead, below its
"root".

The result is {"result": ...} as `BuildResult.to_json` gives it, or {"error": {"exit_code", "fact", "where", "nearest",
"remedy"}}; the process ends with 0 in both cases.
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
    result.write_text(json.dumps(answer), encoding="utf-8")


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    from noteship import models
    from noteship.bundling import profiling

    if "propose" not in asked:
        told = asked.pop("profile", None)
        wanted = profiling.Wanted(target=asked.get("target"), **told) if told else None
        profile = profiling.profiler(wanted) if wanted else None
        return models.build(models.BuildRequest.from_json(asked), profile).to_json()
    stages = [models.StageFiles(one["name"], tuple(one["reads"]), tuple(one["writes"])) for one in asked["propose"]]
    found = models.propose(Path(asked["root"]), stages, asked["roots"])
    return {"toml": found.toml, "reason": found.reason}


if __name__ == "__main__":
    if lifeline.TIED in sys.argv[3:]:
        lifeline.tied()
    # `-m` puts the working folder first; the project's modules must be found through the request alone.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))]
    # The order in which threads add up is in the last digits of what is fitted, and so in the bundle's digest.
    os.environ.update(dict.fromkeys(processors.VARIABLES, "1"))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
