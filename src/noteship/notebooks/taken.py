"""Which of the paths of other machines are taken for the project's on this one, and where they would be here."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from posixpath import join, normpath

from noteship.notebooks.uses import Elsewhere
from noteship.patterns import PathSet

__all__ = ["inside", "is_own", "is_taken", "left_alone", "real"]


def left_alone(elsewhere: Sequence[Elsewhere], root: Path, produced: PathSet) -> tuple[str, ...]:
    """The files of this machine that are read as they are, since the code names them and they are there; sorted."""
    return tuple(
        sorted(
            {str(real(file, root)) for each in elsewhere if not is_taken(each, root, produced) for file in each.files}
        )
    )


def is_taken(each: Elsewhere, root: Path, produced: PathSet) -> bool:
    """Whether a path is taken for the project's: it is, or a stage makes a file of it, or this machine has it not."""
    if is_own(real(each.path, root), root):
        return True
    if any(inside(each, file) in produced for file in each.files):
        return True
    return not all(os.path.exists(real(file, root)) for file in each.files)  # noqa: PTH110 - never raises


def inside(each: Elsewhere, file: str) -> str:
    """The path in the project of one of its files."""
    return normpath(join(each.place, file[len(each.path) + 1 :]))


def real(path: str, root: Path) -> Path:
    """Where a path of the code would be on this machine."""
    if path.startswith("../"):
        return Path(normpath(root / path))
    # A home that is not known stays as it is, and a drive is nothing but a name.
    return Path("/", os.path.expanduser(path))  # noqa: PTH111


def is_own(path: Path, root: Path) -> bool:
    """Whether a path of this machine is the project's folder or in it."""
    with contextlib.suppress(OSError, RuntimeError):
        path = path.resolve()
    return path == root or root in path.parents
