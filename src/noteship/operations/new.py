"""`noteship new`: a small working project to start from."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from noteship import files
from noteship.operations.errors import FolderNotEmpty
from noteship.operations.opened import plain_name

__all__ = ["new"]

# The word in the template that the project's name takes the place of.
PLACEHOLDER = "PROJECT_NAME"


def new(folder: Path) -> list[str]:
    """Write the project and give its files. Raises FolderNotEmpty."""
    if folder.exists():
        found = folder.name if folder.is_file() else next((path.name for path in sorted(folder.iterdir())), "")
        if found:
            raise FolderNotEmpty(str(folder), found)
    written: list[str] = []
    _copy(resources.files("noteship") / "templates/project", folder, plain_name(folder.resolve().name), written)
    return sorted(written)


def _copy(source: Traversable, target: Path, name: str, written: list[str]) -> None:
    for entry in source.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                _copy(entry, target / entry.name, name, written)
        elif not entry.name.endswith(".pyc"):
            text = entry.read_text(encoding="utf-8").replace(PLACEHOLDER, name)
            files.write(target / entry.name, text.encode())
            written.append(str(target / entry.name))
