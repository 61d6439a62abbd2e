"""Whole numbers as few bytes, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy

from noteship.monitor.streams import Array

__all__ = ["pack", "unpack"]

WIDEST = 8


def pack(head: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """One line of JSON, then the arrays, little-endian: floats in 8 bytes, whole numbers in what the largest takes.

    The line has `head`, the arrays' names, kinds and shapes, and the CRC-32 of what follows it. No number is negative.
    """
    parts, listed = [], []
    for name, array in arrays.items():
        is_float = array.dtype.kind == "f"
        width = WIDEST if is_float else -(-int(array.max(initial=0)).bit_length() // 8)
        wide = numpy.ascontiguousarray(array, dtype="<f8" if is_float else "<i8")
        parts.append(wide.view(numpy.uint8).reshape(-1, WIDEST)[:, :width].tobytes())
        listed.append([name, "f" if is_float else "i", width, list(array.shape)])
    body = b"".join(parts)
    line = json.dumps({**head, "arrays": listed, "check": zlib.crc32(body)}, separators=(",", ":"), sort_keys=True)
    return line.encode() + b"\n" + body


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The inverse of `pack`. Raises ValueError, KeyError or TypeError for other bytes."""
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    if head.pop("check") != zlib.crc32(body):
        raise ValueError("its checksum does not fit")
    arrays, start = {}, 0
    for name, kind, width, shape in head.pop("arrays"):
        count = int(numpy.prod(shape))
        wide = numpy.zeros((count, WIDEST), dtype=numpy.uint8)
        wide[:, :width] = numpy.frombuffer(body, numpy.uint8, count * width, start).reshape(count, width)
        flat = wide.view("<f8" if kind == "f" else "<i8")
        arrays[name] = flat.astype(flat.dtype.newbyteorder("=")).reshape(shape)
        start += count * width
    if start != len(body):
        raise ValueError("it is longer than it says")
    return head, arrays
