"""Which writes a read can mean: the same file, a folder around or below it, or a pattern that it fits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

__all__ = ["WriteIndex", "folders", "is_inside", "is_pattern", "literal", "overlap"]


def is_pattern(path: str) -> bool:
    """Whether a path holds `*` or `?`; brackets are taken literally, as they occur in the names of files."""
    return "*" in path or "?" in path


def overlap(one: str, other: str) -> bool:
    """Whether some file can be meant by both paths, either of them being a file, a folder, or a pattern of them.

    >>> overlap("plots/*.png", "plots/a.png"), overlap("out", "out/a.csv"), overlap("out/a.csv", "out")
    (True, True, True)
    >>> overlap("plots/*.png", "plots/a.csv"), overlap("m_*.pkl", "*_x.pkl"), overlap("data/**/x.csv", "data/1/2/x.csv")
    (False, True, True)
    """
    if not is_pattern(one) and not is_pattern(other):
        return one == other or one.startswith(other + "/") or other.startswith(one + "/")
    return _overlap(tuple(one.split("/")), tuple(other.split("/")))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return True
    if one[0] == "**":
        # What is left over is below the other path, if that can be a folder: a name with a dot is taken for a file's.
        below = not one[1:] or "." not in other[-1]
        return below or any(_overlap(one[1:], other[start:]) for start in range(len(other)))
    if other[0] == "**":
        return _overlap(other, one)
    return _names_overlap(one[0], other[0]) and _overlap(one[1:], other[1:])


def _names_overlap(one: str, other: str) -> bool:
    if not is_pattern(one):
        return other == one or (is_pattern(other) and _expression(other).fullmatch(one) is not None)
    if not is_pattern(other):
        return _expression(one).fullmatch(other) is not None
    return _patterns_overlap(one, other)


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*+|\?)", pattern)
    return re.compile("".join({"*": ".*", "?": "."}.get(part[:1], re.escape(part)) for part in parts), re.DOTALL)


@lru_cache(maxsize=4096)
def _patterns_overlap(one: str, other: str) -> bool:
    # Both patterns eat one common text; a state is how far each has come, and a star may eat nothing or one character.
    open_states, known = [(0, 0)], {(0, 0)}
    while open_states:
        i, j = open_states.pop()
        if i == len(one) and j == len(other):
            return True
        for state in _steps(one, other, i, j):
            if state not in known:
                known.add(state)
                open_states.append(state)
    return False


def _steps(one: str, other: str, i: int, j: int) -> Iterator[tuple[int, int]]:
    if one[i : i + 1] == "*":
        yield i + 1, j
    if other[j : j + 1] == "*":
        yield i, j + 1
    if i < len(one) and j < len(other):
        a, b = one[i], other[j]
        if a == b or a in "*?" or b in "*?":
            yield (i if a == "*" else i + 1), (j if b == "*" else j + 1)


def folders(path: str) -> Iterator[str]:
    """The path itself, the folders around it, and "" for the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def literal(path: str) -> str:
    """The leading part of a path without patterns."""
    if not is_pattern(path):
        return path
    names = path.split("/")
    length = next(i for i, name in enumerate(names) if is_pattern(name))
    return "/".join(names[:length])


def is_inside(path: str, folder: str) -> bool:
    """Whether a path, or all that a pattern means, is inside of a folder.

    >>> is_inside("plots/a.png", "plots"), is_inside("plots/*.png", "plots"), is_inside("plots", "plots")
    (True, True, False)
    """
    return path != folder and f"{literal(path)}/".startswith(f"{folder}/")


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
        base = literal(path)
        if is_pattern(path):
            self._patterns[base].append(path)
        else:
            self._literals.add(path)
        for folder in folders(base):
            if folder:
                self._below[folder].append(path)

    def matches(self, read: str) -> tuple[str, ...]:
        """The written paths that the read can mean, sorted; the same literal path alone, if it is there."""
        if read in self._literals:
            return (read,)
        if read in ("", "."):
            return ()
        base = literal(read)
        near: set[str] = set(self._below.get(base, ()))
        for folder in folders(base):
            near.update(self._patterns.get(folder, ()))
            if folder in self._literals:
                near.add(folder)
        if not base:
            near.update(self._literals)
            near.update(path for patterns in self._patterns.values() for path in patterns)
        return tuple(sorted(path for path in near if path == read or overlap(path, read)))

    def below(self, folder: str) -> bool:
        """Whether something is written inside of the folder."""
        return any(path != folder for path in self._below.get(folder, ()))
