"""Copies files into a folder that nobody looks at yet: names need not appear whole, so a copy is a few system calls."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from noteship import files

__all__ = ["copy", "share"]

# Small files are one read and one write; larger ones are worth the try to share their extents.
SMALL_BYTES = 1 << 20


def copy(source: Path, target: Path, size_bytes: int) -> None:
    """Copy the bytes and the executable bit to `target`, which must not be there. Raises OSError."""
    if size_bytes > SMALL_BYTES:
        files.copy(source, target)
        return
    old = os.open(source, os.O_RDONLY)
    try:
        executable = os.fstat(old).st_mode & stat.S_IXUSR
        new = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if executable else 0o666)
        try:
            while piece := os.read(old, SMALL_BYTES):
                os.write(new, piece)
        finally:
            os.close(new)
    finally:
        os.close(old)


def share(source: Path, target: Path) -> bool:
    """Copy a file by sharing its extents, copy on write; where that cannot be, nothing is made. Raises OSError."""
    with source.open("rb") as old, target.open("xb") as new:
        shared = files.share_extents(old, new)
        files.set_executable(new, executable=bool(os.fstat(old.fileno()).st_mode & stat.S_IXUSR))
    if not shared:
        target.unlink()
    return shared
