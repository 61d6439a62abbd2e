"""The bundles that this project's folder made or confirmed: the source that they bring may be imported here."""

from __future__ import annotations

from pathlib import Path

from noteship import files

__all__ = ["add", "holds"]

# A digest a line, in the project's own folder: who writes to a shared store does not write here.
NAME = "trusted"


def add(root: Path, digest: str) -> None:
    """Trust a bundle from now on."""
    if not holds(root, digest):
        with (files.own_folder(root) / NAME).open("a", encoding="ascii") as stream:
            stream.write(f"{digest}\n")


def holds(root: Path, digest: str) -> bool:
    """Whether a bundle was made or confirmed here."""
    path = root / ".noteship" / NAME
    return path.is_file() and digest in path.read_text(encoding="ascii", errors="replace").splitlines()
