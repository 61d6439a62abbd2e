"""A push to the real docker-registry of Debian: its login, its faults, and what it does with what was cut off."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from images import docker_registry
from noteship.images import base, errors, media_types, pushing, reference
from noteship.images.base import Platform
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layout import Layout
from noteship.images.registries import transport
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport, Way

pytestmark = [pytest.mark.debian, pytest.mark.usefixtures("quick")]
SIZE = 24 << 20


@pytest.fixture
def layer(tmp_path: Path) -> Blob:
    path = tmp_path / "layer"
    path.write_bytes(os.urandom(SIZE))
    return of_file(path)


def of_file(path: Path, kind: str = media_types.LAYER) -> Blob:
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return Blob(Descriptor(kind, digest, path.stat().st_size), lambda: path.open("rb"))


@pytest.fixture
def carrier() -> Iterator[Transport]:
    with Transport(Way(tries=6)) as opened:
        yield opened


def test_a_registry_that_is_killed_and_started_again_gets_it_all(
    tmp_path: Path, layer: Blob, carrier: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a blob the registry is killed; the push starts again by itself when it is back."""
    monkeypatch.setattr(transport, "WAIT_S", 0.3)
    process, host = docker_registry.started(tmp_path)
    port = int(host.rpartition(":")[2])
    processes = [process]

    def kill_and_start() -> None:
        process.kill()
        process.wait()
        processes.append(docker_registry.started(tmp_path, port=port)[0])

    class Killing:
        """Ends the registry when half of the bytes were read."""

        def __init__(self) -> None:
            self._stream, self._read = layer.open(), 0

        def read(self, size: int) -> bytes:
            self._read += size
            if self._read > SIZE // 2 and len(processes) == 1 and process.poll() is None:
                kill_and_start()
            return self._stream.read(size)

        def close(self) -> None:
            self._stream.close()

    try:
        place = Registry(reference.parsed(f"{host}/team/mail"), carrier)
        place.put(Blob(layer.descriptor, lambda: _stream(Killing())))
        assert len(processes) == 2
        assert place.has(layer.descriptor.digest)
        with place.read(layer.descriptor).open() as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == layer.descriptor.digest.removeprefix("sha256:")
    finally:
        for each in processes:
            each.kill()
            each.wait()


def _stream(given: object) -> BinaryIO:
    return given  # type: ignore[return-value]


def test_an_image_goes_there_by_its_parts(tmp_path: Path, carrier: Transport) -> None:
    """Base layers are mounted, others sent, at once; the image can be read by its tag, and its SBOM beside it."""
    host = docker_registry.shared()
    names = [f"{host}/{tmp_path.name.replace('_', '-')}/{name}" for name in ("base", "mail")]
    source, target = (Registry(reference.parsed(name), carrier) for name in names)
    blobs = []
    for number in range(6):
        path = tmp_path / f"layer{number}"
        path.write_bytes(os.urandom(500_000 * (number + 1)))
        blobs.append(of_file(path))
    diff_ids = [each.descriptor.digest for each in blobs]
    put_image(source, tmp_path, blobs[:3], diff_ids[:3])
    found = base.read(source, names[0], "latest", Platform("amd64"))
    pieces = [*found.pieces(source, target.mountable_from(source)), *(pushing.Piece(each) for each in blobs[3:])]
    done = pushing.push(target, pieces)
    assert (done.mounted, done.sent, done.there) == (3, 3, 0)
    written = put_image(target, tmp_path, blobs, diff_ids)
    again = base.read(target, names[1], "latest", Platform("amd64"))
    assert again.manifest == written
    assert [each.digest for each in again.layers] == diff_ids
    assert target.tags() == ["latest"]


def put_image(place: Registry | Layout, folder: Path, layers: list[Blob], diff_ids: list[str]) -> Descriptor:
    config = folder / "config"
    config.write_text(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": diff_ids}}))
    head = of_file(config, media_types.CONFIG)
    pushing.push(place, [pushing.Piece(each) for each in (head, *layers)])
    body = {"config": head.descriptor.to_json(), "layers": [each.descriptor.to_json() for each in layers]}
    manifest = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, **body}
    return place.put_manifest(json.dumps(manifest).encode(), media_types.MANIFEST, "latest")


def test_a_login_is_wanted_and_told(tmp_path: Path, layer: Blob, carrier: Transport) -> None:
    """Without a login, and with a wrong one, the error says which one was used; with the right one it goes there."""
    host = docker_registry.shared(with_login=True)
    name = reference.parsed(f"{host}/{tmp_path.name.replace('_', '-')}/mail")
    with pytest.raises(errors.RegistryDenied, match="without a login"):
        Registry(name, carrier).put(layer)
    logins = tmp_path / "logins.json"
    for password, is_right in (("wr0ng", False), (docker_registry.PASSWORD, True)):
        login = {"username": docker_registry.USER, "password": password}
        logins.write_text(json.dumps({"auths": {host: login}}))
        place = Registry(name, carrier, logins)
        if is_right:
            place.put(layer)
            assert place.has(layer.descriptor.digest)
        else:
            with pytest.raises(errors.RegistryDenied, match=f"as {docker_registry.USER}, of {logins}") as raised:
                place.put(layer)
            assert "wr0ng" not in str(raised.value)


