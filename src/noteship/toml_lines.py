"""The text that a table of TOML came from, to find the line of a key in."""

from __future__ import annotations

import re

__all__ = ["Source"]


class Source:
    """A file's name and text."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = text.splitlines()

    def place(self, dotted: str) -> str:
        r"""File and line of a dotted key, or the file where the line cannot be told.

        >>> Source("a.toml", "[columns.age]\nrange = [0, 120]").place("columns.age.range")
        'a.toml, line 2'
        """
        line = self.line(dotted)
        return f"{self.name}, line {line}" if line else self.name

    def line(self, dotted: str) -> int:
        """The line of a dotted key, from 1, or of the table on one line that it is in; 0 where it cannot be told."""
        *tables, key = _split(dotted)
        within, line = 0, 0
        for number, text in enumerate(self._lines, 1):
            header = re.match(r"\s*\[+\s*(.+?)\s*\]+\s*(#.*)?$", text)
            if header and _split(header[1]) == [*tables, key]:
                return number
            if header:
                within = number if _split(header[1]) == tables else 0
            elif (within or not tables) and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""", text):
                line = line or number
        if line == 0 and len(tables) > 1:
            return self.line(".".join(f'"{each}"' for each in tables))
        return line


def _split(dotted: str) -> list[str]:
    return [quoted or bare for quoted, bare in re.findall(r"""["']([^"']+)["']|([^."'\s]+)""", dotted)]
