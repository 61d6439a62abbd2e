"""Markdown in which foreign text stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from noteship.reporting.words import LONGEST, shown

__all__ = ["plain", "table"]

# What begins a tag, a link, emphasis, code, a cell, mathematics, an entity, or an address by itself, wherever it is.
SPECIAL = re.compile(r"[\\`*\[\]<|~$]|(?<!\w)_|_(?!\w)|&(?=[#\w])|:(?=//|\w+:)|(?<=www)\.", re.IGNORECASE)
# What begins a heading, a quotation, a list, or a line below a heading where a line begins.
BEGINS = re.compile(r"^(\s*)(#|>|[-+=](?=$|[\s=-]))")
NUMBERED = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)")

# A number begins with one of these, and so does what stands for none.
NUMERIC = tuple("0123456789+-−–<>")


def plain(text: str, most: int = LONGEST) -> str:
    r"""Foreign text in one line, as it reads, whatever it holds.

    >>> plain("<b> | *a_b*"), plain("- www.a.b"), plain("1. one"), plain("-0.5 > http://x")
    ('\\<b> \\| \\*a_b\\*', '\\- www\\.a.b', '1\\. one', '-0.5 > http\\://x')
    """
    made = SPECIAL.sub(r"\\\g<0>", shown(text, most))
    return NUMBERED.sub(r"\1\\\2", BEGINS.sub(r"\1\\\2", made))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Of cells that are foreign text; columns of numbers are on the right, but for the first, which names the rows."""
    sides = [":---", *("---:" if _is_of_numbers(rows, at) else ":---" for at in range(1, len(heads)))]
    cells = [[plain(each, 400) for each in row] for row in (heads, *rows)]
    return "".join(f"| {' | '.join(each)} |\n" for each in (cells[0], sides, *cells[1:]))


def _is_of_numbers(rows: Sequence[Sequence[str]], at: int) -> bool:
    return all(row[at][:1] in NUMERIC for row in rows)
