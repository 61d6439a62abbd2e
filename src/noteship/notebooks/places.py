"""Where a path of the author's own machine is in the project: by its tail, and by what other paths have told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath

__all__ = ["Places", "Tail", "common_folders", "hosted"]

# Working folders of hosted notebooks: a file in them is a file beside the notebook.
_HOSTED = re.compile(r"^/(kaggle/working|content(?!/(g?drive|mydrive)(/|$)))(/|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Tail:
    """Where a path was found: the project's file, and how many of the path's parts say so."""

    path: str
    parts: int
    ambiguous: bool = False


@dataclass
class Places:
    """The files that exist or are written, by name; what is learned about folders elsewhere."""

    root_name: str
    _by_name: dict[str, set[str]] = field(default_factory=dict)
    _folders: dict[str, set[str]] = field(default_factory=dict)
    _learned: dict[str, str] = field(default_factory=dict)

    def add(self, paths: Iterable[str]) -> None:
        """Make paths known, with the folders above them."""
        for path in paths:
            self._by_name.setdefault(basename(path), set()).add(path)
            folder = dirname(path)
            while folder and folder not in self._folders.setdefault(basename(folder), set()):
                self._folders[basename(folder)].add(folder)
                folder = dirname(folder)

    def by_tail(self, path: str, *, folders: bool = False) -> Tail | None:
        """The known file (or folder) that shares the longest tail with a path; ambiguous when several do alike."""
        index = self._folders if folders else self._by_name
        best: list[str] = []
        longest = 0
        for candidate in index.get(basename(path), ()):
            shared = _shared_tail(path, candidate)
            if shared > longest:
                best, longest = [], shared
            if shared == longest:
                best.append(candidate)
        whole = [candidate for candidate in best if candidate.count("/") + 1 == longest]
        best = whole or best
        return Tail(min(best), longest, len(best) > 1) if best else None

    def learn(self, outside: str, inside: str) -> None:
        """A path elsewhere is a file of the project: so are their folders, as far up as they go on alike."""
        shared = _shared_tail(outside, inside)
        away, here = outside.split("/"), inside.split("/")
        if shared == len(here) or shared >= 2:
            self._learned.setdefault("/".join(away[:-shared]), "/".join(here[:-shared]))

    def by_learned(self, path: str) -> str | None:
        """The project's path by the longest folder that was learned."""
        folder = dirname(path)
        while True:
            if folder in self._learned:
                rest = path[len(folder) :].lstrip("/")
                return _inside(join(self._learned[folder], rest))
            if folder in ("", "/") or "/" not in folder:
                return None
            folder = folder.rpartition("/")[0]

    def by_root_name(self, path: str) -> str | None:
        """The project's path when the name of its root is one of the path's folders."""
        parts = path.split("/")
        for number in range(len(parts) - 2, -1, -1):
            if parts[number] == self.root_name and self.root_name:
                return "/".join(parts[number + 1 :])
        return None

    def by_folder(self, path: str) -> str | None:
        """The project's path when the whole of a project's folder is the tail of the path's folder."""
        found = self.by_tail(dirname(path), folders=True)
        if found is None or found.ambiguous or found.parts != found.path.count("/") + 1:
            return None
        return f"{found.path}/{basename(path)}"

    def has(self, path: str) -> bool:
        """Whether a file is known under this very path."""
        return path in self._by_name.get(basename(path), ())


def hosted(path: str, cwd: str, *, surely: bool = False) -> str | None:
    """A file in the working folder of a hosted notebook is one in the stage's; `surely`, if the folder is only that."""
    found = _HOSTED.match(path)
    if surely and not path.startswith("/kaggle/"):
        return None
    return _inside(join(cwd, path[found.end() :])) if found else None


def common_folders(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """For paths elsewhere of which nothing is known: each with what follows the folder that all of them share."""
    every = sorted(set(paths))
    heads: dict[str, list[str]] = {}
    for path in every:
        heads.setdefault("/".join(path.split("/")[:3]), []).append(path)
    for group in heads.values():
        parts = [dirname(path).split("/") for path in group]
        shared = 0
        while all(len(each) > shared for each in parts) and len({each[shared] for each in parts}) == 1:
            shared += 1
        for path in group:
            yield path, "/".join(path.split("/")[shared:])


def _shared_tail(one: str, other: str) -> int:
    count = 0
    for left, right in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if left != right:
            break
        count += 1
    return count


def _inside(path: str) -> str | None:
    tidy = normpath(path)
    return None if tidy.startswith("../") or tidy in ("..", ".") else tidy
