"""Manifests about other manifests: what they say, and the tag that lists them where a registry does not.

By OCI's distribution specification 1.1 ("Referrers Tag Schema"): the index under the tag sha256-… of the subject.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from noteship.images import errors, media_types, reference
from noteship.images.descriptor import Descriptor
from noteship.images.destination import Destination
from noteship.images.registries.messages import Answer

__all__ = ["described", "descriptors", "following", "note", "noted", "subject"]


def subject(manifest: bytes) -> str:
    """The digest of what a manifest is about, or ""."""
    digest = _object(_object(_parsed(manifest)).get("subject")).get("digest")
    return digest if isinstance(digest, str) and reference.is_digest(digest) else ""


def described(written: Descriptor, manifest: bytes) -> Descriptor:
    """A manifest's descriptor as lists of referrers have it: with its type and its annotations."""
    given = _object(_parsed(manifest))
    kind = given.get("artifactType") or _object(given.get("config")).get("mediaType") or ""
    return replace(written, artifact_type=str(kind), annotations=_object(given.get("annotations")))


def descriptors(index: bytes) -> list[Descriptor]:
    """The manifests that an index lists; what is none is left out."""
    listed = _object(_parsed(index)).get("manifests")
    return [found for each in (listed if isinstance(listed, list) else []) if (found := _descriptor(each))]


def noted(destination: Destination, digest: str) -> list[Descriptor]:
    """What the tag of a subject lists."""
    with suppress(errors.NotInRegistry):
        body, _ = destination.manifest(_tag(digest), (media_types.INDEX,))
        return descriptors(body)
    return []


def note(destination: Destination, referrer: Descriptor, digest: str) -> None:
    """Add a referrer to what the tag of its subject lists."""
    known = noted(destination, digest)
    if referrer.digest in {each.digest for each in known}:
        return
    index = {
        "schemaVersion": 2,
        "mediaType": media_types.INDEX,
        "manifests": [each.to_json() for each in (*known, referrer)],
    }
    destination.put_manifest(json.dumps(index, ensure_ascii=False).encode(), media_types.INDEX, _tag(digest))


def following(answer: Answer) -> str:
    """The address of a list's next page (RFC 8288), or ""."""
    for header in answer.all("link"):
        if found := re.search(r'<([^>]+)>\s*;[^,]*\brel="?next"?', header):
            return str(urljoin(answer.url, str(found[1])))
    return ""


def _tag(digest: str) -> str:
    return digest.replace(":", "-", 1)


def _descriptor(given: Any) -> Descriptor | None:
    found = _object(given)
    digest, size = found.get("digest"), found.get("size")
    if not isinstance(digest, str) or not reference.is_digest(digest) or not isinstance(size, int):
        return None
    return Descriptor(
        str(found.get("mediaType", "")),
        digest,
        size,
        _object(found.get("annotations")),
        str(found.get("artifactType", "")),
    )


def _parsed(text: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
