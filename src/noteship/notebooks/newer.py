"""Reading with the project's own interpreter, when its Python is newer than the one that runs noteship."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from noteship.notebooks import discovery
from noteship.notebooks.project_view import ProjectTexts
from noteship.notebooks.raw import CommandLine
from noteship.notebooks.reading import Reader, Reading, line_json, line_of, remembered_as
from noteship.notebooks.settings import ReadingSettings

__all__ = ["main", "read"]

# Reading takes milliseconds a file; an interpreter that takes this long hangs.
TIMEOUT_S = 120
_START = (
    "import sys\n"
    "if sys.version_info[:2] > {version}:\n"
    "    sys.path.insert(0, {source!r})\n"
    "    from noteship.notebooks.newer import main\n"
    "    main()\n"
)


def read(
    settings: ReadingSettings,
    root: Path,
    folders: Mapping[str, Sequence[str]],
    lines: Mapping[str, Sequence[CommandLine]],
    made: Mapping[str, str | None],
) -> dict[str, Reading]:
    """The readings of some files, each analysed from its working folders; empty when that interpreter is no help."""
    # Slow to import, and hardly ever needed.
    import subprocess

    source = str(Path(__file__).resolve().parents[2])
    start = _START.format(version=tuple(sys.version_info[:2]), source=source)
    request = {
        "root": str(root),
        "readers": dict(settings.readers),
        "writers": dict(settings.writers),
        "folders": {path: list(each) for path, each in folders.items()},
        "made": dict(made),
        "lines": {path: [line_json(line) for line in each] for path, each in lines.items()},
        "params": {name: dict(stage.params) for name, stage in settings.stages.items()},
    }
    try:
        done = subprocess.run(
            [str(settings.python), "-I", "-c", start],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout or b"{}")
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return {path: Reading.from_json(path, value) for path, value in answer.items()}


def main() -> None:
    """The other side: a request on standard input, readings on standard output."""
    request = json.load(sys.stdin)
    root = Path(request["root"])
    texts = ProjectTexts(root, discovery.list_files(root), request["made"])
    reader = Reader(texts, request["readers"], request["writers"])
    answer: dict[str, Any] = {}
    for path, folders in request["folders"].items():
        reading = reader.read(path)
        given = request["params"].get(path.rpartition(".")[0], {})
        values = {name: value for name, value in given.items() if name in reading.parameters}
        lines = tuple(map(line_of, request["lines"].get(path, ())))
        for cwd in folders if reading.fault is None else ():
            for each in ({}, values):
                reading.analyses[remembered_as(cwd, each, lines)] = reader.analyse(path, cwd, each, lines)
        answer[path] = reading.to_json()
    json.dump(answer, sys.stdout)
