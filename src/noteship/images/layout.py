"""An OCI folder: images as files, which other tools read, and which can be carried where no registry is reached.

The form is that of OCI's image specification 1.1 ("Image Layout"): `oci-layout`, `index.json`, `blobs/sha256/…`. A tag
is the annotation `org.opencontainers.image.ref.name` of an entry in the index. An entry without a tag is about another
one, or was written by digest only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import digests, files, nearest
from noteship.images import errors, media_types, reference
from noteship.images.checked_file import open_checked
from noteship.images.descriptor import Blob, Descriptor

__all__ = ["Layout"]

MARKER = {"imageLayoutVersion": "1.0.0"}
TAG = "org.opencontainers.image.ref.name"
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Layout:
    """One OCI folder as a destination of images; it is made with what is put first.

    Guarantee: a kill at any moment leaves an OCI folder with all that was put before; several processes may write.
    Every method raises ImageFolderUnwritable where the folder cannot be read or written, and NoImageFolder where it
    holds something else.
    """

    folder: Path

    def has(self, digest: str) -> bool:
        """Whether a blob is there already."""
        return self._blob(digest).is_file()

    def mount(self, blob: Descriptor, source: str) -> bool:  # noqa: ARG002 - as Destination has it
        """Nothing lies beside a folder."""
        return False

    def put(self, blob: Blob) -> None:
        """Copy a blob; nothing of one whose bytes have another digest or size stays. Raises WrongBytes."""
        wanted = blob.descriptor
        with self._faults():
            self._prepare()
            if self._size(wanted.digest) == wanted.size:
                return
            with blob.open() as source, files.replacing(self._blob(wanted.digest)) as target:
                seen, size = hashlib.sha256(), 0
                while piece := source.read(PIECE_BYTES):
                    size += len(piece)
                    seen.update(piece)
                    target.write(piece)
                found = f"sha256:{seen.hexdigest()}"
                if found != wanted.digest or size != wanted.size:
                    raise errors.WrongBytes(str(self.folder), wanted.digest, f"{found}, {size} of {wanted.size} bytes")

    def put_manifest(self, body: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Write a manifest or index and name it in the folder's index; a tag that something else had is moved."""
        written = Descriptor(media_type, f"sha256:{digests.of_bytes(body)}", len(body))
        kind = _artifact_type(body)
        entry = Descriptor(media_type, written.digest, written.size, {TAG: tag} if tag else {}, kind).to_json()
        with self._faults():
            self._prepare()
            files.write(self._blob(written.digest), body)
            with self._alone():
                index = self._index()
                index["manifests"] = _with(index["manifests"], entry)
                files.write(self.folder / "index.json", digests.canonical_json(index))
        return written

    def manifest(self, reference: str, accept: tuple[str, ...]) -> tuple[bytes, str]:  # noqa: ARG002 - what is there
        """A manifest by digest or tag, with its media type. Raises NotInRegistry, WrongBytes."""
        entries = self._entries()
        found = [each for each in entries if reference in (each.get("digest"), _tag(each))]
        digest = str(found[0]["digest"]) if found else reference
        if not self._is_blob(digest):
            known = [_tag(each) for each in entries if _tag(each)]
            raise errors.NotInRegistry(str(self.folder), f"image '{reference}'", nearest.nearest(reference, known))
        with self._faults():
            body = self._blob(digest).read_bytes()
        if f"sha256:{digests.of_bytes(body)}" != digest:
            raise errors.WrongBytes(str(self.folder), digest, f"their digest is sha256:{digests.of_bytes(body)}")
        return body, str(found[0].get("mediaType")) if found else _media_type(body)

    def read(self, blob: Descriptor) -> Blob:
        """A blob that is there. Raises NotInRegistry; reading it WrongBytes."""
        if not self._is_blob(blob.digest):
            raise errors.NotInRegistry(str(self.folder), f"blob {blob.digest}")
        return Blob(blob, lambda: open_checked(self._blob(blob.digest), blob, str(self.folder)))

    def _prepare(self) -> None:
        """Make the folder an OCI folder, if it is empty; refuse one of something else."""
        marker = self.folder / "oci-layout"
        if marker.exists():
            self._check_marker(marker)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if {path.name for path in self.folder.iterdir()} - {"blobs", "index.json", "oci-layout"}:
                raise errors.NoImageFolder(str(self.folder), "it has files, and no oci-layout among them")
            if not (self.folder / "index.json").exists():
                files.write(self.folder / "index.json", digests.canonical_json(_empty_index()))
            # The mark is last: where it is, the rest is, too.
            files.write(marker, digests.canonical_json(MARKER))

    def _check_marker(self, marker: Path) -> None:
        try:
            found = json.loads(marker.read_bytes())
        except ValueError:
            found = None
        if found != MARKER:
            raise errors.NoImageFolder(str(self.folder), f"its oci-layout is not {json.dumps(MARKER)}")

    def _entries(self) -> list[dict[str, Any]]:
        with self._faults():
            return list(self._index()["manifests"]) if (self.folder / "index.json").exists() else []

    def _index(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "index.json").read_bytes())
            if all(isinstance(each["digest"], str) for each in found["manifests"]):
                return dict(found)
        except (ValueError, KeyError, TypeError):
            pass
        raise errors.NoImageFolder(str(self.folder), "its index.json is damaged")

    def _is_blob(self, digest: str) -> bool:
        return reference.is_digest(digest) and self.has(digest)

    def _blob(self, digest: str) -> Path:
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _size(self, digest: str) -> int | None:
        try:
            return self._blob(digest).stat().st_size
        except FileNotFoundError:
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's own lock, which leaves no file in it."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise errors.ImageFolderUnwritable(str(self.folder), error.strerror or str(error)) from error


def _empty_index() -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": []}


def _with(entries: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries with a new one, whose tag is taken from others; what has a tag is not there without one, too."""
    same = [each for each in entries if each["digest"] == new["digest"]]
    if not _tag(new):
        return entries if same else [*entries, new]
    return [each for each in entries if _tag(each) != _tag(new) and (each not in same or _tag(each))] + [new]


def _tag(entry: dict[str, Any]) -> str:
    return str((entry.get("annotations") or {}).get(TAG, ""))


def _artifact_type(body: bytes) -> str:
    """What a manifest says that it is, where it is no image."""
    found = json.loads(body)
    return str(found.get("artifactType", "")) if isinstance(found, dict) else ""


def _media_type(body: bytes) -> str:
    found = json.loads(body)
    return str(found.get("mediaType", "")) if isinstance(found, dict) else ""
