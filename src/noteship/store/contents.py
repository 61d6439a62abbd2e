"""Immutable content under the digest of its bytes, verified whenever it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from noteship import digests, files
from noteship import errors as base_errors
from noteship.digests import Digest
from noteship.store import errors, keys
from noteship.store.bucket import PIECE_BYTES, Bucket

__all__ = ["Contents"]

# A file that changes while it is read is read again; one that always changes is being written by someone.
ATTEMPTS = 3


class Contents:
    """Objects over any bucket.

    Guarantee: what is returned or put in place has the digest that was asked for. An object that has not is moved to
    ``damaged/``, so that storing the content again heals the store.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @property
    def url(self) -> str:
        """The store's place, for messages: without credentials."""
        return self._bucket.url

    def has(self, digest: Digest, *, size_bytes: int | None = None) -> bool:
        """Whether an object or a folder's description is there, of that size if one is given; bytes are not read."""
        size = self._bucket.size(keys.object_key(digest))
        if size is None:
            size = self._bucket.size(keys.tree_key(digest))
        return size is not None and size_bytes in (None, size)

    def put_bytes(self, data: bytes) -> Digest:
        """Store bytes; those that are there already only become young again."""
        return self._put_small(keys.object_key, data)

    def get_bytes(self, digest: Digest) -> bytes:
        """An object's bytes. Raises MissingObject, DamagedObject."""
        return self._get_small(keys.object_key(digest), digest)

    def put_file(self, path: Path) -> Digest:
        """Store a file's bytes; those that are there already only become young again.

        Raises SourceUnreadable, SourceChanged. Cost: one pass over the file, two when it is new; a few MiB of memory
        (on S3 about 50).
        """
        return self._put_file(path)[0]

    def fetch_file(self, digest: Digest, target: Path) -> None:
        """Write an object to a file, which takes its name only when the bytes are right.

        Raises MissingObject, DamagedObject, TargetUnwritable; then what was at the target before is still there.
        """
        self._fetch_file(digest, target, executable=False)

    def _put_file(self, path: Path) -> tuple[Digest, int, bool]:
        for _ in range(ATTEMPTS):
            try:
                return self._put_file_once(path)
            except _Mismatch:
                continue
        raise errors.SourceChanged(str(path))

    def _put_file_once(self, path: Path) -> tuple[Digest, int, bool]:
        try:
            digest, status = digests.of_file(path), path.stat()
        except OSError as error:
            raise errors.SourceUnreadable(str(path), error.strerror or type(error).__name__) from error
        key = keys.object_key(digest)
        if self._bucket.refresh(key) != status.st_size:
            self._bucket.put(key, _verified(_file_pieces(path), digest))
        return digest, status.st_size, bool(status.st_mode & 0o100)

    def _put_small(self, key_of: Callable[[Digest], str], data: bytes) -> Digest:
        digest = digests.of_bytes(data)
        if self._bucket.refresh(key_of(digest)) != len(data):
            self._bucket.put(key_of(digest), [data])
        return digest

    def _get_small(self, key: str, digest: Digest) -> bytes:
        found = self._bucket.get(key)
        if found is None:
            raise errors.MissingObject(self.url, digest)
        if digests.of_bytes(found.data) != digest:
            raise self._damaged(key, digest)
        return found.data

    def _fetch_file(self, digest: Digest, target: Path, *, executable: bool) -> None:
        key = keys.object_key(digest)
        try:
            with files.replacing(target) as stream:
                for piece in _verified(self._bucket.pieces(key), digest):
                    stream.write(piece)
                files.set_executable(stream, executable=executable)
        except KeyError as error:
            raise errors.MissingObject(self.url, digest) from error
        except _Mismatch as error:
            raise self._damaged(key, digest) from error
        except OSError as error:
            raise errors.TargetUnwritable(str(target), error.strerror or type(error).__name__) from error

    def _damaged(self, key: str, digest: Digest) -> errors.DamagedObject:
        return errors.DamagedObject(self.url, digest, self._move_aside(key, digest))

    def _move_aside(self, key: str, name: str) -> str:
        aside = keys.aside_key(name)
        try:
            self._bucket.put(aside, self._bucket.pieces(key))
            self._bucket.delete(key)
        except KeyError:  # another reader was faster
            return aside
        except base_errors.NoteshipError:  # the damage is the news, not that it must stay where it is
            return ""
        return aside


class _Mismatch(Exception):
    """The bytes that went by have another digest than expected."""


def _verified(pieces: Iterator[bytes], digest: Digest) -> Iterator[bytes]:
    hasher = hashlib.sha256()
    for piece in pieces:
        hasher.update(piece)
        yield piece
    if hasher.hexdigest() != digest:
        raise _Mismatch


def _file_pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb", buffering=0) as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise errors.SourceUnreadable(str(path), error.strerror or type(error).__name__) from error
