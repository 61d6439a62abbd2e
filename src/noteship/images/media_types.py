"""What registries call the things that they keep: OCI's image specification 1.1, and Docker's schema 2 before it."""

from __future__ import annotations

__all__ = [
    "CONFIG",
    "DOCKER_CONFIG",
    "DOCKER_INDEX",
    "DOCKER_LAYERS",
    "DOCKER_MANIFEST",
    "EMPTY",
    "IMAGES",
    "INDEX",
    "LAYER",
    "LAYERS",
    "MANIFEST",
    "SCHEMA_1",
]

_OCI, _DOCKER = "application/vnd.oci.image", "application/vnd.docker"

INDEX = f"{_OCI}.index.v1+json"
MANIFEST = f"{_OCI}.manifest.v1+json"
CONFIG = f"{_OCI}.config.v1+json"
LAYER = f"{_OCI}.layer.v1.tar+gzip"
LAYERS = (f"{_OCI}.layer.v1.tar", LAYER, f"{_OCI}.layer.v1.tar+zstd")
EMPTY = "application/vnd.oci.empty.v1+json"

DOCKER_INDEX = f"{_DOCKER}.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"
DOCKER_CONFIG = f"{_DOCKER}.container.image.v1+json"
# The same bytes by their OCI names.
DOCKER_LAYERS = {
    f"{_DOCKER}.image.rootfs.diff.tar.gzip": LAYER,
    f"{_DOCKER}.image.rootfs.diff.tar": LAYERS[0],
    f"{_DOCKER}.image.rootfs.diff.tar.zstd": LAYERS[2],
}
SCHEMA_1 = (f"{_DOCKER}.distribution.manifest.v1+json", f"{_DOCKER}.distribution.manifest.v1+prettyjws")

# What is asked for where an image is.
IMAGES = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX)
