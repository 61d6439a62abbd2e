"""What an image is made of, as plain values: bytes known by digest, and where they can be read."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from noteship import digests

__all__ = ["Blob", "Descriptor"]


@dataclass(frozen=True)
class Descriptor:
    """Bytes of a media type by their digest, as OCI's image specification 1.1 has it ("Content descriptors").

    - digest: "sha256:" and 64 hexadecimal digits
    - size: in bytes
    - artifact_type: of a manifest in an index that is about another one
    """

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the specification writes it."""
        written: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            written["artifactType"] = self.artifact_type
        if self.annotations:
            written["annotations"] = dict(sorted(self.annotations.items()))
        return written


@dataclass(frozen=True)
class Blob:
    """Bytes that can be read again and again, from their beginning; who opens them closes them."""

    descriptor: Descriptor
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, media_type: str, data: bytes) -> Blob:
        """Bytes in memory."""
        return cls(Descriptor(media_type, f"sha256:{digests.of_bytes(data)}", len(data)), lambda: io.BytesIO(data))
