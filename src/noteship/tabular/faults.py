"""What libraries say of a broken file, without what they quote of it."""

from __future__ import annotations

import re

__all__ = ["without_values"]

KNOWN = {
    "not utf-8": "its text is not UTF-8",
    "unterminated quote": "a quote is not closed",
    "maximum line size": "it is longer than lines may be",
}


def without_values(message: str) -> str:
    r"""The first line of a message without the values in it; of CSV the line's number and what is wrong there.

    >>> without_values("Invalid Input Error: Could not convert 'Jane' to INT64")
    'Could not convert … to INT64'
    >>> without_values("CSV Error on Line: 3\nOriginal Line: Jane,3\nExpected Number of Columns: 3 Found: 2")
    'line 3: expected 3 fields, found 2'
    """
    if line := re.search(r"CSV Error on Line: (\d+)", message):
        if width := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
            return f"line {line[1]}: expected {width[1]} fields, found {width[2]}"
        said = next((words for sign, words in KNOWN.items() if sign in message.lower()), "it breaks the rules of CSV")
        return f"line {line[1]}: {said}"
    lines = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", message.strip()).splitlines() or [""]
    return re.sub(r"""(["']).*?(\1|$)""", "…", lines[0].strip())
