"""The forms that rows are stored in, by the suffix of a file's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Form", "form_of"]

KINDS: dict[str, Literal["parquet", "csv", "jsonl"]] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
PACKED = ".gz"


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
