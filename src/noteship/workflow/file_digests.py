"""Digests of the files on disk, remembered by what the file system says of each."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from noteship import digests
from noteship.digests import Digest
from noteship.workflow import errors

__all__ = ["FileDigests"]

# A file that changed this shortly before it was read can change again without a new time: clocks of file systems tick
# in up to 2 s (FAT), and its digest is not remembered.
RACY_NS = 2_000_000_000
COLUMNS = "path text primary key, size int, mtime int, ctime int, inode int, digest text"
TABLE = f"create table if not exists files ({COLUMNS})"

Row = tuple[int, int, int, int, str]


class FileDigests:
    """Digests by path; a path is relative to the root, or absolute.

    With a `cache`, a file is read only when its size, inode or times differ from what was remembered; the time of
    change is among them, which programs cannot set back. The cache may be deleted at any time, and a damaged one is.
    Cost: 4,000 known files take less than 0.3 s.
    """

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self._root = str(root)
        self._cache = cache
        self._rows: dict[str, Row] = {}
        self._fresh: dict[str, Row] = {}

    def __enter__(self) -> Self:
        if self._cache is not None and self._cache.exists():
            self._rows = _load(self._cache)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._cache is not None and self._fresh:
            _save(self._cache, self._fresh)

    def of(self, path: str) -> Digest | None:
        """The digest of a file, or of what is in a folder; None where nothing is. Raises UnreadableInput."""
        full = path if path.startswith("/") else f"{self._root}/{path}"
        try:
            return self._of(full, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise errors.UnreadableInput(path, error.strerror or type(error).__name__) from error

    def _of(self, full: str, path: str) -> Digest | None:
        status = Path(full).stat()
        if stat.S_ISDIR(status.st_mode) and path.startswith("/"):
            # Outside of the project it may be the whole machine: its names count, and each file that is opened does.
            return digests.of_value(sorted(entry.name for entry in Path(full).iterdir()))
        if stat.S_ISDIR(status.st_mode):
            return digests.of_value([[name, self.of(f"{path}/{name}")] for name in sorted(_below(full))])
        if not stat.S_ISREG(status.st_mode):
            return None  # a pipe, a device: nothing that stays the same
        return self._of_file(full, path, status)

    def _of_file(self, full: str, path: str, status: os.stat_result) -> Digest:
        known = self._rows.get(path)
        facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if known and known[:4] == facts:
            return Digest(known[4])
        read_at = time.time_ns()
        digest = digests.of_file(Path(full))
        if abs(read_at - status.st_ctime_ns) > RACY_NS:
            self._rows[path] = self._fresh[path] = (*facts, digest)
        return digest


def _below(folder: str) -> Iterator[str]:
    """The files in a folder, hidden ones left out, as paths relative to it."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        prefix = os.path.relpath(parent, folder)
        for name in names:
            if not name.startswith("."):
                yield name if prefix == "." else f"{prefix}/{name}"


def _load(cache: Path) -> dict[str, Row]:
    import sqlite3

    try:
        connection = sqlite3.connect(cache, timeout=5)
        try:
            rows = connection.execute("select path, size, mtime, ctime, inode, digest from files").fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return {}
    return {path: tuple(row) for path, *row in rows}


def _save(cache: Path, rows: dict[str, Row]) -> None:
    """Add what is new; where that cannot be, start over or go without: it is a cache."""
    import sqlite3

    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(cache, timeout=5)
        try:
            with connection:
                connection.execute(TABLE)
                values = [(path, *row) for path, row in rows.items()]
                connection.executemany("insert or replace into files values (?, ?, ?, ?, ?, ?)", values)
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return  # locked or not writable: somebody else's moment
    except (sqlite3.DatabaseError, OSError):
        _remove(cache)


def _remove(cache: Path) -> None:
    try:
        cache.unlink(missing_ok=True)
    except OSError:
        return
