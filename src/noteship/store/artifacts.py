"""What a stage hands over: a file or a folder, known by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from noteship.digests import Digest

__all__ = ["Artifact"]


@dataclass(frozen=True)
class Artifact:
    """A file or a folder in the store; `size_bytes` counts the bytes of the files."""

    digest: Digest
    kind: Literal["file", "folder"]
    size_bytes: int
    executable: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a plain value.

        >>> Artifact(Digest("ab" * 32), "file", 3).to_json()["kind"]
        'file'
        """
        value: dict[str, Any] = {"digest": self.digest, "kind": self.kind, "size_bytes": self.size_bytes}
        return value | {"executable": True} if self.executable else value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Artifact:
        """From a plain value that `to_json` made. Raises KeyError."""
        return cls(value["digest"], value["kind"], value["size_bytes"], value.get("executable", False))
