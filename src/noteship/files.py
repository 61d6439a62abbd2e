"""Writing files so that a kill at any moment leaves the old or the new one, never a piece."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

__all__ = [
    "aside",
    "copy",
    "is_inside",
    "locked",
    "own_folder",
    "replacing",
    "set_executable",
    "share_extents",
    "sweep",
    "write",
]

PIECE_BYTES = 1 << 20
# A folder that others remove as an empty one is made again so often, before a file is in it.
TRIES = 20
# <linux/fs.h> FICLONE = _IOW(0x94, 9, int): share the extents of another file, copy on write.
FICLONE = 0x40049409


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Open a new file that takes `path`'s place when the block ends well, and vanishes when it does not.

    It starts with the mode of the file that it replaces. With `durable`, the bytes are on the disk before the name is.
    """
    fresh = aside(path, "new")
    opened = _opened(fresh)
    try:
        with opened as stream:
            _keep_mode(path, stream)
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _opened(fresh: Path) -> BinaryIO:
    """A new file, with the folders that it is in; somebody may remove these while nothing is in them yet."""
    for _ in range(TRIES - 1):
        with suppress(FileNotFoundError, FileExistsError):
            fresh.parent.mkdir(parents=True, exist_ok=True)
            return fresh.open("xb")
    fresh.parent.mkdir(parents=True, exist_ok=True)
    return fresh.open("xb")


def is_inside(name: str) -> bool:
    """Whether a relative name, with `/`, is one of a file below the folder that it is joined to.

    >>> is_inside("plots/a.png"), is_inside("../a"), is_inside("/etc/passwd"), is_inside("a//b"), is_inside("")
    (True, False, False, False, False)
    """
    return "\0" not in name and not {"", ".", ".."} & {*name.split("/")}


def aside(path: Path, kind: Literal["new", "old"]) -> Path:
    """A hidden name beside a path, another one each time: of what is to take its place, or of what had it."""
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.{kind}")


def sweep(path: Path) -> None:
    """Delete what kills left of a file that was to take `path`'s place; nobody may be writing it."""
    for left in path.parent.glob(f".{glob.escape(path.name[:80])}.{'[0-9a-f]' * 12}.new"):
        left.unlink(missing_ok=True)


def write(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace a file's bytes in one step."""
    with replacing(path, durable=durable) as stream:
        stream.write(data)


def copy(source: Path, target: Path) -> None:
    """Copy a file's bytes and its executable bit; share the extents where the file system can.

    Cost: a few system calls with reflinks, else one pass through a MiB of memory.
    """
    with source.open("rb") as old, replacing(target) as new:
        if not share_extents(old, new):
            shutil.copyfileobj(old, new, PIECE_BYTES)
        set_executable(new, executable=bool(os.fstat(old.fileno()).st_mode & stat.S_IXUSR))


def set_executable(stream: BinaryIO, *, executable: bool) -> None:
    """Let those execute an open file who may read it, or nobody."""
    mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
    wanted = mode | (mode & 0o444) >> 2 if executable else mode & ~0o111
    if wanted != mode:
        os.fchmod(stream.fileno(), wanted)


def own_folder(root: Path) -> Path:
    """Make the project's `.noteship`, for its owner alone, which tells version control to look away; give its path."""
    folder = root / ".noteship"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        write(folder / ".gitignore", b"*\n")
    return folder


def _keep_mode(path: Path, stream: BinaryIO) -> None:
    try:
        old = path.lstat().st_mode
    except OSError:
        return
    if stat.S_ISREG(old):
        os.fchmod(stream.fileno(), old & 0o777)


def share_extents(old: BinaryIO, new: BinaryIO) -> bool:
    """Give a new, empty file the bytes of another by sharing them until one is written; false where that cannot be."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(new.fileno(), FICLONE, old.fileno())
    except OSError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, made if need be; the system frees it when the process dies."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
