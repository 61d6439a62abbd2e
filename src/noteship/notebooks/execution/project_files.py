"""Which files of a project's folder are its own: not what tools leave there, nor what stages produced."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
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


def walk(root: Path, hidden: tuple[str, ...], followed: Callable[[str], bool]) -> Iterator[Found]:
    """Everything that may belong to the project, folders before what is in them; pipes and devices do not.

    Hidden folders, virtual environments and caches are passed over, save hidden folders in which one of `hidden` lies.
    Links to folders that are `followed` count as folders, unless they lead back to one that they lie in.
    Cost: one scandir for each folder and one stat for each file.
    """
    pending: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(root),))]
    while pending:
        folder, above = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if _belongs(entry, path, hidden):
                        yield Found(path, "folder")
                        pending.append((path, above))
                elif _is_looped(entry):
                    continue
                elif entry.is_dir():
                    real = os.path.realpath(entry.path)
                    enters = real not in above and followed(path)
                    yield Found(path, "folder" if enters else "link")
                    if enters:
                        pending.append((path, (*above, real)))
                elif entry.is_file() and entry.name not in JUNK_FILES:
                    yield Found(path, "file", entry.stat().st_size)


def _is_looped(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a link that leads to itself, which cannot be asked for anything."""
    try:
        entry.is_dir()
    except OSError:
        return True
    return False


def _belongs(entry: os.DirEntry[str], path: str, hidden: tuple[str, ...]) -> bool:
    if entry.name in JUNK_FOLDERS or path == ".noteship":
        return False
    if entry.name.startswith("."):
        return entry.name != ".git" and any(name.startswith(path + "/") for name in hidden)
    return not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118
