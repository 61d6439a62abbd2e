"""Small images in OCI folders, as a base and as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from images import layer_reading
from noteship.images import image, media_types, pushing
from noteship.images.base import Base
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.destination import Destination
from noteship.images.image import About, Image
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.entry import Entry, Held, Link
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Plan

ENVIRONMENT = Environment("/usr/local/bin/python3.12", "3.12")
CONFIG: dict[str, Any] = {
    "architecture": "arm64",
    "variant": "v8",
    "os": "linux",
    "created": "2026-01-02T03:04:05Z",
    "config": {
        "Env": ["PATH=/usr/local/bin:/usr/bin", "PYTHONPATH=/opt/theirs", "LANG=C.UTF-8", "HOME=/root"],
        "Entrypoint": ["/entry.sh"],
        "Cmd": ["python3"],
        "User": "root",
        "Volumes": {"/data": {}},
        "Labels": {"maintainer": "them"},
    },
    "history": [{"created_by": "ADD rootfs"}, {"created_by": "ENV LANG", "empty_layer": True}],
}


def base(config: dict[str, Any] | None = None) -> tuple[Base, Blob]:
    """A base of one layer, with that layer."""
    data, written = layer_reading.blob_of([Entry("etc/base", Held(b"base"))])
    layer = Blob(Descriptor(media_types.LAYER, written.digest, written.size), lambda: io.BytesIO(data))
    manifest = Descriptor(media_types.MANIFEST, f"sha256:{'b' * 64}", 500)
    said = {**(config or CONFIG), "rootfs": {"type": "layers", "diff_ids": [written.diff_id]}}
    name = "registry.example.org/python:3.12"
    return Base(name, manifest, said, (layer.descriptor,), (written.diff_id,)), layer


def composed(
    folder: Path, entries: Iterable[Entry | Link], about: About | None = None, config: dict[str, Any] | None = None
) -> Image:
    """An image of one layer on that base."""
    layer = LayerCache(folder).layer(Plan.of("the project mail", entries))
    return image.composed(base(config)[0], [layer], ENVIRONMENT, about or About())


def bring(made: Image, destination: Destination, tag: str = "") -> Descriptor:
    """All of an image, the base's layer among it."""
    pushing.push(destination, [pushing.Piece(base()[1]), *made.pieces])
    return destination.put_manifest(made.manifest, media_types.MANIFEST, tag)
