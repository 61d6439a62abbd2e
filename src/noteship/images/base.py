"""The image that another one is built on: only its manifest and its configuration are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noteship.images import errors, media_types, reference
from noteship.images.descriptor import Descriptor
from noteship.images.destination import Destination
from noteship.images.pushing import Piece

__all__ = ["Base", "Platform", "read"]

# Indexes of indexes are allowed; nobody nests them deeper.
MOST_INDEXES = 3
# A configuration is read whole.
CONFIG_LIMIT = 4 << 20


@dataclass(frozen=True)
class Platform:
    """What a program is compiled for, in the words of Go, as OCI has them; a base of any variant does without one."""

    architecture: str
    os: str = "linux"
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))

    def is_met_by(self, found: Platform) -> bool:
        """Whether an image of that platform runs on this one."""
        if (self.os, self.architecture) != (found.os, found.architecture):
            return False
        return not self.variant or found.variant in ("", self.variant)


@dataclass(frozen=True)
class Base:
    """An image as far as one is built on it.

    - name: as it was given
    - manifest: of the platform, so that its digest says which image it is
    - config: its configuration as it is written
    - layers: with OCI's media types, whatever the manifest calls them: the bytes are the same
    - diff_ids: digests of the layers' contents before compression
    """

    name: str
    manifest: Descriptor
    config: Mapping[str, Any]
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]

    def pieces(self, source: Destination, mounted_from: str = "") -> tuple[Piece, ...]:
        """Its layers to be pushed: from where they are, mounted where a repository is named (`mountable_from`)."""
        return tuple(Piece(source.read(layer), mounted_from) for layer in self.layers)


def read(source: Destination, name: str, wanted: str, platform: Platform) -> Base:
    """The base at a place.

    - name: for messages
    - wanted: a digest or a tag

    Raises UnsuitableBase where it is for other platforms, no image, or of a form that is not read; WrongBytes; and what
    the source raises.
    """
    body, kind = _manifest(source, name, wanted, platform)
    given = _checked(name, body)
    config = _config(source, name, given)
    _check_platform(name, config, platform)
    layers = tuple(_layer(name, each) for each in given.get("layers") or ())
    diff_ids = tuple((config.get("rootfs") or {}).get("diff_ids") or ())
    if len(diff_ids) != len(layers) or not all(isinstance(each, str) for each in diff_ids):
        raise errors.UnsuitableBase(
            name, f"it has {len(layers)} layers, and its configuration tells of {len(diff_ids)}"
        )
    manifest = Descriptor(kind, f"sha256:{hashlib.sha256(body).hexdigest()}", len(body))
    return Base(name, manifest, config, layers, diff_ids)


def _manifest(source: Destination, name: str, wanted: str, platform: Platform) -> tuple[bytes, str]:
    """The platform's manifest, through the indexes before it."""
    for _ in range(MOST_INDEXES + 1):
        body, kind = source.manifest(wanted, media_types.IMAGES)
        given = _checked(name, body)
        if kind in (media_types.MANIFEST, media_types.DOCKER_MANIFEST):
            return body, kind
        if kind in media_types.SCHEMA_1 or given.get("schemaVersion") == 1:
            raise errors.UnsuitableBase(name, "it is in Docker's schema 1, which registries have given up")
        if kind not in (media_types.INDEX, media_types.DOCKER_INDEX):
            raise errors.UnsuitableBase(name, f"its media type is {kind[:100] or 'not said'}")
        wanted = _chosen(name, given, platform)
    raise errors.UnsuitableBase(name, "it is an index of indexes without end")


def _chosen(name: str, index: Mapping[str, Any], platform: Platform) -> str:
    """The digest of the first manifest that suits: indexes list the best first."""
    offered: dict[str, str] = {}
    for each in index.get("manifests") or ():
        at = each.get("platform") if isinstance(each, dict) else None
        if isinstance(at, dict) and reference.is_digest(str(each.get("digest"))):
            found = Platform(str(at.get("architecture")), str(at.get("os")), str(at.get("variant") or ""))
            if platform.is_met_by(found):
                return str(each["digest"])
            # Beside the images there are attestations, which are for no platform.
            if found.os != "unknown":
                offered[str(found)] = ""
        elif isinstance(each, dict) and each.get("mediaType") in (media_types.INDEX, media_types.DOCKER_INDEX):
            return str(each.get("digest"))
    raise errors.UnsuitableBase(name, f"it is not for {platform}", ", ".join(offered))


def _checked(name: str, body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise errors.UnsuitableBase(name, "its manifest is no JSON") from error
    if not isinstance(given, dict):
        raise errors.UnsuitableBase(name, "its manifest is no JSON object")
    return given


def _config(source: Destination, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    blob = _descriptor(name, manifest.get("config"))
    if blob.media_type not in (media_types.CONFIG, media_types.DOCKER_CONFIG):
        raise errors.UnsuitableBase(name, f"it is no image: its configuration is {blob.media_type[:100]}")
    if blob.size > CONFIG_LIMIT:
        raise errors.UnsuitableBase(name, f"its configuration has {blob.size} bytes")
    with source.read(blob).open() as stream:
        return _checked(name, stream.read())


def _check_platform(name: str, config: Mapping[str, Any], platform: Platform) -> None:
    """Of an image without an index, only the configuration tells what it is for."""
    found = Platform(str(config.get("architecture")), str(config.get("os")), str(config.get("variant") or ""))
    if not platform.is_met_by(found):
        raise errors.UnsuitableBase(name, f"it is not for {platform}", str(found))


def _layer(name: str, given: Any) -> Descriptor:
    blob = _descriptor(name, given)
    kind = media_types.DOCKER_LAYERS.get(blob.media_type, blob.media_type)
    if kind not in media_types.LAYERS:
        raise errors.UnsuitableBase(name, f"it has a layer of the media type {blob.media_type[:100]}")
    return Descriptor(kind, blob.digest, blob.size)


def _descriptor(name: str, given: Any) -> Descriptor:
    found = given if isinstance(given, dict) else {}
    kind, digest, size = (found.get(key) for key in ("mediaType", "digest", "size"))
    is_good = isinstance(kind, str) and isinstance(size, int) and size >= 0
    if not is_good or not isinstance(digest, str) or not reference.is_digest(digest):
        raise errors.UnsuitableBase(name, "its manifest describes no configuration and layers by SHA-256")
    return Descriptor(str(kind), digest, int(size or 0))
