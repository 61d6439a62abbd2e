"""The seam of the store: a place that keeps bytes under keys.

Keys are made by this room alone: segments of ``A-Z a-z 0-9 . _ = -`` that do not begin with a dot, joined by ``/``.
A segment that ends in ``.json`` is always the last one, so no key is also the folder of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["PIECE_BYTES", "Bucket", "Entry", "Found"]

# Large enough that a call's own cost vanishes beside hashing it, small enough for the processor's caches.
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One key in a listing. `modified_s` is seconds since 1970 by the bucket's clock.

    `version` is another one when the bytes are, where listing tells it.
    """

    key: str
    size_bytes: int
    modified_s: float
    version: str = ""


@dataclass(frozen=True)
class Found:
    """A small value with the version that a conditional write names."""

    data: bytes
    version: str


class Bucket(Protocol):
    """A place that keeps bytes under keys.

    Every implementation guarantees: a key's bytes appear whole or not at all, whatever is killed when; a write that
    ended is seen by every later read; of several conditional writes from one version exactly one succeeds. Faults
    are raised as the store's own errors.
    """

    @property
    def url(self) -> str:
        """The place, for messages: without credentials."""

    @property
    def at_once(self) -> int:
        """How many small calls at the same time pay off."""

    def size(self, key: str) -> int | None:
        """Bytes under the key; None when there are none."""

    def get(self, key: str) -> Found | None:
        """A small value; None when it is absent."""

    def pieces(self, key: str) -> Iterator[bytes]:
        """The bytes in pieces of at most 8 MiB. Raises KeyError when the key is absent, before the first piece."""

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write, replacing what was there; if `pieces` raises, nothing is written and the error passes through."""

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write a small value if its version is this one, or if it is absent for None; the new version, else None."""

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """All keys that begin with the prefix and come after a key, in order of their code points."""

    def folders(self, folder: str) -> Iterator[str]:
        """The segments by which keys go on that begin with `folder/` and do not end there, in order.

        Cost: of what is directly in the folder, whatever is below these segments.
        """

    def delete(self, key: str) -> None:
        """Remove the key; nothing happens when it is absent."""

    def refresh(self, key: str) -> int | None:
        """As `size`, and from now on the key counts as just written for `discard`."""

    def discard(self, key: str, older_than_s: float) -> bool:
        """Remove the key if it was neither written nor refreshed for so long; whether it was removed."""

    def sweep_unfinished(self, older_than_s: float, folder: str = "") -> int:
        """Remove what killed writers left behind so long ago, of keys that begin with `folder/` if so; how many."""
