"""Build a bundle in the project's interpreter: `python -m noteship.models REQUEST RESULT`, two files of JSON.

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

from noteship.errors import NoteshipError

__all__ = ["main"]


def main(request: Path, result: Path) -> None:
    """Carry out the request in one file and write the result to the other."""
    # `-m` puts the working folder first; the project's modules must be found through the request alone.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()), os.fspath(Path.cwd().resolve()))]
    from noteship.models import building

    answer: dict[str, Any]
    try:
        asked = building.BuildRequest.from_json(json.loads(request.read_bytes()))
        answer = {"result": building.build(asked).to_json()}
    except NoteshipError as error:
        answer = {"error": {"exit_code": error.exit_code, **asdict(error.parts())}}
    result.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
