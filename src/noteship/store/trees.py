"""Folders as content: an object that names every file by its digest.

Its bytes are the canonical JSON of ``{"empty": [path, …], "files": {path: leaf, …}, "tree": 1}`` with leaves
``{"digest": "…", "executable": false, "size": 3}``: paths relative with ``/``, `empty` the folders that hold nothing,
in order; 1 is the version of this form.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import digests, files
from noteship.digests import Digest
from noteship.store import errors

__all__ = ["Leaf", "Tree", "scan"]

VERSION = 1


@dataclass(frozen=True)
class Leaf:
    """One file of a folder."""

    digest: Digest
    size_bytes: int
    executable: bool


@dataclass(frozen=True)
class Tree:
    """A folder's files, and its folders that hold nothing."""

    files: Mapping[str, Leaf]
    empty: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """The files' sizes together."""
        return sum(leaf.size_bytes for leaf in self.files.values())

    def to_bytes(self) -> bytes:
        """The one byte form."""
        leaves = {
            path: {"digest": leaf.digest, "size": leaf.size_bytes, "executable": leaf.executable}
            for path, leaf in self.files.items()
        }
        return digests.canonical_json({"tree": VERSION, "files": leaves, "empty": sorted(self.empty)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Tree:
        """Read the byte form, trusting nothing in it. Raises ValueError, saying what is wrong."""
        try:
            value = json.loads(data)
            if value["tree"] != VERSION:
                raise ValueError(f"its form is of version {value['tree']!r}; this noteship knows {VERSION}")
            leaves = {path: _leaf(leaf) for path, leaf in value["files"].items()}
            tree = cls(leaves, tuple(value["empty"]))
            _check_names([*tree.files, *tree.empty])
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("it is not of the form of a folder's description") from error
        return tree


def scan(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Each file below a folder with what to read for it, and the empty folders; links within the folder are followed.

    Raises SourceUnreadable, LinkLeavesFolder.
    """
    found: dict[str, Path] = {}
    empty: list[str] = []
    try:
        root = folder.resolve(strict=True)
        for path, is_file in _walk(folder, root, ()):
            name = path.relative_to(folder).as_posix()
            if is_file:
                found[name] = path
            else:
                empty.append(name)
    except OSError as error:
        raise errors.SourceUnreadable(str(folder), error.strerror or type(error).__name__) from error
    return found, tuple(sorted(empty))


def _walk(folder: Path, root: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Files, and folders that hold nothing; `above` are the real folders that lead here, to notice a loop of links."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    if not entries and above:
        yield folder, False
    for entry in entries:
        path = folder / entry.name
        if entry.is_symlink():
            _check_link(path, root, above)
        if entry.is_dir():
            yield from _walk(path, root, (*above, path.resolve()))
        elif entry.is_file():
            yield path, True
        else:
            raise errors.SourceUnreadable(str(path), "neither a file nor a folder")


def _check_link(path: Path, root: Path, above: tuple[Path, ...]) -> None:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise errors.LinkLeavesFolder(str(path), str(path.readlink())) from error
    if not real.is_relative_to(root) or real == root or real in above:
        raise errors.LinkLeavesFolder(str(path), str(path.readlink()))


def _leaf(value: Any) -> Leaf:
    digest, size, executable = value["digest"], value["size"], value["executable"]
    if not (isinstance(digest, str) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")):
        raise ValueError("it names a file by what is no digest")
    if not (isinstance(size, int) and size >= 0 and isinstance(executable, bool)):
        raise TypeError
    return Leaf(Digest(digest), size, executable)


def _check_names(names: list[str]) -> None:
    for name in names:
        if not files.is_inside(name):
            raise ValueError(f"the name {name[:200]!r} leaves the folder or is no name")
    known = set(names)
    if len(known) < len(names):
        raise ValueError("it names a path twice")
    for name in names:
        for end in (at for at, character in enumerate(name) if character == "/"):
            if name[:end] in known:
                raise ValueError(f"{name[:end][:200]!r} is a file or an empty folder, and holds {name[:200]!r}")
