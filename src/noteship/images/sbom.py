"""What is in an image, as a list that scanners read: CycloneDX 1.6, from the lock's wheels, beside the image.

Equal images give equal lists: there is no time and no random number in them. Source: CycloneDX 1.6, JSON; OCI's image
specification 1.1, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from noteship import __version__, digests
from noteship.images import media_types
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.packages import Wheel

__all__ = ["TYPE", "artifact", "document"]

TYPE = "application/vnd.cyclonedx+json"
EMPTY = b"{}"


def document(image: Descriptor, name: str, wheels: Iterable[Wheel]) -> bytes:
    """The list: the image, and each package with its version and its wheel's digest."""
    listed = [_component(each) for each in sorted(wheels)]
    about = {"type": "container", "bom-ref": image.digest, "name": name, "version": image.digest}
    return digests.canonical_json(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            # The same image has the same number.
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'noteship:{image.digest}')}",
            "version": 1,
            "metadata": {"component": about, "tools": {"components": [_tool()]}},
            "components": listed,
            "dependencies": [{"ref": image.digest, "dependsOn": [each["bom-ref"] for each in listed]}],
        }
    )


def artifact(image: Descriptor, listed: bytes) -> tuple[bytes, tuple[Blob, ...]]:
    """The manifest that says that a list is about an image, and the blobs to bring before it."""
    blobs = (Blob.of(media_types.EMPTY, EMPTY), Blob.of(TYPE, listed))
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.MANIFEST,
        "artifactType": TYPE,
        "config": blobs[0].descriptor.to_json(),
        "layers": [blobs[1].descriptor.to_json()],
        "subject": image.to_json(),
    }
    return digests.canonical_json(manifest), blobs


def _component(wheel: Wheel) -> dict[str, Any]:
    # As package URLs have the names of Python's packages.
    address = f"pkg:pypi/{wheel.name}@{wheel.version}"
    hashes = [{"alg": "SHA-256", "content": wheel.sha256}]
    return {
        "type": "library",
        "bom-ref": address,
        "name": wheel.name,
        "version": wheel.version,
        "purl": address,
        "hashes": hashes,
    }


def _tool() -> dict[str, str]:
    return {"type": "application", "name": "noteship", "version": __version__}
