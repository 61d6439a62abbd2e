"""What every destination of images does, whatever it is."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from contracts import destination_places
from contracts.destination_places import Open
from noteship.images import errors, media_types, pushing
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.registries.registry import Registry

SMALL, LARGE = b"a blob", os.urandom(9 << 20)


def blob(data: bytes, kind: str = media_types.LAYER) -> Blob:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Blob(Descriptor(kind, digest, len(data)), lambda: io.BytesIO(data))


def image(*layers: Blob, **more: object) -> bytes:
    config = blob(b"{}", media_types.CONFIG)
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": media_types.MANIFEST,
            "config": config.descriptor.to_json(),
            "layers": [each.descriptor.to_json() for each in layers],
            **more,
        }
    ).encode()


@pytest.fixture(params=destination_places.ALL)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    with destination_places.opened(request.param, tmp_path) as found:
        yield found


@pytest.mark.parametrize("data", [SMALL, LARGE, b""], ids=["small", "large", "empty"])
def test_what_is_put_is_read_as_it_was(places: Open, data: bytes) -> None:
    """A blob is there once it is put, and its bytes are the same, twice."""
    place = places("mail")
    given = blob(data)
    assert not place.has(given.descriptor.digest)
    place.put(given)
    place.put(given)
    assert place.has(given.descriptor.digest)
    for _ in range(2):
        with place.read(given.descriptor).open() as stream:
            assert stream.read() == data


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("wrong", ["digest", "shorter", "longer"])
def test_nothing_of_wrong_bytes_stays(places: Open, size: bytes, wrong: str) -> None:
    """A blob whose bytes are not what its descriptor says is refused, and is not there."""
    place = places("mail")
    right = blob(size).descriptor
    data = {"digest": bytes(len(size)), "shorter": size[:-1], "longer": size + b"!"}[wrong]
    with pytest.raises(errors.WrongBytes):
        place.put(Blob(right, lambda: io.BytesIO(data)))
    assert not place.has(right.digest)
    assert not place.has(blob(data).descriptor.digest)


def test_a_source_that_fails_leaves_nothing(places: Open) -> None:
    """What the reader of a blob raises comes out as it is, and nothing of the blob is there."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if self.tell() > 5 << 20:
                raise OSError(5, "Input/output error")
            return piece

    place = places("mail")

    def opened() -> BinaryIO:
        return Failing(LARGE)

    with pytest.raises((OSError, errors.ImageFolderUnwritable), match="Input/output"):
        place.put(Blob(blob(LARGE).descriptor, opened))
    assert not place.has(blob(LARGE).descriptor.digest)
    place.put(blob(LARGE))
    assert place.has(blob(LARGE).descriptor.digest)


def test_manifests_are_found_by_digest_and_tag(places: Open) -> None:
    """A manifest is the same bytes and media type by its digest and by each tag; a tag can be moved."""
    place = places("mail")
    for each in (blob(b"{}"), blob(SMALL)):
        place.put(each)
    first, second = image(), image(blob(SMALL))
    written = place.put_manifest(first, media_types.MANIFEST, "1.0")
    assert written == Descriptor(media_types.MANIFEST, f"sha256:{hashlib.sha256(first).hexdigest()}", len(first))
    for name in (written.digest, "1.0"):
        assert place.manifest(name, media_types.IMAGES) == (first, media_types.MANIFEST)
    moved = place.put_manifest(second, media_types.MANIFEST, "1.0")
    assert place.manifest("1.0", media_types.IMAGES)[0] == second
    assert place.manifest(written.digest, media_types.IMAGES)[0] == first
    index = json.dumps(
        {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [moved.to_json(), written.to_json()]}
    ).encode()
    assert place.put_manifest(index, media_types.INDEX).digest == f"sha256:{hashlib.sha256(index).hexdigest()}"
    digest = f"sha256:{hashlib.sha256(index).hexdigest()}"
    assert place.manifest(digest, media_types.IMAGES) == (index, media_types.INDEX)


def test_what_is_not_there_is_said(places: Open) -> None:
    """An unknown tag tells the nearest one; an unknown digest and an unknown blob are told of, too."""
    place = places("mail")
    place.put(blob(b"{}"))
    place.put_manifest(image(), media_types.MANIFEST, "2.0.1")
    with pytest.raises(errors.NotInRegistry) as raised:
        place.manifest("2.0", media_types.IMAGES)
    assert raised.value.nearest == "2.0.1"
    with pytest.raises(errors.NotInRegistry):
        place.manifest(blob(LARGE).descriptor.digest, media_types.IMAGES)
    with pytest.raises(errors.NotInRegistry):
        place.read(blob(LARGE).descriptor).open().read()


def test_a_mount_is_done_or_the_blob_can_be_put(places: Open) -> None:
    """Where a mount says that it is done, the blob is there; where not, it can be put as ever."""
    base, place = places("base"), places("mail")
    base.put(blob(SMALL))
    source = base.name.repository if isinstance(base, Registry) else "base"
    if not place.mount(blob(SMALL).descriptor, source):
        assert not place.has(blob(SMALL).descriptor.digest)
        place.put(blob(SMALL))
    assert place.has(blob(SMALL).descriptor.digest)
    assert not place.mount(blob(LARGE).descriptor, source)
    place.put(blob(LARGE))
    assert place.has(blob(LARGE).descriptor.digest)


def test_a_second_push_brings_nothing(places: Open) -> None:
    """A push of many blobs brings each once; the same push again finds all of them there."""
    place = places("mail")
    pieces = [pushing.Piece(blob(os.urandom(1000 + number))) for number in range(20)]
    pieces += [pushing.Piece(blob(LARGE)), pieces[0]]
    seen: dict[str, int] = {}

    def tell(progress: pushing.Progress) -> None:
        assert progress.done_bytes <= progress.blob.size
        seen[progress.blob.digest] = progress.done_bytes

    first = pushing.push(place, pieces, tell)
    assert (first.sent, first.mounted, first.there) == (21, 0, 0)
    assert first.sent_bytes == sum(seen.values()) == sum(each.blob.descriptor.size for each in pieces[:-1])
    assert pushing.push(place, pieces) == pushing.Pushed(there=21)


def test_a_manifest_about_another_one_is_kept(places: Open) -> None:
    """A manifest with a subject is kept like any other; a registry lists it among the subject's referrers."""
    place = places("mail")
    place.put(blob(b"{}"))
    subject = place.put_manifest(image(), media_types.MANIFEST, "1.0")
    digests = []
    for number in range(2):
        kind = f"application/vnd.example.sbom.v{number}"
        body = image(artifactType=kind, subject=subject.to_json(), annotations={"org.example.number": str(number)})
        digests.append(place.put_manifest(body, media_types.MANIFEST).digest)
        assert place.manifest(digests[-1], media_types.IMAGES) == (body, media_types.MANIFEST)
    if isinstance(place, Registry):
        found = place.referrers(subject.digest)
        assert sorted(each.digest for each in found) == sorted(digests)
        (second,) = place.referrers(subject.digest, "application/vnd.example.sbom.v1")
        assert (second.digest, second.annotations) == (digests[1], {"org.example.number": "1"})
        assert place.referrers(blob(SMALL).descriptor.digest) == []
