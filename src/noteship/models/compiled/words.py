"""Texts to counted or hashed words, without matrices: scikit-learn's own analyzers, and one dictionary for a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.fields import Single
from noteship.models.compiled.program import Aside, Beyond, Entries, Program, Stack
from noteship.models.compiled.weighting import RowNorm, tf_idf
from noteship.models.rows import Rows

__all__ = ["counted", "hashed", "tf_idf_counted"]

# A token of up to 64 characters takes at most 332 bytes, its number 32, its place in the dictionary about 100: at most
# 15 MB for a vectoriser, 6 MB where tokens are words of eight letters.
CACHED_TOKENS, CACHED_LENGTH = 32_768, 64
# The one hash without a positive counterpart in 32 bits.
LEAST = -(2**31)


def counted(value: Any, given: Any, program: Program) -> Stack:
    """CountVectorizer. Raises Beyond."""
    if numpy.dtype(value.dtype) not in (numpy.dtype(numpy.int64), numpy.dtype(numpy.float64)):
        raise Beyond(f"counts as {numpy.dtype(value.dtype)}")
    vocabulary = {token: int(place) for token, place in value.vocabulary_.items()}
    width = len(vocabulary)

    def count(tokens: Any) -> Mapping[int, int]:
        found = Counter(map(vocabulary.get, tokens))
        found.pop(None, None)
        return found  # type: ignore[return-value]

    return _stack(value, given, program, count, width)


def tf_idf_counted(value: Any, given: Any, program: Program) -> Stack:
    """TfidfVectorizer. Raises Beyond."""
    return tf_idf(value._tfidf, counted(value, given, program), program)


def hashed(value: Any, given: Any, program: Program) -> Stack:
    """HashingVectorizer. Raises Beyond."""
    if numpy.dtype(value.dtype) != numpy.dtype(numpy.float64):
        raise Beyond(f"hashed words as {numpy.dtype(value.dtype)}")
    places = _Hashes(value.n_features, is_signed=value.alternate_sign)
    stack = _stack(value, given, program, places.count, value.n_features)
    if value.norm is None:
        return stack
    return Stack((program.add(RowNorm(value.norm), stack.parts, value.n_features, is_entries=True),), is_sparse=True)


def _stack(value: Any, given: Any, program: Program, count: Callable[[Any], Mapping[int, int]], width: int) -> Stack:
    if not isinstance(given, Single) or given.field.column.type not in ("text", "category"):
        raise Beyond("words of anything but one column of text")
    if value.input != "content":
        raise Beyond("words of files that the rows name")
    column = given.field.column
    if not all(isinstance(known, str) for known in column.categories):
        raise Beyond(f"words of the column {column.name}, which is not text")
    operation = _Words(given.field.place, value.build_analyzer(), count, is_binary=value.binary)
    return Stack((program.add(operation, (), width, is_entries=True),), is_sparse=True)


@dataclass(frozen=True, eq=False)
class _Words:
    """For each text its tokens' places, ascending, and how often each is there."""

    place: int
    analyze: Callable[[str], Any]
    count: Callable[[Any], Mapping[int, int]]
    is_binary: bool

    def __call__(self, rows: Rows) -> Entries:
        columns: list[int] = []
        counts: list[int] = []
        starts = [0]
        for text in rows.others[self.place]:
            if text is None:
                raise Aside
            found = self.count(self.analyze(text))
            places = sorted(found)
            columns += places
            counts += map(found.__getitem__, places)
            starts.append(len(columns))
        values = numpy.ones(len(counts)) if self.is_binary else numpy.array(counts, dtype=numpy.float64)
        return Entries(numpy.array(starts, dtype=numpy.intp), numpy.array(columns, dtype=numpy.intp), values)


class _Hashes(dict[str, int]):
    """Hashed places of tokens, kept for those met lately; place p counted downwards is -1 - p.

    Threads may fill it together: what one loses, it computes again.
    """

    def __init__(self, width: int, *, is_signed: bool) -> None:
        super().__init__()
        from sklearn.utils import murmurhash3_32  # type: ignore[import-untyped]

        self._hash = murmurhash3_32
        self._width = width
        self._is_signed = is_signed

    def __missing__(self, token: str) -> int:
        number = int(self._hash(token, 0))
        # As FeatureHasher has it, the least number aside, whose negative does not fit.
        place = (2**31 - 1 - (self._width - 1) if number == LEAST else abs(number)) % self._width
        code = ~place if self._is_signed and number < 0 else place
        if len(token) <= CACHED_LENGTH:
            if len(self) >= CACHED_TOKENS:
                self.clear()
            self[token] = code
        return code

    def count(self, tokens: Any) -> Mapping[int, int]:
        """How often each place is met, with the sign of its tokens."""
        found = Counter(map(self.__getitem__, tokens))
        if not self._is_signed:
            return found
        total: dict[int, int] = {}
        for code, number in found.items():
            if code >= 0:
                total[code] = total.get(code, 0) + number
            else:
                total[~code] = total.get(~code, 0) - number
        return total
