"""Where images go: one repository of a registry, or an OCI folder."""

from __future__ import annotations

from typing import Protocol

from noteship.images.descriptor import Blob, Descriptor

__all__ = ["Destination"]


class Destination(Protocol):
    """One repository: blobs by digest, manifests by digest or tag. What is put twice is there once."""

    def has(self, digest: str) -> bool:
        """Whether a blob is there already."""
        ...

    def mount(self, blob: Descriptor, source: str) -> bool:
        """Have a blob of another repository at the same place, without moving its bytes; False where that is not done.

        - source: the other repository's name at the same registry; a folder never mounts
        """
        ...

    def put(self, blob: Blob) -> None:
        """Bring a blob there; its digest is checked on the way, and nothing of a wrong one stays."""
        ...

    def put_manifest(self, body: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Write a manifest or an index whose blobs are there, by its digest, and under a tag."""
        ...

    def manifest(self, reference: str, accept: tuple[str, ...]) -> tuple[bytes, str]:
        """A manifest by "sha256:…" or by tag, with its media type; a digest is checked."""
        ...

    def read(self, blob: Descriptor) -> Blob:
        """A blob that is there; its digest and size are checked while it is read to its end."""
        ...
