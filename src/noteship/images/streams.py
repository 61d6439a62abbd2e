"""Pieces of bytes that come one after another, as a file that is read."""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any, BinaryIO, cast

__all__ = ["of_pieces"]

BUFFER_BYTES = 1 << 20


def of_pieces(pieces: Generator[bytes, None, None]) -> BinaryIO:
    """A file of what comes, each piece when it is wanted; what the generator raises, reading raises.

    Closing the file closes the generator.
    """
    return cast(BinaryIO, io.BufferedReader(_Reader(pieces), BUFFER_BYTES))


class _Reader(io.RawIOBase):
    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        into = memoryview(buffer).cast("B")
        count = min(len(into), len(self._rest))
        into[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._pieces.close()
        super().close()
