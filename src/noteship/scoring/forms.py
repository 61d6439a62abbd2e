"""The forms that rows are stored in, by the suffix of a file's name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noteship.nearest import nearest
from noteship.scoring import errors

__all__ = ["Form", "check_file", "form_of"]

KINDS: dict[str, Literal["parquet", "csv", "jsonl"]] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
PACKED = ".gz"
# Names that are told of a folder.
TOLD = 5


@dataclass(frozen=True)
class Form:
    """How rows are written, and whether gzip packs them."""

    kind: Literal["parquet", "csv", "jsonl"]
    is_packed: bool = False


def form_of(name: str) -> Form | None:
    """The form that a name's suffix tells, or None.

    >>> form_of("a/b.CSV.gz"), form_of("notes.txt")
    (Form(kind='csv', is_packed=True), None)
    """
    lower = name.lower()
    is_packed = lower.endswith(PACKED)
    bare = lower.removesuffix(PACKED)
    for suffix, kind in KINDS.items():
        # Parquet packs its own pages.
        if bare.endswith(suffix) and not (is_packed and kind == "parquet"):
            return Form(kind, is_packed)
    return None


def check_file(path: Path) -> None:
    """Look whether there is a file, before anything is done for it. Raises NoRows."""
    if path.is_dir():
        raise errors.NoRows(str(path), "a folder", ", ".join(_names(path)[:TOLD]))
    if not path.is_file():
        raise errors.NoRows(str(path), "nothing", nearest(path.name, _names(path.parent)))


def _names(folder: Path) -> list[str]:
    """Its files of rows."""
    with suppress(OSError):
        return sorted(each.name for each in folder.iterdir() if form_of(each.name) is not None)
    return []
