"""Sets of project paths named by files, folders and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Paths", "is_pattern"]


def is_pattern(path: str) -> bool:
    """Whether a path has wildcards.

    >>> is_pattern("plots/*.png"), is_pattern("plots/a.png")
    (True, False)
    """
    return "*" in path or "?" in path


class Paths:
    """Tests whether a path is named, or lies below a folder that is named.

    >>> paths = Paths(["plots/*.png", "models/"])
    >>> "plots/a.png" in paths, "models/a/b.pkl" in paths, "plots/sub/a.png" in paths
    (True, True, False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        names = self._names = [name.rstrip("/") for name in names]
        self.exact = frozenset(name for name in names if not is_pattern(name))
        patterns = sorted(_expression(name) for name in names if is_pattern(name))
        # A folder that a pattern names holds what is below it, too.
        self._pattern = re.compile(f"(?:{'|'.join(patterns)})(?:/.*)?", re.DOTALL) if patterns else None

    def reach(self, folder: str) -> bool:
        """Whether something that is named may be a folder, above it or below it.

        >>> paths = Paths(["data/*/a.csv", "models"])
        >>> paths.reach("data/raw"), paths.reach("models/old"), paths.reach("dat"), paths.reach("logs")
        (True, True, False, False)
        """
        depth = folder.count("/") + 1
        return folder in self or any(re.fullmatch(_expression(_top(name, depth)), folder) for name in self._names)

    def __contains__(self, path: str) -> bool:
        return self.names(path) or bool(self._pattern and self._pattern.fullmatch(path))

    def names(self, path: str) -> bool:
        """Whether the path or a folder above it is named without wildcards."""
        while path:
            if path in self.exact:
                return True
            path = path.rpartition("/")[0]
        return False


def _top(pattern: str, depth: int) -> str:
    """The first folders of a pattern; what `**` stands for may have any depth."""
    before, stars, _ = pattern.partition("**")
    return "/".join((before + stars).split("/")[:depth])


def _expression(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meanings.get(piece) or re.escape(piece) for piece in pieces)
