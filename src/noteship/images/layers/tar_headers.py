"""Headers of tar files: ustar, with pax records (POSIX.1-2001) where ustar has no room; owner 0:0, one fixed time."""

from __future__ import annotations

from typing import Literal

__all__ = ["BLOCK_BYTES", "END", "EPOCH_S", "header", "padding"]

BLOCK_BYTES = 512
END = bytes(2 * BLOCK_BYTES)
# 1980-01-01 00:00 UTC: the earliest time that a zip can say, so that who packs files of an image as a wheel or zip can.
EPOCH_S = 315532800
NAME_BYTES = 100
PREFIX_BYTES = 155
# Eleven octal digits.
MOST_BYTES = 8**11 - 1

Kind = Literal["file", "folder", "link"]
TYPES: dict[str, bytes] = {"file": b"0", "folder": b"5", "link": b"2", "pax": b"x"}


def header(path: str, kind: Kind, size: int = 0, *, executable: bool = False, target: str = "") -> bytes:
    """All that stands before a file's bytes. Modes are 0755 or 0644.

    - path: relative, with `/`
    - size: in bytes
    - target: what a link leads to
    """
    name = (path + "/" if kind == "folder" else path).encode()
    prefix, short = _split(name)
    records = [] if short else [("path", name)]
    if not _is_short(target.encode()):
        records.append(("linkpath", target.encode()))
    if size > MOST_BYTES:
        records.append(("size", b"%d" % size))
    mode = 0o644 if kind == "file" and not executable else 0o755
    own = _block(
        prefix, short or _fallback(name), kind, mode, 0 if size > MOST_BYTES else size, _fallback(target.encode())
    )
    return _pax(records) + own


def padding(size: int) -> bytes:
    """What fills a file's last block."""
    return bytes(-size % BLOCK_BYTES)


def _split(name: bytes) -> tuple[bytes, bytes]:
    """A name as ustar's prefix and name; empty where it has no room or is not ASCII."""
    if _is_short(name):
        return b"", name
    at = name.find(b"/", max(0, len(name) - NAME_BYTES - 1))
    if name.isascii() and 0 < at <= PREFIX_BYTES and at < len(name) - 1:
        return name[:at], name[at + 1 :]
    return b"", b""


def _is_short(name: bytes) -> bool:
    return name.isascii() and len(name) <= NAME_BYTES


def _fallback(name: bytes) -> bytes:
    """What a reader sees who knows no pax records."""
    return name.decode().encode("ascii", "replace")[:NAME_BYTES]


def _pax(records: list[tuple[str, bytes]]) -> bytes:
    if not records:
        return b""
    data = b"".join(_record(key.encode(), value) for key, value in sorted(records))
    return _block(b"", b"./PaxHeaders/file", "pax", 0o644, len(data), b"") + data + padding(len(data))


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE`, where the length counts its own digits."""
    rest = b" %s=%s\n" % (key, value)
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return b"%d%s" % (length, rest)


def _block(prefix: bytes, name: bytes, kind: str, mode: int, size: int, target: bytes) -> bytes:
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, EPOCH_S)
    before = name.ljust(NAME_BYTES, b"\0") + numbers
    after = TYPES[kind] + target.ljust(NAME_BYTES, b"\0") + b"ustar\x0000" + bytes(64) + b"0000000\x000000000\0"
    after += prefix.ljust(PREFIX_BYTES, b"\0") + bytes(12)
    checksum = sum(before) + sum(after) + 8 * ord(" ")
    return before + b"%06o\0 " % checksum + after
