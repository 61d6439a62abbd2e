"""Paths with holes as patterns: `*` stands for text without a slash, `**` for whole folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from posixpath import basename

from noteship.notebooks.raw import PathText

__all__ = ["Pattern", "alike", "covers", "pattern_of"]

# Private-use characters, so that a star in a literal file name stays a star until the pattern is written out.
UNKNOWN, SEGMENT, DEEP = "\ue010", "\ue011", "\ue012"
_HOLES = re.compile(f"[{UNKNOWN}{SEGMENT}{DEEP}]")
_MARKS = {"unknown": UNKNOWN, "segment": SEGMENT, "deep": DEEP}


@dataclass(frozen=True)
class Pattern:
    """A path in which some characters are holes."""

    text: str

    @property
    def literal(self) -> bool:
        """Whether everything is known."""
        return not _HOLES.search(self.text)

    @property
    def shown(self) -> str:
        """The pattern as it is written in results."""
        return self.text.replace(DEEP, "**").replace(UNKNOWN, "*").replace(SEGMENT, "*")

    @property
    def guessed(self) -> bool:
        """Whether a hole is one that the author did not write as a wildcard."""
        return UNKNOWN in self.text

    @property
    def deep(self) -> bool:
        """Whether a hole may stand for whole folders."""
        return DEEP in self.text

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
    def regex(self) -> re.Pattern[str]:
        """Matches the paths that the pattern may stand for."""
        return _regex(self.text)

    def fits(self, path: str) -> bool:
        """Whether a known path is one of these."""
        return self.regex.fullmatch(path) is not None


@lru_cache(maxsize=4096)
def _regex(text: str) -> re.Pattern[str]:
    pieces: list[str] = []
    for piece in re.split(f"({DEEP}/?|[{UNKNOWN}{SEGMENT}]+)", text):
        if piece.startswith(DEEP):
            pieces.append(r"(?:[^/]+/)*" if piece.endswith("/") else r".*")
        elif piece and piece[0] in UNKNOWN + SEGMENT:
            # As in a shell, a wildcard at the start of a name leaves hidden files out.
            pieces.append(r"(?!\.)[^/]*" if not pieces or pieces[-1].endswith("/") else r"[^/]*")
        else:
            pieces.append(re.escape(piece))
    return re.compile("".join(pieces))


def pattern_of(path: PathText) -> Pattern:
    """The pattern of a path, its slashes, dots and climbing folders put in order.

    A star in known text is a wildcard too: many readers take patterns, and hardly a file has a star in its name.
    """
    text = "".join(part if isinstance(part, str) else _MARKS[part.kind] for part in path.parts).replace("\\", "/")
    if "*" in text:
        text = re.sub(r"(?<![^/])\*\*(?=/|$)", DEEP, text).replace("*", SEGMENT)
    return Pattern(_tidy(text))


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
    if read.base != written.base or not read.base:
        return False
    if read.guessed and not (read.speaks and written.speaks):
        return False
    return _overlap(basename(read.shown), basename(written.shown))


def _overlap(one: str, other: str) -> bool:
    """Whether some name fits two patterns with stars."""
    states = {(0, 0)}
    seen: set[tuple[int, int]] = set()
    while states:
        left, right = states.pop()
        if (left, right) in seen:
            continue
        seen.add((left, right))
        if left == len(one) and right == len(other):
            return True
        star_left, star_right = one[left : left + 1] == "*", other[right : right + 1] == "*"
        if star_left:
            states.add((left + 1, right))
            if right < len(other):
                states.add((left, right + 1))
        if star_right:
            states.add((left, right + 1))
            if left < len(one):
                states.add((left + 1, right))
        same = one[left : left + 1] == other[right : right + 1] != ""
        if same and not star_left and not star_right:
            states.add((left + 1, right + 1))
    return False
