"""Texts with holes: each unknown piece of a text is one private-use character, so that text operations just work."""

from __future__ import annotations

import re
from collections.abc import Sequence

from noteship.notebooks.raw import Hole

__all__ = ["HOME", "TEMPORARY", "Holes", "above_project", "cleaned", "has_hole", "project_place"]

# Holes are characters of plane 15; marks of places that are no ordinary absolute paths are of plane 16.
_FIRST, _LAST = 0xF0000, 0xFFFFD
_HOLE = re.compile("[\U000f0000-\U000ffffd]")
_RESERVED = re.compile("[\U000f0000-\U0010ffff]")
_ABOVE = "\U00100000"
TEMPORARY = "/\U00100001"
HOME = "~"


def has_hole(text: str) -> bool:
    """Whether a piece of the text is unknown."""
    return not text.isascii() and _HOLE.search(text) is not None


def cleaned(text: str) -> str:
    """A text from outside, without the characters that stand for holes."""
    return text if text.isascii() else _RESERVED.sub("\ufffd", text)


def project_place(name: str) -> str:
    """The absolute path that stands for the project's root, whose folder has this name.

    The folders above it are marks, so that climbing over the root is noticed and no path of this machine gets in.
    """
    return f"/{_ABOVE}/{_ABOVE}/{_ABOVE}/{_ABOVE}/{name or 'project'}"


def above_project(text: str) -> bool:
    """Whether an absolute path lies above the project's root."""
    return text.startswith(f"/{_ABOVE}")


class Holes:
    """The holes of one interpretation by their characters."""

    def __init__(self) -> None:
        self._by_character: dict[str, Hole] = {}
        self._characters: dict[Hole, str] = {}

    def character(self, reason: str, kind: str = "unknown") -> str:
        """The character that stands for an unknown piece with this reason."""
        hole = Hole(reason, kind)  # type: ignore[arg-type]
        found = self._characters.get(hole)
        if found is None:
            found = chr(min(_FIRST + len(self._characters), _LAST))
            self._characters[hole] = found
            self._by_character[found] = hole
        return found

    def split(self, text: str) -> tuple[str | Hole, ...]:
        """Literal pieces and holes, neighbouring unknown holes being one."""
        parts: list[str | Hole] = []
        for piece in re.split("([\U000f0000-\U000ffffd])", text):
            part = self._by_character.get(piece, piece)
            last = parts[-1] if parts else ""
            if isinstance(part, Hole) and isinstance(last, Hole) and "deep" not in {part.kind, last.kind}:
                parts[-1] = part if part.kind == "unknown" else last
            elif part != "":
                parts.append(part)
        return tuple(parts)

    def joined(self, parts: Sequence[str | Hole]) -> str:
        """The inverse of `split`; texts from outside lose what would look like holes."""
        return "".join(
            cleaned(part) if isinstance(part, str) else self.character(part.reason, part.kind) for part in parts
        )

    def shown(self, text: str) -> str:
        """The text for a person: holes as `…`, wildcards as `*`."""
        marks = {"unknown": "…", "segment": "*", "deep": "**"}
        return "".join(part if isinstance(part, str) else marks[part.kind] for part in self.split(text))

    def reason(self, text: str) -> str:
        """Why the first unknown piece is not known."""
        found = _HOLE.search(text)
        return self._by_character[found.group()].reason if found and found.group() in self._by_character else ""

    def wildcards(self, pattern: str) -> str:
        """A glob pattern with its wildcards as holes."""
        if not re.search(r"[*?[]", pattern):
            return pattern
        deep = self.character("a pattern", "deep")
        segment = self.character("a pattern", "segment")
        pattern = re.sub(r"(^|/)\*\*(?=/|$)", lambda found: found.group(1) + deep, pattern)
        return re.sub(r"\*+|\?|\[[^\]/]+\]", segment, pattern)
