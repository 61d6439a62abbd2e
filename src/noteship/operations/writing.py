"""Files that are made where somebody has asked for them."""

from __future__ import annotations

from pathlib import Path

from noteship import files
from noteship.operations.errors import NotWritten

__all__ = ["write"]


def write(target: Path, text: str) -> None:
    """Write a text, in place of what is there. Raises NotWritten."""
    if target.is_dir():
        raise NotWritten(str(target), "it is a folder")
    try:
        files.write(target, text.encode("utf-8"))
    except OSError as error:
        raise NotWritten(str(target), error.strerror or type(error).__name__) from error
