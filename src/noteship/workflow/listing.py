"""The project's files by folder and by pattern, without looking at all of them each time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from noteship import patterns

__all__ = ["Listing"]


class Listing:
    """A sorted list of paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = sorted(paths)

    def below(self, read: str) -> Iterator[str]:
        """The files in a folder, or those that fit a pattern or are in folders that do."""
        base = patterns.literal(read)
        prefix = f"{base}/" if base else ""
        for path in self._paths[bisect_left(self._paths, prefix) :]:
            if not path.startswith(prefix):
                return
            if read == base or patterns.overlap(read, path):
                yield path
