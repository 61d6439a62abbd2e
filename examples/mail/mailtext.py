"""What a message says, and how it is written: from raw columns to the columns that features are made of."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd

__all__ = ["STYLE", "plain_text", "prepare"]

# Counts of a pattern in the raw text, the plain body, the subject or the sender; compared as logarithms.
COUNTS = {
    "tags": ("text", r"<[a-zA-Z/]"),
    "links": ("text", r"https?://"),
    "quoted_lines": ("text", r"(?m)^\s*[>|:]"),
    "indented_lines": ("text", r"(?m)^[ \t]+\S"),
    "lines": ("text", r"\n"),
    "characters": ("body", r"(?s)."),
    "words": ("body", r"\S+"),
    "subject_characters": ("subject", r"."),
    "subject_marks": ("subject", r"[!$%?*]"),
    "sender_digits": ("sender", r"\d"),
    "sender_characters": ("sender", r"."),
}
# Counts of a pattern for each hundred words.
RATES = {
    "exclamations": ("body", r"!"),
    "money": ("body", r"[$€£]"),
    "digits": ("body", r"\d"),
    "capitals": ("body", r"[A-Z]"),
    "shouting": ("body", r"\b[A-Z]{4,}\b"),
    "foreign": ("body", r"[^\x00-\x7f]"),
}
# Whether a pattern is there at all.
SIGNS = {
    "is_html": ("text", r"(?i)<html|<body|<table|<font|<br"),
    "is_answer": ("text", r"(?i)\bwrote:|writes:|original message"),
    "has_signature": ("text", r"(?m)^--\s*$|^_{20,}"),
    "has_mailto": ("text", r"(?i)mailto:"),
    "offers_removal": ("text", r"(?i)unsubscribe|removed? from|opt[ -]?out"),
    "subject_is_answer": ("subject", r"(?i)^\s*(?:re|aw|fwd?)\s*[:\[]"),
    "subject_names_list": ("subject", r"(?i)^\s*(?:re:\s*)?\["),
    "subject_has_number": ("subject", r"\s{3,}\S+$|\d{3,}"),
    "sender_has_name": ("sender", r"<"),
    "sender_is_free_host": ("sender", r"(?i)hotmail|yahoo|msn|aol|excite|lycos|netscape"),
}
STYLE = [*COUNTS, *RATES, *SIGNS, "longest_line"]

UNSEEN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->")
TAG = re.compile(r"<[^<>]{0,2000}>")
SPACE = re.compile(r"\s+")


def plain_text(text: str) -> str:
    """The words of a message, without HTML and in one line."""
    return SPACE.sub(" ", html.unescape(TAG.sub(" ", UNSEEN.sub(" ", text)))).strip()


def prepare(messages: pd.DataFrame) -> pd.DataFrame:
    """Body and style of messages with the columns subject, sender and text; each row by itself."""
    parts = messages[["subject", "sender", "text"]].fillna("")
    parts["body"] = parts["text"].map(plain_text)
    words = parts["body"].str.count(r"\S+").clip(lower=1)
    prepared = {"body": parts["body"]}
    for name, (column, pattern) in COUNTS.items():
        prepared[name] = np.log1p(parts[column].str.count(pattern))
    for name, (column, pattern) in RATES.items():
        prepared[name] = np.log1p(100 * parts[column].str.count(pattern) / words)
    for name, (column, pattern) in SIGNS.items():
        prepared[name] = parts[column].str.contains(pattern).astype(float)
    prepared["longest_line"] = np.log1p(parts["text"].map(lambda text: max(map(len, text.split("\n")))))
    return pd.DataFrame(prepared, index=messages.index)
