"""A wheel as a zip, of which nothing is believed: its members by name, each checked while it is read."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import weakref
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from isal import isal_zlib

from noteship import files
from noteship.images.layers import errors
from noteship.images.layers.entry import PIECE_BYTES, Sink

__all__ = ["Archive", "Expected", "Member", "members"]

STORED, DEFLATED = 0, 8
# The library gives it no type.
INFLATING_FAILED: type[Exception] = isal_zlib.error  # type: ignore[assignment]
METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard", 95: "xz", 98: "ppmd"}
# Bits 0, 6 and 13 of a member's flags: encrypted, strongly encrypted, with hidden names (APPNOTE 6.3.10, 4.4.4).
ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
LOCAL_HEADER_BYTES = 30
# What a piece of a deflate stream may inflate to at once.
INFLATED_BYTES = 1 << 20


@dataclass(frozen=True)
class Expected:
    """What RECORD says that a member's bytes have: hexadecimal, by an algorithm of hashlib."""

    algorithm: str
    digest: str


@dataclass(frozen=True)
class Archive:
    """A wheel's file, opened once for all that is read of it, by several threads too."""

    path: Path

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def read(self, size: int, offset: int) -> bytes:
        """Bytes of it, fewer where it ends. Raises OSError."""
        return os.pread(self._descriptor, size, offset)

    @cached_property
    def _descriptor(self) -> int:
        found = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, found)
        return found


@dataclass(frozen=True)
class Member:
    """One file of a wheel. As content of a layer its deflate stream is copied as it is."""

    wheel: Archive
    name: str
    size: int
    packed_size: int
    crc: int
    method: int
    offset: int
    executable: bool
    expected: Expected | None = None

    @property
    def digest(self) -> str:
        """RECORD's where it has one, else of what the zip says."""
        if self.expected:
            other = "" if self.expected.algorithm == "sha256" else f"{self.expected.algorithm}:"
            return other + self.expected.digest
        return f"crc:{self.crc:08x}:{self.size}"

    def send(self, sink: Sink) -> None:
        """Give all bytes. Raises UnfitWheel where they are not what the zip and RECORD say."""
        if self.method == DEFLATED:
            sink.deflated(self._pieces(), self.crc, self.size)
            return
        for _, plain in self._pieces():
            sink.plain(plain)

    def read(self, limit: int) -> bytes:
        """All bytes, if they are not more than a limit. Raises UnfitWheel."""
        if self.size > limit:
            raise self._unfit(f"has {self.size} bytes, and {limit} at most are expected")
        return b"".join(plain for _, plain in self._pieces())

    def begins_with(self, text: bytes) -> bool:
        """Whether it does; little more is read. Raises UnfitWheel."""
        seen = b""
        for _, plain in self._unchecked():
            seen += plain
            if len(seen) >= len(text):
                break
        return seen.startswith(text)

    def _pieces(self) -> Iterator[tuple[bytes, bytes]]:
        """Pieces as stored in the zip and as they are, with CRC, size and digest held against what is said of them."""
        crc, size = 0, 0
        seen = hashlib.new(self.expected.algorithm) if self.expected else None
        for raw, plain in self._unchecked():
            crc = isal_zlib.crc32(plain, crc)
            size += len(plain)
            if size > self.size:
                raise self._unfit("has more bytes than the zip says")
            if seen:
                seen.update(plain)
            yield raw, plain
        if size != self.size or crc != self.crc:
            raise self._unfit("has not the bytes that the zip says: its size or CRC-32 differs")
        if seen and self.expected and seen.hexdigest() != self.expected.digest:
            raise self._unfit(f"has not the bytes that RECORD says: its {self.expected.algorithm} differs")

    def _unchecked(self) -> Iterator[tuple[bytes, bytes]]:
        try:
            if self.method == DEFLATED:
                yield from self._inflated()
            else:
                for raw in self._raw():
                    yield raw, raw
        except (OSError, INFLATING_FAILED, struct.error) as error:
            raise self._unfit(f"cannot be read: {error}") from error

    def _inflated(self) -> Iterator[tuple[bytes, bytes]]:
        inflater = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
        for raw in self._raw():
            yield raw, inflater.decompress(raw, INFLATED_BYTES)
            while inflater.unconsumed_tail:
                yield b"", inflater.decompress(inflater.unconsumed_tail, INFLATED_BYTES)
        while not inflater.eof and (plain := inflater.decompress(b"", INFLATED_BYTES)):
            yield b"", plain
        if not inflater.eof or inflater.unused_data:
            # As a member of a gzip file it would end elsewhere than the zip says.
            raise self._unfit("has a deflate stream that does not end where the zip says")

    def _raw(self) -> Iterator[bytes]:
        expected = self.name.encode()
        head = self.wheel.read(LOCAL_HEADER_BYTES + len(expected), self.offset)
        magic, name_bytes, extra_bytes = struct.unpack_from("<4s22xHH", head)
        if magic != b"PK\x03\x04" or name_bytes != len(expected) or head[LOCAL_HEADER_BYTES:] != expected:
            raise self._unfit("is not where the zip says")
        at, left = self.offset + len(head) + extra_bytes, self.packed_size
        while left:
            data = self.wheel.read(min(PIECE_BYTES, left), at)
            if not data:
                raise self._unfit("ends before its end")
            at += len(data)
            left -= len(data)
            yield data

    def _unfit(self, reason: str) -> errors.UnfitWheel:
        return errors.UnfitWheel(self.wheel.name, f"'{self.name}' {reason}")


