"""Layers read by Python's own gzip and tarfile, which know nothing of how they were written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

from noteship.images import media_types
from noteship.images.descriptor import Descriptor
from noteship.images.layers import writing
from noteship.images.layers.entry import Entry, Link
from noteship.images.layers.layer import Layer
from noteship.images.layout import Layout


def blob_of(entries: Iterable[Entry | Link]) -> tuple[bytes, writing.Written]:
    stream = io.BytesIO()
    written = writing.write(entries, stream)
    return stream.getvalue(), written


def members(blob: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob)), mode="r:") as tar:
        return tar.getmembers()


def files(blob: bytes) -> dict[str, bytes]:
    """Contents of the files by their paths."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob)), mode="r:") as tar:
        return {each.name: read.read() for each in tar if each.isfile() and (read := tar.extractfile(each))}


def bytes_of(layer: Layer) -> bytes:
    with layer.blob.open() as stream:
        return stream.read()


def unpack(blob: bytes, root: Path) -> None:
    """Lay a layer's files below a folder; folders keep the modes that they have there."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob)), mode="r:") as tar:
        for each in tar:
            place = root / each.name
            if each.isdir():
                place.mkdir(exist_ok=True)
            elif each.issym():
                place.symlink_to(each.linkname)
            else:
                read = tar.extractfile(each)
                assert read
                place.write_bytes(read.read())
                place.chmod(each.mode)


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def files_of(place: Layout, digest: str) -> dict[str, bytes]:
    """All files of an image in a folder, the upper layers' last."""
    manifest = json.loads(place.manifest(digest, media_types.IMAGES)[0])
    found = {}
    for each in manifest["layers"]:
        described = Descriptor(each["mediaType"], each["digest"], each["size"])
        with place.read(described).open() as stream:
            whole = io.BytesIO(stream.read())
        with tarfile.open(fileobj=whole, mode="r:gz") as layer:
            for member in layer:
                if member.isfile() and (content := layer.extractfile(member)):
                    found[member.name] = content.read()
    return found
