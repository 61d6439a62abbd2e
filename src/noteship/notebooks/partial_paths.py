"""Paths that are known in part, as inference finds them: patterns that know who left a piece open, author or reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename

from noteship import patterns
from noteship.notebooks.raw import PathText

__all__ = ["Pattern", "alike", "covers", "pattern_of"]

# Private-use characters, so that a star in a literal file name stays a star until the pattern is written out.
UNKNOWN, SEGMENT, DEEP = "\ue010", "\ue011", "\ue012"
_HOLES = re.compile(f"[{UNKNOWN}{SEGMENT}{DEEP}]")
_STARS = re.compile(f"[{UNKNOWN}{SEGMENT}]+")
# The slash after `**` belongs to the hole.
_MARKS = {"unknown": UNKNOWN, "segment": SEGMENT, "deep": DEEP + "/"}


@dataclass(frozen=True)
class Pattern:
    """A path in which some characters are holes."""

    text: str

    @property
    def literal(self) -> bool:
        """Whether everything is known."""
        return not _HOLES.search(self.text)

    @cached_property
    def shown(self) -> str:
        """The pattern as it is written in results."""
        return _STARS.sub("*", self.text).replace(DEEP, "**")

    @property
    def guessed(self) -> bool:
        """Whether a hole is one that the author did not write as a wildcard."""
        return UNKNOWN in self.text

    @property
    def deep(self) -> bool:
        """Whether a hole may stand for whole folders."""
        return DEEP in self.text

    @property
    def spans(self) -> bool:
        """Whether the author's own wildcards stand for folders too."""
        return not self.guessed and (self.deep or "/" in self.text[len(self.base) :].lstrip("/"))

    @property
    def speaks(self) -> bool:
        """Whether the file's name, its suffix aside, has a word of two letters or digits that is known."""
        stem = re.sub(r"(\.[A-Za-z0-9]+)+$", "", basename(self.text))
        return any(len(re.sub(r"[\W_]", "", part)) >= 2 for part in _HOLES.split(stem))

    @property
    def says_anything(self) -> bool:
        """Whether a letter or digit of it is known."""
        return any(map(str.isalnum, _HOLES.sub("", self.text)))

    @property
    def base(self) -> str:
        """The folder that is known: everything before the first segment with a hole."""
        parts = self.text.split("/")
        known = next((number for number, part in enumerate(parts) if _HOLES.search(part)), len(parts) - 1)
        return "/".join(parts[:known])

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return patterns.expression(self.shown, hidden=False)

    def fits(self, path: str) -> bool:
        """Whether a known path is one of these; as in a shell, no wildcard stands for the dot of a hidden name."""
        return self._expression.fullmatch(path) is not None


def pattern_of(path: PathText) -> Pattern:
    """The pattern of a path, its slashes, dots and climbing folders put in order.

    A star in known text is a wildcard too: many readers take patterns, and hardly a file has a star in its name.
    """
    text = "".join(part if isinstance(part, str) else _MARKS[part.kind] for part in path.parts).replace("\\", "/")
    if "*" in text:
        text = re.sub(r"(?<![^/])\*\*(?=/|$)", DEEP, text).replace("*", SEGMENT)
    return Pattern(_tidy(re.sub(f"{DEEP}(?=[^/])", f"{DEEP}/", text)))


def _tidy(text: str) -> str:
    root = "/" if text.startswith("/") else ""
    kept: list[str] = []
    for part in text.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part != ".." or not root:
            kept.append(part)
    return root + "/".join(kept)


def covers(written: Pattern, path: Pattern, folder: bool) -> bool:
    """Whether a write certainly or probably makes what is read: the same, a pattern that fits, a folder above."""
    if written.text == path.text or written.shown == path.shown:
        return True
    if folder and path.text.startswith(written.text + "/"):
        return True
    return path.literal and not written.literal and written.fits(path.text)


def alike(read: Pattern, written: Pattern) -> bool:
    """Whether two patterns may name the same file: the same text, or the same folder and a name that overlaps."""
    if read.shown == written.shown:
        return True
    if read.spans:
        return _same_file(read.shown.split("/"), written.shown.split("/"))
    if read.base != written.base or not read.base:
        return False
    if read.guessed and not (read.speaks and written.speaks):
        return False
    return patterns.names_overlap(basename(read.shown), basename(written.shown))


def _same_file(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two paths with wildcards may be the same file, name by name."""
    if not one or not other:
        return not one and not other
    if "**" in (one[0], other[0]):
        deep, plain = (one, other) if one[0] == "**" else (other, one)
        return _same_file(deep[1:], plain) or _same_file(deep, plain[1:])
    return patterns.names_overlap(one[0], other[0]) and _same_file(one[1:], other[1:])