def members(wheel: Path) -> dict[str, Member]:
    """The files of a wheel by their names, in the order of the zip. Raises UnfitWheel on everything that is a trick."""
    try:
        with zipfile.ZipFile(wheel, metadata_encoding="utf-8") as opened:
            listed = opened.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise errors.UnfitWheel(wheel.name, f"it cannot be read as a zip: {error}") from error
    found: dict[str, Member] = {}
    archive = Archive(wheel)
    for info in listed:
        _check(wheel, info)
        if info.is_dir():
            continue
        if info.filename in found:
            raise errors.UnfitWheel(wheel.name, f"it has '{info.filename}' twice")
        found[info.filename] = _member(archive, info)
    _check_apart(wheel, found)
    return found


def _member(archive: Archive, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    return Member(
        archive,
        info.filename,
        info.file_size,
        info.compress_size,
        info.CRC,
        info.compress_type,
        info.header_offset,
        executable=bool(mode & 0o111),
    )


def _check(wheel: Path, info: zipfile.ZipInfo) -> None:
    # zipfile cuts a name at a NUL; the name as it stands in the zip is this one.
    name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
    reason = ""
    if not files.is_inside(name.removesuffix("/")) or "\\" in name or name[1:2] == ":":
        reason = "leads out of the wheel, or is no name"
    elif info.flag_bits & ENCRYPTED:
        reason = "is encrypted"
    elif info.compress_type not in (STORED, DEFLATED):
        method = METHODS.get(info.compress_type, f"method {info.compress_type}")
        reason = f"is compressed by {method}; wheels are deflated or stored"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        reason = "is a link or a device, and wheels have files only"
    elif info.compress_type == STORED and info.file_size != info.compress_size:
        reason = "is stored, with two sizes"
    if reason:
        raise errors.UnfitWheel(wheel.name, f"'{name}' {reason}")


def _check_apart(wheel: Path, found: dict[str, Member]) -> None:
    """No member lies in another one's bytes, as in zips that unpack to far more than they are."""
    end = 0
    for member in sorted(found.values(), key=lambda each: each.offset):
        if member.offset < end:
            raise errors.UnfitWheel(wheel.name, f"'{member.name}' lies in the bytes of another file")
        end = member.offset + LOCAL_HEADER_BYTES + len(member.name.encode()) + member.packed_size
