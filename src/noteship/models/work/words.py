"""The work of text vectorisers: the tokens that are looked at, known to the vocabulary or not, and their weights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Counts, Part, nonzeros

__all__ = ["TRANSFORMERS"]


class _Vectoriser:
    """Tokens, and `factors` multiplications for each place of the row that is not zero.

    A text is cut into tokens once, for the count and for the matrix. Hashing a token, looking it up and counting it are
    one operation together; cutting is none.
    """

    def __init__(self, value: Any, factors: int) -> None:
        if value.input != "content":
            raise Beyond(type(value).__name__, "its rows name files")
        self._analyze = value.build_analyzer()
        self._factors = factors
        # The same vectoriser for texts that are cut already: lists of tokens.
        self._of_tokens = copy.copy(value)
        self._of_tokens.analyzer = list

    def count(self, given: Any) -> Counts:
        if self._factors:
            return self.through(given)[0]
        return _lengths([list(self._analyze(text)) for text in given])

    def through(self, given: Any) -> tuple[Counts, Any]:
        tokens = [list(self._analyze(text)) for text in given]
        made = self._of_tokens.transform(tokens)
        counts = _lengths(tokens)
        return (counts + self._factors * nonzeros(made) if self._factors else counts), made


def _lengths(tokens: list[list[str]]) -> Counts:
    return numpy.fromiter(map(len, tokens), dtype=numpy.int64, count=len(tokens))


def _counted(value: Any) -> Part:
    """Tokens."""
    return _Vectoriser(value, 0)


def _hashed(value: Any) -> Part:
    """Tokens, and a division for each place that is not zero where there is a norm."""
    return _Vectoriser(value, int(value.norm is not None))


def _weighted(value: Any) -> Part:
    """Tokens, and for each place that is not zero what TfidfTransformer takes."""
    return _Vectoriser(value, int(bool(value.use_idf)) + int(value.norm is not None))


TRANSFORMERS: Mapping[str, Callable[[Any], Part]] = {
    "sklearn.CountVectorizer": _counted,
    "sklearn.HashingVectorizer": _hashed,
    "sklearn.TfidfVectorizer": _weighted,
}
