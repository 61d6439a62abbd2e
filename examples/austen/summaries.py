"""What can be counted in a text without reading it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from words import STOP_WORDS

__all__ = ["TextSummary"]

WORD = re.compile(r"[a-z']+")


class TextSummary(BaseEstimator, TransformerMixin):
    """A table with a row for each text: lengths, stop words and punctuation."""

    def __init__(self, marks: str = ".,;!?-%'0") -> None:
        self.marks = marks

    def fit(self, texts: Iterable[str], y: Any = None) -> Self:
        """Remember the names of the columns; there is nothing else to learn."""
        self.names_ = list(self._summary("nothing"))
        return self

    def transform(self, texts: Iterable[str]) -> pd.DataFrame:
        """Summaries of the texts, one row each."""
        return pd.DataFrame([self._summary(text) for text in texts], columns=self.names_)

    def get_feature_names_out(self, input_features: Any = None) -> list[str]:
        """Names of the columns."""
        return list(self.names_)

    def _summary(self, text: str) -> dict[str, float]:
        words = WORD.findall(text.lower())
        count = max(len(words), 1)
        stops = sum(word in STOP_WORDS for word in words)
        summary = {
            "characters": float(len(text)),
            "words": float(len(words)),
            "mean_word": sum(map(len, words)) / count,
            "longest_word": float(max(map(len, words), default=0)),
            "distinct_words": len(set(words)) / count,
            "stop_words": stops / count,
            "capitals": sum(letter.isupper() for letter in text) / max(len(text), 1),
        }
        for mark in self.marks:
            summary[f"per_100_words_{mark}"] = 100 * text.count(mark) / count
        return summary
