"""The text that a table of TOML came from, to find the line of a key in."""

from __future__ import annotations

import re
from functools import cached_property

__all__ = ["Source"]

HEADER = re.compile(r"\s*\[+\s*(.+?)\s*\]+\s*(#.*)?$")
KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([^\s"'.=]+))\s*[.=]""")


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
        """The line of a dotted key, from 1, or of the table on one line that it is in; 0 where it cannot be told.

        Of a table without a header of its own, it is that of the first table below it.
        """
        *tables, key = _split(dotted)
        headers, keys, anywhere = self._index
        line = headers.get((*tables, key)) or (keys.get((*tables, key)) if tables else anywhere.get(key)) or 0
        if line == 0:
            below = len(tables) + 1
            line = min((number for name, number in headers.items() if name[:below] == (*tables, key)), default=0)
        if line == 0 and len(tables) > 1:
            return self.line(".".join(f'"{each}"' for each in tables))
        return line

    @cached_property
    def _index(self) -> tuple[dict[tuple[str, ...], int], dict[tuple[str, ...], int], dict[str, int]]:
        """The first lines of tables; of keys with the tables they are in; and of keys, wherever they are."""
        headers: dict[tuple[str, ...], int] = {}
        keys: dict[tuple[str, ...], int] = {}
        anywhere: dict[str, int] = {}
        within: tuple[str, ...] = ()
        for number, text in enumerate(self._lines, 1):
            if header := HEADER.match(text):
                within = tuple(_split(header[1]))
                headers.setdefault(within, number)
            elif found := KEY.match(text):
                key = found[1] or found[2] or found[3]
                keys.setdefault((*within, key), number)
                anywhere.setdefault(key, number)
        return headers, keys, anywhere


def _split(dotted: str) -> list[str]:
    return [quoted or bare for quoted, bare in re.findall(r"""["']([^"']+)["']|([^."'\s]+)""", dotted)]
