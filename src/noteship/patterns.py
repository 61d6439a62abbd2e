"""One language of path patterns, for paths relative to the project with `/` between their names.

`*` stands for any text within a name, `?` for one character of it. `**` as a whole name stands for any number of
folders, none included, and at the end for all that is below. Every other character is itself; brackets are, too, since
they occur in the names of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

__all__ = ["PathSet", "expression", "folders", "is_inside", "is_pattern", "literal", "names_overlap", "overlap"]


def is_pattern(path: str) -> bool:
    """Whether a path has wildcards.

    >>> is_pattern("plots/*.png"), is_pattern("plots/a.png"), is_pattern("data [1].csv")
    (True, False, False)
    """
    return "*" in path or "?" in path


def literal(path: str) -> str:
    """The leading names of a path that have no wildcards.

    >>> literal("data/raw/*.csv"), literal("data/a.csv"), literal("*.csv")
    ('data/raw', 'data/a.csv', '')
    """
    if not is_pattern(path):
        return path
    names = path.split("/")
    length = next(i for i, name in enumerate(names) if is_pattern(name))
    return "/".join(names[:length])


def folders(path: str) -> Iterator[str]:
    """The path itself, the folders around it, and "" for the root.

    >>> list(folders("data/raw/a.csv"))
    ['data/raw/a.csv', 'data/raw', 'data', '']
    """
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def is_inside(path: str, folder: str) -> bool:
    """Whether a path, or all that a pattern means, is inside of a folder.

    >>> is_inside("plots/a.png", "plots"), is_inside("plots/*.png", "plots"), is_inside("plots", "plots")
    (True, True, False)
    """
    return path != folder and f"{literal(path)}/".startswith(f"{folder}/")


@lru_cache(maxsize=4096)
def expression(pattern: str, *, hidden: bool = True) -> re.Pattern[str]:
    r"""Matches in full the paths that a pattern stands for.

    Without `hidden`, a wildcard at the start of a name leaves hidden names out, as in a shell.

    >>> bool(expression("data/**/*.csv").fullmatch("data/a/b/x.csv"))
    True
    >>> bool(expression("data/*").fullmatch("data/a/x.csv")), bool(expression("*", hidden=False).fullmatch(".x"))
    (False, False)
    """
    return re.compile(_expression(pattern, hidden))


def _expression(pattern: str, hidden: bool = True) -> str:
    *above, last = pattern.split("/")
    pieces = ["(?:[^/]+/)*" if name == "**" else _name_expression(name, hidden) + "/" for name in above]
    return "".join([*pieces, ".+" if last == "**" else _name_expression(last, hidden)])


def _name_expression(name: str, hidden: bool) -> str:
    parts = re.split(r"(\*+|\?)", name)
    text = "".join({"*": "[^/]*", "?": "[^/]"}.get(part[:1], re.escape(part)) for part in parts)
    return text if hidden or name[:1] not in {"*", "?"} else rf"(?!\.){text}"


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
    return names_overlap(one[0], other[0]) and _overlap(one[1:], other[1:])


def names_overlap(one: str, other: str) -> bool:
    """Whether two names, either of them with wildcards or not, can be the same.

    >>> names_overlap("model_*", "*_final"), names_overlap("model_*", "data_*")
    (True, False)
    """
    if not is_pattern(one):
        return other == one or (is_pattern(other) and expression(other).fullmatch(one) is not None)
    if not is_pattern(other):
        return expression(one).fullmatch(other) is not None
    return _patterns_overlap(one, other)


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


class PathSet:
    """Tests whether a path is named, or lies below a folder that is named; patterns name folders, too.

    >>> paths = PathSet(["plots/*.png", "models/"])
    >>> "plots/a.png" in paths, "models/a/b.pkl" in paths, "plots/sub/a.png" in paths
    (True, True, False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [name.rstrip("/") for name in names]
        self._exact = frozenset(name for name in self._names if not is_pattern(name))
        patterns = sorted(_expression(name) for name in self._names if is_pattern(name))
        self._pattern = re.compile(f"(?:{'|'.join(patterns)})(?:/.*)?", re.DOTALL) if patterns else None

    def __contains__(self, path: str) -> bool:
        return self.names(path) or bool(self._pattern and self._pattern.fullmatch(path))

    def names(self, path: str) -> bool:
        """Whether the path or a folder above it is named without wildcards."""
        return any(each in self._exact for each in folders(path) if each)

    def reach(self, folder: str) -> bool:
        """Whether something that is named may be the folder, above it or below it.

        >>> paths = PathSet(["data/*/a.csv", "models"])
        >>> paths.reach("data/raw"), paths.reach("models/old"), paths.reach("dat"), paths.reach("logs")
        (True, True, False, False)
        """
        depth = folder.count("/") + 1
        return folder in self or any(expression(_top(name, depth)).fullmatch(folder) for name in self._names)


def _top(pattern: str, depth: int) -> str:
    """The first folders of a pattern; what `**` stands for may have any depth."""
    names = pattern.split("/")
    if "**" in names:
        names = names[: names.index("**") + 1]
    return "/".join(names[:depth])
