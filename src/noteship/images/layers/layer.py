"""A layer before and after it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from noteship import digests
from noteship.images.descriptor import Blob
from noteship.images.layers.entry import Entry, Link
from noteship.images.layers.writing import VERSION

__all__ = ["Layer", "Plan", "key_of"]


@dataclass(frozen=True)
class Plan:
    """A layer that can be made, known by a key before it is.

    - title: for people: what is in it
    - key: hexadecimal; layers with one key have the same bytes
    - entries: its files, listed only when the layer is made
    - effort: how long it takes to make, roughly, in bytes that are inflated and hashed; the longest begin first
    """

    title: str
    key: str
    entries: Callable[[], Iterable[Entry | Link]]
    effort: int = 0

    @classmethod
    def of(cls, title: str, entries: Iterable[Entry | Link]) -> Plan:
        """A layer of files that are listed already."""
        listed = tuple(entries)
        return cls(title, key_of("files", [_described(entry) for entry in sorted(listed, key=_path)]), lambda: listed)


@dataclass(frozen=True)
class Layer:
    """A layer that is made.

    - diff_id: "sha256:" and the digest of the tar in the blob
    """

    title: str
    key: str
    diff_id: str
    blob: Blob


def key_of(kind: str, value: Any) -> str:
    """A layer's key: the digest of `{"layer": VERSION, KIND: value}`, where VERSION is that of the form of blobs."""
    return digests.of_value({"layer": VERSION, kind: value})


def _described(entry: Entry | Link) -> list[Any]:
    if isinstance(entry, Link):
        return [entry.path, "link", entry.target]
    return [entry.path, "0755" if entry.executable else "0644", entry.content.digest]


def _path(entry: Entry | Link) -> str:
    return entry.path
