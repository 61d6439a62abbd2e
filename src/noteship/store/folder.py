"""A bucket in a folder of this machine, or of a file system that several machines share.

Layout: ``<root>/<key>``, one file a key, in place by rename alone; ``<root>/.lock`` is held for conditional writes.
Names that begin with a dot are no keys: files being written (``….new``), objects being discarded (``….old``).
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from noteship import digests, files
from noteship.store import errors
from noteship.store.bucket import PIECE_BYTES, Entry, Found

__all__ = ["FolderBucket"]

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


class FolderBucket:
    """Keeps each key as a read-only file; opening makes nothing, the first write makes the folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._base = f"{root}/"

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self._root)

    @property
    def at_once(self) -> int:
        """One call at a time: the kernel is faster than threads that share an interpreter."""
        return 1

    def size(self, key: str) -> int | None:
        """Bytes under the key."""
        with self._mapped(key):
            try:
                return (self._root / key).stat().st_size
            except FileNotFoundError:
                return None

    def get(self, key: str) -> Found | None:
        """A small value; its version is the digest of its bytes."""
        with self._mapped(key):
            try:
                descriptor = os.open(self._base + key, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb", buffering=0) as stream:
                data = stream.readall()
        return Found(data, digests.of_bytes(data))

    def pieces(self, key: str) -> Iterator[bytes]:
        """The bytes in pieces."""
        with self._mapped(key):
            try:
                descriptor = os.open(self._base + key, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise KeyError(key) from None
        try:
            while piece := self._read(descriptor, key):
                yield piece
        finally:
            os.close(descriptor)

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write, replacing what was there."""
        with self._mapped(key, writing=True), files.replacing(self._root / key) as stream:
            for piece in pieces:
                stream.write(piece)
            os.fchmod(stream.fileno(), 0o444)

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write if the version is this one, under the folder's lock."""
        with self._mapped(key, writing=True), files.locked(self._root / ".lock"):
            found = self.get(key)
            if (found.version if found else None) != version:
                return None
            self.put(key, [data])
        return digests.of_bytes(data)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """All keys that begin with the prefix and come after a key, in order."""
        folder, _, _ = prefix.rpartition("/")
        with self._mapped(prefix):
            found = [entry for entry in self._walk(folder, after) if entry.key.startswith(prefix)]
        return iter(sorted(found, key=lambda entry: entry.key))

    def folders(self, folder: str) -> Iterator[str]:
        """The folders in a folder that something is in: those of keys that were removed may stay, empty."""
        with self._mapped(folder):
            try:
                with os.scandir(self._base + folder) as entries:
                    found = [each for each in entries if _is_folder(each) and not each.name.startswith(".")]
            except (FileNotFoundError, NotADirectoryError):
                return iter(())
            return iter(sorted(each.name for each in found if _holds_a_key(each.path)))

    def delete(self, key: str) -> None:
        """Remove the key, and the folders that nothing is in any more: else each listing goes through them."""
        path = self._root / key
        with self._mapped(key, writing=True):
            path.unlink(missing_ok=True)
        self._remove_empty(path.parent)

    def refresh(self, key: str) -> int | None:
        """Set the file's time; where that is another user's file, it counts as absent, to be written anew."""
        try:
            os.utime(self._base + key)
        except (FileNotFoundError, PermissionError):
            return None
        except OSError as error:
            # A store that cannot be written cannot be swept either.
            if error.errno != errno.EROFS:
                raise self._failure(error, key, writing=True) from error
        return self.size(key)

    def discard(self, key: str, older_than_s: float) -> bool:
        """Remove the key if it is so old.

        The file is renamed before its time is looked at for good: who refreshes it before the rename is seen here,
        who comes later finds it absent and writes it again.
        """
        path = self._root / key
        aside = files.aside(path, "old")
        with self._mapped(key, writing=True):
            try:
                if _age_s(path) < older_than_s:
                    return False
                path.rename(aside)
            except FileNotFoundError:
                return False
            if _age_s(aside) < older_than_s:
                aside.rename(path)
                return False
            aside.unlink()
        return True

    def sweep_unfinished(self, older_than_s: float, folder: str = "") -> int:
        """Remove unfinished files."""
        count = 0
        with self._mapped(folder, writing=True):
            for parent, _, names in os.walk(self._root / folder):
                removed = [_removed(Path(parent, name), older_than_s) for name in names if _unfinished(name)]
                count += sum(removed)
                if any(removed):
                    self._remove_empty(Path(parent))
        return count

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder and those that it is in, up to the first one in which something is."""
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    def _walk(self, folder: str, after: str) -> Iterator[Entry]:
        try:
            with os.scandir(self._base + folder) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in found:
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(key, after)
                continue
            if key <= after:
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:  # removed since it was listed
                continue
            yield Entry(key, status.st_size, status.st_mtime)

    def _read(self, descriptor: int, key: str) -> bytes:
        with self._mapped(key):
            return os.read(descriptor, PIECE_BYTES)

    @contextmanager
    def _mapped(self, key: str, *, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure(error, key, writing=writing) from error

    def _failure(self, error: OSError, key: str, *, writing: bool) -> Exception:
        reason = error.strerror or type(error).__name__
        if writing and error.errno in FULL:
            return errors.StoreFull(self.url, key, reason)
        if writing and error.errno in FORBIDDEN:
            return errors.StoreReadOnly(self.url, key, reason)
        return errors.StoreFailed(self.url, key, reason)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _holds_a_key(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            named = (each for each in entries if not each.name.startswith("."))
            return any(not _is_folder(each) or _holds_a_key(each.path) for each in named)
    except FileNotFoundError:  # removed since it was listed
        return False


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _removed(path: Path, older_than_s: float) -> bool:
    try:
        if _age_s(path) < older_than_s:
            return False
        path.unlink()
    except FileNotFoundError:  # its writer lives, and has just ended
        return False
    return True


def _unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith((".new", ".old"))
