"""A whole folder as files of a layer, such as a model's bundle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from noteship.images.layers import errors
from noteship.images.layers.entry import Entry, OnDisk

__all__ = ["entries"]


def entries(folder: Path, target: str) -> list[Entry]:
    """Every file below a folder; nothing is left out, so links, pipes and devices are an error. Raises FileUnfit.

    - target: where they go, relative to the image's root
    Cost: each file is read once.
    """
    found = []
    for path in _files(folder):
        executable = bool(path.stat().st_mode & 0o100)
        found.append(Entry(f"{target}/{path.relative_to(folder).as_posix()}", OnDisk.of(path), executable))
    return sorted(found, key=lambda entry: entry.path)


def _files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listing:
            found = list(listing)
    except OSError as error:
        raise errors.FileUnfit(str(folder), error.strerror or type(error).__name__) from error
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        else:
            raise errors.FileUnfit(entry.path, "it is neither a file nor a folder, or a link")
