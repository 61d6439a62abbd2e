"""SHA-256 digests of bytes, files and plain values, in one written form."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NewType

__all__ = ["Digest", "canonical_json", "of_bytes", "of_file", "of_value", "short"]

Digest = NewType("Digest", str)
"""64 lower-case hexadecimal digits of a SHA-256."""


def of_bytes(data: bytes) -> Digest:
    """Digest of bytes.

    >>> short(of_bytes(b""))
    'e3b0c44298fc'
    """
    return Digest(hashlib.sha256(data).hexdigest())


def of_file(path: Path) -> Digest:
    """Digest of a file's bytes, read in pieces of 256 KiB. Raises OSError."""
    with path.open("rb") as stream:
        return Digest(hashlib.file_digest(stream, "sha256").hexdigest())


def canonical_json(value: Any) -> bytes:
    r"""The one byte form of a plain value: sorted keys, no white space, UTF-8, no NaN.

    >>> canonical_json({"b": 1, "a": ["é"]})
    b'{"a":["\xc3\xa9"],"b":1}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def of_value(value: Any) -> Digest:
    """Digest of a plain value's canonical JSON."""
    return of_bytes(canonical_json(value))


def short(digest: str) -> str:
    """The first 12 digits: enough to tell digests apart by eye."""
    return digest[:12]
