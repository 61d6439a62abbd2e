"""What a layer is made of: files and links by their path in the image, and where the files' bytes come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from noteship import digests
from noteship.images.layers import errors

__all__ = ["Content", "Entry", "Held", "Link", "OnDisk", "PlainSink", "Sink"]

PIECE_BYTES = 1 << 18


class Sink(Protocol):
    """Where the bytes of one file go."""

    def plain(self, data: bytes) -> None:
        """The next bytes of a file."""
        ...

    def deflated(self, pieces: Iterable[tuple[bytes, bytes]], crc: int, size: int) -> None:
        """A whole file as a deflate stream: pieces of the stream with what they inflate to; either may be empty."""
        ...


@dataclass(frozen=True)
class PlainSink:
    """Gives all bytes of a file as they are to a function."""

    write: Callable[[bytes], object]

    def plain(self, data: bytes) -> None:
        """The next bytes of a file."""
        self.write(data)

    def deflated(self, pieces: Iterable[tuple[bytes, bytes]], crc: int, size: int) -> None:  # noqa: ARG002
        """A whole file, inflated."""
        for _, plain in pieces:
            self.write(plain)


class Content(Protocol):
    """The bytes of a file, which can be had again and again.

    `digest` tells contents apart: of two with one digest the bytes are the same.
    """

    @property
    def digest(self) -> str:
        """Hexadecimal."""
        ...

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def send(self, sink: Sink) -> None:
        """Give all bytes. Raises an error of this room where they are not what digest and size say."""
        ...


@dataclass(frozen=True)
class Held:
    """Bytes in memory."""

    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256."""
        return digests.of_bytes(self.data)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)

    def send(self, sink: Sink) -> None:
        """Give all bytes."""
        sink.plain(self.data)


@dataclass(frozen=True)
class OnDisk:
    """A file's bytes, with the digest and size that they had when they were looked at."""

    path: Path
    digest: str
    size: int

    @classmethod
    def of(cls, path: Path) -> OnDisk:
        """Look at a file. Raises FileUnfit."""
        try:
            return cls(path, digests.of_file(path), path.stat().st_size)
        except OSError as error:
            raise errors.FileUnfit(str(path), error.strerror or type(error).__name__) from error

    def send(self, sink: Sink) -> None:
        """Give all bytes. Raises FileChanged, FileUnfit."""
        seen = hashlib.sha256()
        left = self.size
        try:
            with self.path.open("rb") as stream:
                while data := stream.read(PIECE_BYTES):
                    left -= len(data)
                    if left < 0:
                        break
                    seen.update(data)
                    sink.plain(data)
        except OSError as error:
            raise errors.FileUnfit(str(self.path), error.strerror or type(error).__name__) from error
        if left or seen.hexdigest() != self.digest:
            raise errors.FileChanged(str(self.path))


@dataclass(frozen=True)
class Entry:
    """A file of an image; `path` is relative to the image's root, with `/`."""

    path: str
    content: Content
    executable: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link of an image."""

    path: str
    target: str
