"""What of a project is not in its copy in a pod, so that a stage that looks for it there is told why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from noteship import files, patterns
from noteship.errors import stage_section

__all__ = ["note", "remedy"]

PLACE = ".noteship/left-out.json"


def note(root: Path, left_out: Mapping[str, str]) -> None:
    """Write beside the copy what it lacks, and why, by path."""
    files.own_folder(root)
    files.write(root / PLACE, json.dumps(dict(left_out)).encode())


def remedy(root: Path, stage: str, wanted: Iterable[str]) -> str:
    """How a stage comes by the first of these files that was left out of this copy; empty where there is none."""
    try:
        left_out: Mapping[str, str] = json.loads((root / PLACE).read_bytes())
    except FileNotFoundError:
        return ""
    for path in wanted:
        for place in (path, *patterns.folders(path)):
            if place in left_out:
                return (
                    f"{path} is not in the image ({left_out[place]}), and nothing showed that the stage reads it: "
                    f'name it, reads = ["{path}"] under {stage_section(stage)}, so that it goes along'
                )
    return ""
