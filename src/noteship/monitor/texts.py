"""Texts: a few numbers that can be named, and the words by a stable hash."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy

from noteship.monitor.streams import Array

__all__ = ["DIMENSIONS", "MEASURES", "encode"]

MEASURES = ("length", "words", "share of digits", "share of capitals", "share of punctuation", "share of non-ASCII")
DIMENSIONS = 64
# Characters of a text that are looked at beyond its length: two pages.
LOOKED_AT = 4_096
# Bytes that are looked at together; an integer of 8 bytes for each fits into a processor's cache.
TOGETHER = 65_536

DIGITS, CAPITALS = b"0123456789", bytes(range(65, 91))
SPACES = bytes([*range(33), 127])
WORD = DIGITS + CAPITALS + bytes(range(97, 123)) + bytes(range(128, 256))
PUNCTUATION = bytes(byte for byte in range(256) if byte not in WORD + SPACES)
# First bytes of characters in UTF-8 that are not ASCII; of those from U+3000 on.
LEADS, HIGH_LEADS = bytes(range(192, 256)), bytes(range(0xE3, 256))
# Letters of words without their case, 0 between words.
LETTERS = bytes(byte + 32 if byte in CAPITALS else byte if byte in WORD else 0 for byte in range(256))
# Four counts in one number, of 16 bits each: LOOKED_AT is below 2^16.
COUNTED = (DIGITS, CAPITALS, PUNCTUATION, LEADS)
SHIFTS = numpy.array([0, 16, 32, 48], dtype=numpy.uint64)
COUNTS = numpy.array(
    [sum(1 << 16 * i for i, each in enumerate(COUNTED) if byte in each) for byte in range(256)], dtype=numpy.uint64
)
# Hash of a word: its bytes as digits of a number to this base, modulo 2^32 (Karp and Rabin 1987), then mixed. Each is
# found in the powers at its place in the whole text, and divided by that of its first byte: the base has an inverse.
BASE = 0x9E3779B1
MIXING = (numpy.uint32(16), numpy.uint32(0x85EBCA6B)), (numpy.uint32(13), numpy.uint32(0xC2B2AE35))


def _flags(members: bytes) -> bytes:
    """A table that makes 1 of some bytes, and 0 of all others."""
    return bytes(int(byte in members) for byte in range(256))


# Scripts from U+3000 on are mostly written without spaces: each of their characters is taken for a word.
IS_ALONE = _flags(HIGH_LEADS)


def encode(texts: Sequence[str | None], column: int = 0) -> tuple[Array, Array]:
    """The measures, (n, 6), NaN for a missing text, and the words, (n, DIMENSIONS): +1 or -1 for each, by its hash.

    The hash depends on the column, so that the same word is another one in another column. Of a text, the first 4,096
    characters are looked at. Cost: about 8 nanoseconds a character.
    """
    begun = ["" if text is None else text[:LOOKED_AT] for text in texts]
    looked_at = [text.encode("utf-8", "replace") for text in begun]
    pieces = [_encode(looked_at[start:end], column) for start, end in _together(looked_at)]
    lengths = numpy.array([math.nan if text is None else len(text) for text in texts], dtype=numpy.float64)
    characters = numpy.maximum(numpy.minimum(lengths, LOOKED_AT), 1.0)
    counts, words, hashed = (numpy.concatenate(parts) for parts in zip(*pieces, strict=True))
    measured = numpy.column_stack([lengths, words, counts / characters[:, None]])
    measured[numpy.isnan(lengths)] = math.nan
    return measured, hashed


def _together(texts: Sequence[bytes]) -> list[tuple[int, int]]:
    """Neighbours that are looked at together."""
    ends = numpy.cumsum([len(text) + 1 for text in texts]) // TOGETHER
    cuts = [0, *(numpy.flatnonzero(numpy.diff(ends)) + 1).tolist(), len(texts)]
    return list(itertools.pairwise(cuts))


def _encode(texts: Sequence[bytes], column: int) -> tuple[Array, Array, Array]:
    """Characters by class, (n, 4), the number of words, (n,), and the words by hash, (n, DIMENSIONS)."""
    count = len(texts)
    # A space after each ends its last word.
    joined = b" ".join(texts) + b" "
    begins = numpy.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    packed = numpy.add.reduceat(COUNTS.take(numpy.frombuffer(joined, numpy.uint8)), begins)
    classes = (packed[:, None] >> SHIFTS & numpy.uint64(0xFFFF)).astype(numpy.float64)
    letters = numpy.frombuffer(joined.translate(LETTERS), numpy.uint8)
    is_word = letters != 0
    starts_word = is_word.copy()
    starts_word[1:] &= ~is_word[:-1]
    if not joined.isascii():
        starts_word |= numpy.frombuffer(joined.translate(IS_ALONE), dtype=bool)
    words = numpy.add.reduceat(starts_word.view(numpy.uint8), begins, dtype=numpy.intp)
    hashes = _hashes(letters, numpy.flatnonzero(starts_word)) * numpy.uint32(2 * column + 1)
    places = numpy.repeat(numpy.arange(count) * DIMENSIONS, words) + (hashes >> numpy.uint32(26))
    signs = 1.0 - 2.0 * (hashes >> numpy.uint32(25) & numpy.uint32(1))
    hashed = numpy.bincount(places, weights=signs, minlength=count * DIMENSIONS)
    return classes, words, hashed.reshape(count, DIMENSIONS)


def _hashes(letters: Array, starts: Array) -> Array:
    """Of each word, from where it starts to where the next one does; what is between them counts nothing."""
    if not len(starts):
        return numpy.empty(0, dtype=numpy.uint32)
    digits = letters * _powers(BASE)[: len(letters)]
    hashes: Array = numpy.add.reduceat(digits, starts, dtype=numpy.uint32)
    hashes *= _powers(pow(BASE, -1, 1 << 32)).take(starts)
    for shift, factor in MIXING:
        hashes ^= hashes >> shift
        hashes *= factor
    return hashes


@functools.cache
def _powers(base: int) -> Array:
    """Of a base modulo 2^32, from the zeroth on, for as many letters as are looked at together."""
    # One more text may come to what is just below TOGETHER; in UTF-8 a character has up to four bytes.
    factors = numpy.full(TOGETHER + 4 * LOOKED_AT + 2, base, dtype=numpy.uint32)
    factors[0] = 1
    return numpy.multiply.accumulate(factors)
