"""The base of an image: which one is taken of an index, and what is no base."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noteship.images import base, errors, media_types, pushing, reference
from noteship.images.base import Platform
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layout import Layout
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport, Way

pytestmark = pytest.mark.usefixtures("quick")
AMD64, ARM64 = Platform("amd64"), Platform("arm64", variant="v8")
LAYERS = [b"layer one", b"layer two"]
DOCKER_LAYER = next(iter(media_types.DOCKER_LAYERS))
Place = Registry | Layout


def blob(data: bytes, kind: str) -> Blob:
    return Blob.of(kind, data)


@pytest.fixture
def memory() -> Iterator[MemoryRegistry]:
    registry = MemoryRegistry()
    with serving(registry):
        yield registry


@pytest.fixture
def place(memory: MemoryRegistry) -> Iterator[Registry]:
    with Transport(Way(tries=2)) as transport:
        yield Registry(reference.parsed(f"{memory.address.partition('//')[2]}/python"), transport)


def put_image(place: Place, *, docker: bool = False, tag: str = "", **config: Any) -> Descriptor:
    """An image of two layers."""
    diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in LAYERS]
    written = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}, **config}
    kind = media_types.DOCKER_CONFIG if docker else media_types.CONFIG
    blobs = [blob(json.dumps(written).encode(), kind)]
    blobs += [blob(layer, DOCKER_LAYER if docker else media_types.LAYER) for layer in LAYERS]
    for each in blobs:
        place.put(each)
    head, *layers = [each.descriptor.to_json() for each in blobs]
    kind = media_types.DOCKER_MANIFEST if docker else media_types.MANIFEST
    body = {"schemaVersion": 2, "mediaType": kind, "config": head, "layers": layers}
    return place.put_manifest(json.dumps(body).encode(), kind, tag)


def put_index(place: Place, *entries: tuple[Descriptor, dict[str, str] | None], docker: bool = False) -> str:
    kind = media_types.DOCKER_INDEX if docker else media_types.INDEX
    listed = [{**each.to_json(), **({"platform": platform} if platform else {})} for each, platform in entries]
    body = {"schemaVersion": 2, "mediaType": kind, "manifests": listed}
    return place.put_manifest(json.dumps(body).encode(), kind, "3.11").digest


def read(place: Place, wanted: str = "3.11", platform: Platform = AMD64) -> base.Base:
    return base.read(place, "registry.example.org/python:3.11", wanted, platform)


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_the_platforms_image_is_taken(memory: MemoryRegistry, place: Registry, docker: bool) -> None:
    """Of an index, the manifest of the platform is taken; its layers have OCI's media types. No layer is read."""
    images = {name: put_image(place, docker=docker, architecture=name) for name in ("arm64", "amd64")}
    attestation = {"os": "unknown", "architecture": "unknown"}
    entries = [(each, {"os": "linux", "architecture": name}) for name, each in images.items()]
    put_index(place, (images["arm64"], attestation), *entries, docker=docker)
    memory.asked.clear()
    found = read(place)
    assert found.manifest == images["amd64"]
    assert found.config["architecture"] == "amd64"
    assert [each.media_type for each in found.layers] == [media_types.LAYER] * 2
    assert [each.digest for each in found.layers] == [blob(layer, "").descriptor.digest for layer in LAYERS]
    assert len(found.diff_ids) == 2
    assert len([path for path in memory.methods("GET") if "/blobs/" in path]) == 1
    assert read(place, images["amd64"].digest) == found


def test_an_image_without_an_index_tells_its_platform(place: Registry) -> None:
    """One image alone is taken where its configuration has the platform."""
    put_image(place, tag="3.11")
    assert read(place).config["os"] == "linux"
    with pytest.raises(errors.UnsuitableBase, match="not for linux/arm64/v8") as raised:
        read(place, platform=ARM64)
    assert raised.value.nearest == "linux/amd64"


def test_a_platform_that_is_missing_tells_the_others(place: Registry) -> None:
    """Where an index has other platforms only, they are named, and attestations are not among them."""
    image = put_image(place)
    put_index(
        place,
        (image, {"os": "linux", "architecture": "amd64"}),
        (image, {"os": "linux", "architecture": "arm", "variant": "v7"}),
        (image, {"os": "windows", "architecture": "amd64"}),
        (image, {"os": "unknown", "architecture": "unknown"}),
    )
    with pytest.raises(errors.UnsuitableBase) as raised:
        read(place, platform=ARM64)
    assert raised.value.nearest == "linux/amd64, linux/arm/v7, windows/amd64"


@pytest.mark.parametrize(
    ("wanted", "found", "is_met"),
    [
        (AMD64, Platform("amd64"), True),
        (AMD64, Platform("amd64", variant="v3"), True),
        (AMD64, Platform("amd64", "windows"), False),
        (ARM64, Platform("arm64"), True),
        (ARM64, Platform("arm64", variant="v8"), True),
        (ARM64, Platform("arm64", variant="v9"), False),
    ],
)
def test_variants_are_told_apart_where_one_is_wanted(wanted: Platform, found: Platform, is_met: bool) -> None:
    """A platform without a variant takes any."""
    assert wanted.is_met_by(found) == is_met


