"""The words of a text, found without a regular expression where that is exact."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer  # type: ignore[import-untyped]

from noteship.models.compiled.words import analyzer

VECTORISERS = [
    HashingVectorizer(),
    CountVectorizer(lowercase=False),
    CountVectorizer(strip_accents="unicode"),
    CountVectorizer(ngram_range=(1, 2)),
    CountVectorizer(stop_words=["the", "aunt"]),
    CountVectorizer(analyzer="char"),
    CountVectorizer(token_pattern=r"\w+"),
    CountVectorizer(preprocessor=str.swapcase),
    CountVectorizer(tokenizer=str.split, token_pattern=None),
]
ASCII = "".join(map(chr, range(128)))
TEXTS = st.one_of(st.text(), st.text(ASCII), st.text(string.ascii_letters + string.digits + "_ -.\n\x1c\x0b"))


@pytest.mark.parametrize("vectoriser", VECTORISERS, ids=str)
def test_words_are_the_vectorisers(vectoriser: Any) -> None:
    """For texts of any kind, and any settings, the words are those of scikit-learn in their order."""
    ours, theirs = analyzer(vectoriser), vectoriser.build_analyzer()

    @given(TEXTS)
    def law(text: str) -> None:
        assert list(ours(text)) == list(theirs(text))

    law()
