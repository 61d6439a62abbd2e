"""Long lines of prose on a terminal: folded between words, what follows under its beginning."""

from __future__ import annotations

import os
import re
import textwrap
from functools import cache
from typing import TextIO

from noteship.cli.verbs import VERBS

__all__ = ["folded", "width_of"]

USUAL_WIDTH = 80
# What is so far in is code, output of a stage, or a part of a list, and stays as it is.
CODE_INDENT = 4
HANGING = 4
# No text has it: control characters are spelled out before.
UNBROKEN = "\0"


def folded(text: str, width: int) -> str:
    r"""The text with its long lines of prose folded; rows of tables, code and commands to copy are left whole.

    >>> print(folded("error: a b c\n  do: correct the path, or: noteship run --replace", 24))
    error: a b c
      do: correct the path,
          or:
          noteship run --replace
    """
    return "\n".join(each for line in text.split("\n") for each in _lines(line, width))


def width_of(stream: TextIO) -> int:
    """How many columns a terminal has; 0 for what is none."""
    try:
        return (os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH) if stream.isatty() else 0
    except (OSError, ValueError):
        return USUAL_WIDTH


def _lines(line: str, width: int) -> list[str]:
    indent = len(line) - len(line.lstrip(" "))
    if len(line) <= width or indent >= CODE_INDENT or "  " in line.strip():
        return [line]
    kept = _commands().sub(lambda found: found[0].replace(" ", UNBROKEN), line)
    parts = textwrap.wrap(
        kept,
        width,
        subsequent_indent=" " * (indent + HANGING),
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )
    return [part.replace(UNBROKEN, " ") for part in parts]


@cache
def _commands() -> re.Pattern[str]:
    """A command as far as the next comma or semicolon: in two lines it could not be copied."""
    verbs = "|".join(verb.name for verb in VERBS)
    return re.compile(rf"(?<!\S)(?:\S*python[\d.]* -|uv |(?:\S*/)?pip install |noteship (?:{verbs})\b)[^;,`\n]*")
