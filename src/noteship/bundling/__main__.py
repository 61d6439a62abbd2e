"""Build a bundle in the project's interpreter: `python -m noteship.bundling REQUEST RESULT`, two files of JSON.

A request has the fields of `models.BuildRequest` and, where there is to be a profile, "profile": {"seed", "folds",
"tolerance"}. One with "propose" (stages, each {"name", "reads", "writes"}) asks for a [service] instead, below its
"root".

The result is {"result": ...} as `BuildResult.to_json` gives it, or {"error": {"exit_code", "fact", "where", "nearest",
"remedy"}}; the process ends with 0 in both cases.
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
    answering.set_up()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
