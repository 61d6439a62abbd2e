"""What a workspace holds at a moment, to be compared with a later one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from noteship.notebooks.execution.workspace import IPYTHON, STORED

__all__ = ["Difference", "Look", "difference", "look"]

Look = Mapping[str, tuple[int, int, int, int]]
"""Size, modification and change times in nanoseconds, and inode, by project path.

Programs cannot set the change time back, so that an edit of the same size that restores the modification time shows.
"""

SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints", IPYTHON})


@dataclass(frozen=True)
class Difference:
    """Paths that are new, changed or gone, sorted."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]


def look(path: Path) -> Look:
    """Every file below a workspace's `path`. Cost: one stat a file; nothing is opened."""
    found: dict[str, tuple[int, int, int, int]] = {}
    _walk(path, "", found)
    stored = path / STORED
    if stored.is_dir():
        below: dict[str, tuple[int, int, int, int]] = {}
        _walk(stored, "", below)
        found.update({f"%store/{name}": facts for name, facts in below.items()})
    return found


def _walk(top: Path, folder: str, found: dict[str, tuple[int, int, int, int]]) -> None:
    with os.scandir(top / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    _walk(top, path, found)
            elif entry.is_file():
                facts = entry.stat()
                found[path] = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)


def difference(before: Look, after: Look) -> Difference:
    """What happened between two looks."""
    return Difference(
        new=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(path for path in after.keys() & before.keys() if after[path] != before[path])),
        deleted=tuple(sorted(before.keys() - after.keys())),
    )
