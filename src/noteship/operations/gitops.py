"""Manifests as files of a repository from which a cluster is brought up to date: written, and compared."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Protocol

from noteship.operations.errors import Unchecked
from noteship.operations.writing import write

__all__ = ["Made", "check", "save"]


class Made(Protocol):
    """Manifests that were made, under a name."""

    @property
    def name(self) -> str:
        """Of what they make."""

    @property
    def yaml(self) -> str:
        """The manifests as one stream, in the order in which they are applied."""

    def to_json(self) -> dict[str, Any]:
        """As a plain value, with the manifests under that name."""


def save(made: Made, folder: Path) -> Path:
    """Write the one file of what was made, into a folder that is made if need be. Raises NotWritten."""
    target = _file(made, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, made.yaml)
    return target


def check(made: Made, folder: Path) -> Path:
    """Hold the file against what it would be today. Raises Unchecked with the differences."""
    target, text = _file(made, folder), made.yaml
    try:
        there = target.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Unchecked(str(target), (f"it cannot be read: {reason}",)) from error
    names = (str(target), "rendered today")
    lines = difflib.unified_diff(there.splitlines(), text.splitlines(), *names, n=2, lineterm="")
    differences = tuple(lines)
    if differences or there != text:
        raise Unchecked(str(target), differences or ("the ends of lines",))
    return target


def _file(made: Made, folder: Path) -> Path:
    return folder / f"{made.name}.yaml"
