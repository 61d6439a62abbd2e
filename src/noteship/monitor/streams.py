"""Random numbers that are the same on every machine, in every process, with every numpy."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

import numpy

__all__ = ["Array", "halves", "integers", "normals", "orders", "uniforms"]

Array = numpy.ndarray[Any, Any]

# Fibonacci hashing (Knuth 1973, 6.4): spreads what a checksum, which is linear, leaves close together.
GOLDEN = numpy.uint32(0x9E3779B1)
TOP_BIT = numpy.uint32(31)
MIXED = [(numpy.uint32(16), numpy.uint32(0x85EBCA6B)), (numpy.uint32(13), numpy.uint32(0xC2B2AE35))]


def integers(seed: str, name: str, count: int) -> Array:
    """`count` 64-bit numbers of the stream `name`.

    numpy promises that the raw output of PCG64 stays as it is; it does not promise that of its distributions.
    """
    digest = hashlib.sha256(f"{seed}\0{name}".encode()).digest()
    return numpy.random.PCG64(int.from_bytes(digest, "big")).random_raw(count)


def uniforms(seed: str, name: str, count: int) -> Array:
    """Numbers above 0 and below 1, of 52 bits and a half."""
    raw: Array = (integers(seed, name, count) >> numpy.uint64(12)).astype(numpy.float64)
    return (raw + 0.5) * 2.0**-52


def normals(seed: str, name: str, count: int) -> Array:
    """Standard normal numbers, by Box and Muller (1958)."""
    pairs = uniforms(seed, name, 2 * count).reshape(2, count)
    result: Array = numpy.sqrt(-2 * numpy.log(pairs[0])) * numpy.cos(2 * numpy.pi * pairs[1])
    return result


def halves(request_ids: Sequence[str]) -> Array:
    """Which of two halves each request belongs to, 0 or 1, by its id alone. Cost: 0.2 microseconds an id."""
    checksum = zlib.crc32
    sums = numpy.array([checksum(each.encode("utf-8", "replace")) for each in request_ids], dtype=numpy.uint32)
    return ((sums * GOLDEN) >> TOP_BIT).astype(numpy.intp)


def orders(request_ids: Sequence[str], key: int) -> Array:
    """A hash of each id under a key of 32 bits, from 0 to 2^32 - 1. Cost: 0.2 microseconds an id.

    A checksum, mixed by the finalizer of MurmurHash3 (Appleby 2011).
    """
    checksum = zlib.crc32
    sums = numpy.array([checksum(each.encode("utf-8", "replace"), key) for each in request_ids], dtype=numpy.uint32)
    for shift, factor in MIXED:
        sums ^= sums >> shift
        sums *= factor
    return sums ^ (sums >> numpy.uint32(16))