def test_a_manifest_without_its_blobs_is_refused(tmp_path: Path, carrier: Transport) -> None:
    """The registry's own words say what is missing."""
    place = Registry(reference.parsed(f"{docker_registry.shared()}/{tmp_path.name.replace('_', '-')}"), carrier)
    config = {"mediaType": media_types.CONFIG, "digest": "sha256:" + "0" * 64, "size": 2}
    body = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, "config": config, "layers": []}
    with pytest.raises(errors.RegistryRefused, match="MANIFEST_BLOB_UNKNOWN"):
        place.put_manifest(json.dumps(body).encode(), media_types.MANIFEST, "1")


def test_a_push_that_is_killed_goes_on(tmp_path: Path) -> None:
    """A process that is killed in the middle of a push leaves no half blob; the next push brings the rest."""
    host = docker_registry.shared()
    name = f"{host}/{tmp_path.name.replace('_', '-')}/mail"
    blobs = []
    for number in range(12):
        path = tmp_path / f"layer{number:02}"
        path.write_bytes(os.urandom(6 << 20))
        blobs.append(of_file(path))
    code = (
        "import sys, hashlib, pathlib\n"
        "from noteship.images import pushing, reference\n"
        "from noteship.images.descriptor import Blob, Descriptor\n"
        "from noteship.images.registries.registry import Registry\n"
        "from noteship.images.registries.transport import Transport\n"
        "def piece(path):\n"
        "    digest = 'sha256:' + hashlib.sha256(path.read_bytes()).hexdigest()\n"
        "    return pushing.Piece(Blob(Descriptor('x', digest, path.stat().st_size), lambda: path.open('rb')))\n"
        "pieces = [piece(path) for path in sorted(pathlib.Path(sys.argv[2]).glob('layer*'))]\n"
        "place = Registry(reference.parsed(sys.argv[1]), Transport())\n"
        "pushing.push(place, pieces, lambda told: print(told.how, flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, name, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if line == "sent\n":
            process.kill()
            break
    process.wait()
    process.stdout.close()
    with Transport() as carrier:
        place = Registry(reference.parsed(name), carrier)
        done = pushing.push(place, [pushing.Piece(each) for each in blobs])
        assert done.there >= 1
        assert done.sent == 12 - done.there
        assert all(place.has(each.descriptor.digest) for each in blobs)


def test_a_stop_ends_a_push_to_it(tmp_path: Path, layer: Blob) -> None:
    """A stop in the middle of a blob ends the push at once."""
    stop = threading.Event()
    with Transport(stop=stop) as carrier:
        name = f"{docker_registry.shared()}/{tmp_path.name.replace('_', '-')}/mail"
        place = Registry(reference.parsed(name), carrier)
        begun: list[float] = []

        def tell(progress: pushing.Progress) -> None:
            if progress.done_bytes > SIZE // 4 and not begun:
                begun.append(time.monotonic())
                stop.set()

        with pytest.raises(transport.Stopped):
            pushing.push(place, [pushing.Piece(layer)], tell, stop)
        assert time.monotonic() - begun[0] < 2
    with Transport() as carrier:
        assert not Registry(reference.parsed(name), carrier).has(layer.descriptor.digest)


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_it_is_spoken_to_as_skopeo_speaks_to_it(tmp_path: Path, carrier: Transport, form: str) -> None:
    """An image of skopeo's, in either format, is a base; one of ours is copied by skopeo, which checks its digests."""
    host = docker_registry.shared()
    prefix = f"{host}/{tmp_path.name.replace('_', '-').lower()}"
    folder = tmp_path / "folder"
    tree = io.BytesIO()
    with tarfile.open(fileobj=tree, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("hello"))
    packed = tmp_path / "layer.gz"
    packed.write_bytes(gzip.compress(tree.getvalue(), mtime=0))
    diff_id = f"sha256:{hashlib.sha256(tree.getvalue()).hexdigest()}"
    put_image(Layout(folder), tmp_path, [of_file(packed)], [diff_id])
    skopeo = ["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false"]
    theirs = f"docker://{prefix}/theirs:1"
    subprocess.run([*skopeo, "--format", form, f"oci:{folder}:latest", theirs], check=True, capture_output=True)
    source, target = (Registry(reference.parsed(f"{prefix}/{name}"), carrier) for name in ("theirs", "ours"))
    found = base.read(source, "theirs", "1", Platform("amd64"))
    is_docker = form == "v2s2"
    assert found.manifest.media_type == (media_types.DOCKER_MANIFEST if is_docker else media_types.MANIFEST)
    assert [each.media_type for each in found.layers] == [media_types.LAYER]
    done = pushing.push(target, found.pieces(source, target.mountable_from(source)))
    assert done.mounted == 1
    written = put_image(target, tmp_path, [of_file(packed)], list(found.diff_ids))
    copied = f"oci:{tmp_path / 'copied'}:latest"
    subprocess.run([*skopeo, f"docker://{prefix}/ours:latest", copied], check=True, capture_output=True)
    assert Layout(tmp_path / "copied").has(found.layers[0].digest)
    assert json.loads((tmp_path / "copied/index.json").read_text())["manifests"][0]["digest"] == written.digest
