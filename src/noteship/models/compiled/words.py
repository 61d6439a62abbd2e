"""Texts to counted or hashed words, without matrices: scikit-learn's own analyzers, and one dictionary for a text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.fields import Single
from noteship.models.compiled.program import Array, Aside, Beyond, Entries, Program, Stack, Work
from noteship.models.compiled.weighting import normed, tf_idf
from noteship.models.rows import Rows

__all__ = ["analyzer", "counted", "hashed", "tf_idf_counted"]

# A token of up to 64 characters takes at most 332 bytes, its number 32, its place in the dictionary about 100: at most
# 15 MB for a vectoriser, 6 MB where tokens are words of eight letters.
CACHED_TOKENS, CACHED_LENGTH = 32_768, 64
# What scikit-learn takes for words unless told otherwise, and of 7-bit characters: those of words in lower case.
WORDS = r"(?u)\b\w\w+\b"
KEPT = bytes(code if code < 128 and (chr(code).isalnum() or code == ord("_")) else ord(" ") for code in range(256))
# The one hash without a positive counterpart in 32 bits.
LEAST = -(2**31)


def counted(value: Any, given: Any, program: Program) -> Stack:
    """CountVectorizer. Raises Beyond."""
    if numpy.dtype(value.dtype) not in (numpy.dtype(numpy.int64), numpy.dtype(numpy.float64)):
        raise Beyond(f"counts as {numpy.dtype(value.dtype)}")
    vocabulary = {token: int(place) for token, place in value.vocabulary_.items()}

    def codes(tokens: Any) -> list[int]:
        return [place for place in map(vocabulary.get, tokens) if place is not None]

    return _stack(value, given, program, codes, len(vocabulary))


def tf_idf_counted(value: Any, given: Any, program: Program) -> Stack:
    """TfidfVectorizer. Raises Beyond."""
    return tf_idf(value._tfidf, counted(value, given, program), program)


def hashed(value: Any, given: Any, program: Program) -> Stack:
    """HashingVectorizer. Raises Beyond."""
    if numpy.dtype(value.dtype) != numpy.dtype(numpy.float64):
        raise Beyond(f"hashed words as {numpy.dtype(value.dtype)}")
    places = _Hashes(value.n_features, is_signed=value.alternate_sign)
    stack = _stack(value, given, program, places.codes, value.n_features)
    if value.norm is None:
        return stack
    return Stack((normed(value.norm, stack.parts[0], program),), is_sparse=True)


def _stack(value: Any, given: Any, program: Program, codes: Callable[[Any], list[int]], width: int) -> Stack:
    if not isinstance(given, Single) or given.field.column.type not in ("text", "category"):
        raise Beyond("words of anything but one column of text")
    if value.input != "content":
        raise Beyond("words of files that the rows name")
    column = given.field.column
    if not all(isinstance(known, str) for known in column.categories):
        raise Beyond(f"words of the column {column.name}, which is not text")
    operation = _Words(given.field.place, analyzer(value), codes, width, is_binary=value.binary)
    return Stack((program.add(operation, (), width, is_entries=True, work=Work(tells=2)),), is_sparse=True)


def analyzer(value: Any) -> Callable[[str], Any]:
    """The vectoriser's own, or what does the same in a third of the time for texts in 7 bits, as most of them are."""
    analyze: Callable[[str], Any] = value.build_analyzer()
    if callable(value.analyzer):
        return lambda text: list(analyze(text))
    has_own = callable(value.strip_accents) or value.preprocessor or value.tokenizer
    told = value.analyzer, value.token_pattern, value.stop_words, tuple(value.ngram_range)
    if has_own or told != ("word", WORDS, None, (1, 1)):
        return analyze
    table = KEPT.lower() if value.lowercase else KEPT

    def words(text: str) -> Any:
        if not text.isascii():
            return analyze(text)
        return [word for word in text.encode().translate(table).decode().split() if len(word) > 1]

    return words


@dataclass(frozen=True, eq=False)
class _Words:
    """For each text its tokens' places, ascending, and how often each is there: place p counted downwards is ~p.

    It tells how many tokens each has, known ones or not, and in how many places.
    """

    place: int
    analyze: Callable[[str], Any]
    codes: Callable[[Any], list[int]]
    width: int
    is_binary: bool

    def __call__(self, rows: Rows) -> tuple[Entries, Array]:
        texts = rows.others[self.place]
        if None in texts:
            raise Aside
        if len(texts) == 1:
            tokens = self.analyze(texts[0])
            found = self._valued(_one(self.codes(tokens)))
            return found, numpy.array(((len(tokens), numpy.count_nonzero(found.values)),))
        given, lengths = [], []
        for text in texts:
            # One text's tokens at a time, which take the memory of the one before.
            tokens = self.analyze(text)
            given.append(self.codes(tokens))
            lengths.append(len(tokens))
        found = self._valued(_many(given, self.width))
        told = numpy.empty((len(texts), 2), dtype=numpy.int64)
        told[:, 0] = lengths
        told[:, 1] = found.nonzeros()
        return found, told

    def _valued(self, found: Entries) -> Entries:
        return found.with_values(numpy.ones(len(found.values))) if self.is_binary else found


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

    def codes(self, tokens: Any) -> list[int]:
        """Where each token counts."""
        return list(map(self.__getitem__, tokens))


def _one(codes: list[int]) -> Entries:
    """The counts of one text: a dictionary is quicker than arrays are."""
    total: dict[int, float] = {}
    count = total.get
    for code in codes:
        if code >= 0:
            total[code] = count(code, 0.0) + 1.0
        else:
            total[~code] = count(~code, 0.0) - 1.0
    places = sorted(total)
    counts = numpy.array([total[place] for place in places], dtype=numpy.float64)
    return Entries(numpy.array((0, len(places))), numpy.array(places, dtype=numpy.intp), counts)


def _many(given: Sequence[list[int]], width: int) -> Entries:
    """The counts of several texts, by sorting the places of all of them."""
    codes = numpy.array(list(itertools.chain.from_iterable(given)), dtype=numpy.int64)
    # All bits of what is counted downwards, and none of the rest.
    signs = codes >> 63
    begins = numpy.arange(len(given) + 1) * width
    keys = numpy.repeat(begins[:-1], list(map(len, given))) + (codes ^ signs)
    order = numpy.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = numpy.flatnonzero(numpy.diff(keys, prepend=-1))
    counts = numpy.add.reduceat((signs | 1)[order], firsts) if len(firsts) else numpy.empty(0)
    kept = keys[firsts]
    return Entries(numpy.searchsorted(kept, begins), kept % width, counts.astype(numpy.float64))