def test_an_index_within_an_index_is_followed(place: Registry) -> None:
    """Indexes may be nested, not without end."""
    image = put_image(place)
    inner = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": media_types.INDEX,
            "manifests": [{**image.to_json(), "platform": {"os": "linux", "architecture": "amd64"}}],
        }
    ).encode()
    put_index(place, (place.put_manifest(inner, media_types.INDEX), None))
    assert read(place).manifest == image
    depth = place.put_manifest(inner, media_types.INDEX)
    for _ in range(5):
        body = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [depth.to_json()]}
        depth = place.put_manifest(json.dumps(body).encode(), media_types.INDEX)
    with pytest.raises(errors.UnsuitableBase, match="without end"):
        read(place, depth.digest)


@pytest.mark.parametrize(
    ("manifest", "kind", "reason"),
    [
        ({"schemaVersion": 1, "fsLayers": []}, media_types.SCHEMA_1[1], "schema 1"),
        ({"schemaVersion": 1, "fsLayers": []}, "application/json", "schema 1"),
        ({"schemaVersion": 2}, "application/vnd.example", "its media type is application/vnd.example"),
        ({"schemaVersion": 2}, media_types.MANIFEST, "describes no configuration"),
        ({"config": {"mediaType": "x", "digest": "md5:0", "size": 1}}, media_types.MANIFEST, "describes no"),
        ({"config": {"mediaType": "x", "digest": 7, "size": "1"}}, media_types.MANIFEST, "describes no"),
        ([], media_types.MANIFEST, "no JSON object"),
    ],
)
def test_what_is_no_image_is_refused(
    memory: MemoryRegistry, place: Registry, manifest: object, kind: str, reason: str
) -> None:
    """Old forms, artifacts and nonsense are told apart in words."""
    body = json.dumps(manifest).encode()
    memory.manifests["python", "d"], memory.tagged["python", "3.11"] = (body, kind), "d"
    with pytest.raises(errors.UnsuitableBase, match=reason):
        read(place)


def test_what_is_no_json_is_refused(memory: MemoryRegistry, place: Registry) -> None:
    """A manifest that cannot be read says so."""
    memory.manifests["python", "d"], memory.tagged["python", "3.11"] = (b"\xff", media_types.MANIFEST), "d"
    with pytest.raises(errors.UnsuitableBase, match="no JSON"):
        read(place)


def test_artifacts_and_foreign_layers_are_refused(place: Registry) -> None:
    """A chart, for example, is no image; layers that may not be moved cannot be built on; digests must be all there."""
    written = {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["sha256:0"]}}
    config, chart = (
        blob(json.dumps(written).encode(), media_types.CONFIG),
        blob(b"{}", "application/vnd.cncf.helm.config.v1+json"),
    )
    foreign = blob(b"x", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    good = blob(b"x", media_types.LAYER)
    for each in (config, chart, foreign):
        place.put(each)
    cases = [
        (chart, [good], "its configuration is application/vnd.cncf.helm"),
        (config, [foreign], "layer of the media type application/vnd.docker.image.rootfs.foreign"),
        (config, [good, good], "it has 2 layers, and its configuration tells of 1"),
    ]
    for head, layers, reason in cases:
        body = {"config": head.descriptor.to_json(), "layers": [each.descriptor.to_json() for each in layers]}
        place.put_manifest(json.dumps({"schemaVersion": 2, **body}).encode(), media_types.MANIFEST, "3.11")
        with pytest.raises(errors.UnsuitableBase, match=reason):
            read(place)


@pytest.mark.parametrize("where", ["same registry", "another registry", "folder"])
def test_its_layers_are_mounted_or_copied(memory: MemoryRegistry, place: Registry, tmp_path: Path, where: str) -> None:
    """At the base's registry layers are mounted without a byte; elsewhere each is copied once."""
    put_image(place, tag="3.11")
    found = read(place)
    other = MemoryRegistry()
    memory.asked.clear()
    with serving(other) as host, Transport() as transport:
        at = memory.address.partition("//")[2] if where == "same registry" else host
        target: Place = Registry(reference.parsed(f"{at}/team/mail"), transport)
        source = target.mountable_from(place) if isinstance(target, Registry) else ""
        if where == "folder":
            target, source = Layout(tmp_path / "out"), ""
        done = pushing.push(target, found.pieces(place, source))
        again = pushing.push(target, found.pieces(place, source))
    assert (done.mounted, done.sent) == ((2, 0) if where == "same registry" else (0, 2))
    assert again == pushing.Pushed(there=2)
    fetched = [path for path in memory.methods("GET") if "/blobs/" in path]
    assert len(fetched) == (0 if where == "same registry" else 2)


def test_a_base_may_be_a_folder(tmp_path: Path) -> None:
    """An OCI folder is a base as a registry is, where none is reached."""
    folder = Layout(tmp_path / "base")
    image = put_image(folder, tag="3.11")
    found = base.read(folder, "base", "3.11", AMD64)
    assert found.manifest.digest == image.digest
    assert [piece.blob.open().read() for piece in found.pieces(folder)] == LAYERS
