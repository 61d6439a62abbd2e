"""Reads a file's bytes and holds them against the digest that they are known by, to the last one."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from noteship.images import errors
from noteship.images.descriptor import Descriptor

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["open_checked"]

BUFFER_BYTES = 1 << 18


def open_checked(path: Path, expected: Descriptor, place: str) -> BinaryIO:
    """A file to read from; its end is reached only where size and digest are right, else WrongBytes is raised there.

    - place: as an error says where the bytes are
    """
    return cast(BinaryIO, io.BufferedReader(_Checked(path, expected, place), BUFFER_BYTES))


class _Checked(io.RawIOBase):
    def __init__(self, path: Path, expected: Descriptor, place: str) -> None:
        self._stream = path.open("rb", buffering=0)
        self._expected, self._place = expected, place
        self._seen = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        into = memoryview(buffer).cast("B")
        count = self._stream.readinto(into) or 0
        self._seen.update(into[:count])
        self._size += count
        if self._size > self._expected.size or (not count and len(into)):
            self._check()
        return count

    def _check(self) -> None:
        if self._size != self._expected.size:
            raise self._wrong(f"they are {self._size} bytes or more, not {self._expected.size}")
        if f"sha256:{self._seen.hexdigest()}" != self._expected.digest:
            raise self._wrong(f"their digest is sha256:{self._seen.hexdigest()}")

    def _wrong(self, reason: str) -> errors.WrongBytes:
        return errors.WrongBytes(self._place, self._expected.digest, reason)
