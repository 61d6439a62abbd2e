"""Manifests as files of a repository from which a cluster is brought up to date: written, and compared."""

from __future__ import annotations

import difflib
from pathlib import Path

from noteship.operations.errors import Unchecked
from noteship.operations.writing import write

__all__ = ["check", "save"]


def save(text: str, target: Path) -> Path:
    """Write a file, in a folder that is made if need be. Raises NotWritten."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, text)
    return target


def check(text: str, target: Path) -> Path:
    """Hold a file against what it would be today. Raises Unchecked with the differences."""
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
