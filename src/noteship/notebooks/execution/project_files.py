"""Which files of a project's folder are its own: not what tools leave there, nor what stages produced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Found", "walk"]

JUNK_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages"})
JUNK_FILES = frozenset({".DS_Store", "Thumbs.db"})


@dataclass(frozen=True)
class Found:
    """A file, a folder, or a link to a folder, by its path in the project."""

    path: str
    kind: Literal["file", "folder", "link"]
    size_bytes: int = 0


def walk(root: Path, hidden: tuple[str, ...] = ()) -> Iterator[Found]:
    """Everything that may belong to the project, folders before what is in them.

    Hidden folders, virtual environments and caches are passed over, save hidden folders in which one of `hidden` lies.
    Cost: one scandir for each folder and one stat for each file.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if _belongs(entry, path, hidden):
                        yield Found(path, "folder")
                        pending.append(path)
                elif entry.is_dir():
                    yield Found(path, "link")
                elif entry.is_file() and entry.name not in JUNK_FILES:
                    yield Found(path, "file", entry.stat().st_size)


def _belongs(entry: os.DirEntry[str], path: str, hidden: tuple[str, ...]) -> bool:
    if entry.name in JUNK_FOLDERS or path == ".noteship":
        return False
    if entry.name.startswith("."):
        return entry.name != ".git" and any(name.startswith(path + "/") for name in hidden)
    return not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118
