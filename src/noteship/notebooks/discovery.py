"""The project's own files: one walk, without what tools and environments put there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from noteship import patterns

__all__ = ["excluded", "is_support", "list_files"]

# Folders that hold tools' own files; hidden folders are left out as a whole.
SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "__pypackages__", "venv", "virtualenv"})
# Files that Python's tools run, or that are there for tests.
SUPPORT = re.compile(
    r"(^|/)(setup|conftest|noxfile|fabfile|tasks|manage|versioneer|__init__|__main__|_version)\.py$"
    r"|(^|/)tests?/|(^|/)docs?/(source/)?conf\.py$"
)
# Names of tests, which what works on a test set has too: the content tells.
TEST_NAME = re.compile(r"(^|/)test_[^/]*\.py$|_test\.py$")
# Beyond this a listing tells nothing that a person meant; the walk stops there.
FILES_LIMIT = 500_000


def list_files(root: Path) -> frozenset[str]:
    """Every file below the root, project-relative, in POSIX form. Raises OSError when the root cannot be listed."""
    found: list[str] = []
    seen = {_identity(root.stat())}
    waiting = [""]
    while waiting and len(found) < FILES_LIMIT:
        folder = waiting.pop()
        for entry in _entries(root, folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                if _entered(entry, seen):
                    waiting.append(path)
            else:
                found.append(path)
    return frozenset(found)


def _entries(root: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / folder) as entries:
            return list(entries)
    except PermissionError:
        if not folder:
            raise
        return []


def _entered(entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> bool:
    """Whether to go into a folder: not a tool's, not an environment, not one seen through another link."""
    name = entry.name
    if name.startswith(".") or name in SKIPPED or name.endswith(".egg-info"):
        return False
    if not entry.is_symlink():
        return not ("env" in name.lower() and (Path(entry.path) / "pyvenv.cfg").exists())
    identity = _identity(entry.stat())
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def excluded(path: str, names: Iterable[str]) -> bool:
    """Whether a path or a folder above it is named by one of the patterns; one without a slash may be in any folder."""
    return path in _named(tuple(names))


@lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> patterns.PathSet:
    plain = [name.strip("/") for name in names]
    return patterns.PathSet(name if "/" in name else f"**/{name}" for name in plain)


def is_support(path: str, tests: bool = True) -> bool:
    """Whether a `.py` file is there for tools and tests, so that it is no stage; `tests` tells that it holds some."""
    return SUPPORT.search(path) is not None or (tests and TEST_NAME.search(path) is not None)
