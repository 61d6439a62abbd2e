"""Which writes a read can mean: the same file, a folder around or below it, or a pattern that it fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from noteship import patterns

__all__ = ["WriteIndex"]


class WriteIndex:
    """Finds the written paths that a read can mean.

    Cost: a read is compared with the paths written in or under its own folders only, never with all.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._literals: set[str] = set()
        self._patterns: dict[str, list[str]] = defaultdict(list)
        self._below: dict[str, list[str]] = defaultdict(list)
        for path in sorted(set(paths)):
            self._add(path)

    def _add(self, path: str) -> None:
        base = patterns.literal(path)
        if patterns.is_pattern(path):
            self._patterns[base].append(path)
        else:
            self._literals.add(path)
        for folder in patterns.folders(base):
            if folder:
                self._below[folder].append(path)

    def matches(self, read: str) -> tuple[str, ...]:
        """The written paths that the read can mean, sorted; the same literal path alone, if it is there."""
        if read in self._literals:
            return (read,)
        if read in ("", "."):
            return ()
        base = patterns.literal(read)
        near: set[str] = set(self._below.get(base, ()))
        for folder in patterns.folders(base):
            near.update(self._patterns.get(folder, ()))
            if folder in self._literals:
                near.add(folder)
        if not base:
            near.update(self._literals)
            near.update(path for group in self._patterns.values() for path in group)
        return tuple(sorted(path for path in near if path == read or patterns.overlap(path, read)))

    def below(self, folder: str) -> bool:
        """Whether something is written inside of the folder."""
        return any(path != folder for path in self._below.get(folder, ()))
