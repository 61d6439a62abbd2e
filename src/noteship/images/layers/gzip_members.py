"""gzip files of members, without a compressor: bytes stored as they are, and deflate streams that others made.

RFC 1952, 2.2: a gzip file is a series of members, which are read as one. RFC 1951, 3.2.4: a stored block has up to
65,535 bytes. No compressor runs, so the bytes depend on what is given alone, never on a version of zlib.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

__all__ = ["GzipMembers"]

# Magic, deflate, no flags, no time, no hint of the effort, system unknown (RFC 1952, 2.3.1).
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
BLOCK_BYTES = 0xFFFF


class GzipMembers:
    """Bytes to store and streams to copy, one behind the other, as one gzip file.

    Guarantee: the written bytes depend on the bytes given and on where streams were copied, not on how they were cut.
    Memory: one stored block.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._stored = bytearray()
        self._crc = 0
        self._size = 0
        self._begun = False

    def store(self, data: bytes) -> None:
        """Add bytes, uncompressed."""
        if not data:
            return
        if not self._begun:
            self._write(HEADER)
            self._begun = True
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._stored += data
        # The last block says that it is, so one is kept back.
        while len(self._stored) > BLOCK_BYTES:
            self._block(BLOCK_BYTES, last=False)

    def finish(self) -> None:
        """End the member of stored bytes, if there is one."""
        if self._begun:
            self._block(len(self._stored), last=True)
            self._end(self._crc, self._size)
            self._crc = self._size = 0
            self._begun = False

    def begin_copy(self) -> None:
        """Begin a member whose deflate stream is copied."""
        self.finish()
        self._write(HEADER)

    def copy(self, raw: bytes) -> None:
        """The next bytes of the stream."""
        self._write(raw)

    def end_copy(self, crc: int, size: int) -> None:
        """End the member. What it inflates to has this CRC-32 and this size in bytes."""
        self._end(crc, size)

    def _block(self, size: int, *, last: bool) -> None:
        self._write(struct.pack("<BHH", last, size, size ^ 0xFFFF) + self._stored[:size])
        del self._stored[:size]

    def _end(self, crc: int, size: int) -> None:
        # The size is told modulo 2^32.
        self._write(struct.pack("<II", crc, size & 0xFFFFFFFF))
