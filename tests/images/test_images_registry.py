"""What a registry is asked for, and what comes of its faults: on one in memory, over real connections."""

from __future__ import annotations

import hashlib
import io
import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
import trustme

from images import wires
from noteship.images import errors, media_types, pushing, reference
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Stopped, Transport, Way

pytestmark = pytest.mark.usefixtures("quick")
LARGE = os.urandom((6 << 20) + 7)
Open = Callable[..., Registry]


def blob(data: bytes) -> Blob:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Blob(Descriptor(media_types.LAYER, digest, len(data)), lambda: io.BytesIO(data))


@pytest.fixture
def memory() -> Iterator[MemoryRegistry]:
    registry = MemoryRegistry()
    with serving(registry):
        yield registry


@pytest.fixture
def place(memory: MemoryRegistry) -> Iterator[Registry]:
    with Transport(Way(tries=4)) as transport:
        host = memory.address.partition("//")[2]
        transport.base(host)
        memory.asked.clear()
        yield Registry(reference.parsed(f"{host}/team/mail"), transport)


def sent(memory: MemoryRegistry) -> int:
    return sum(len(each.body) for each in memory.asked)


def test_a_small_blob_takes_two_requests(memory: MemoryRegistry, place: Registry) -> None:
    """What is small goes in one piece; what is large by PATCH, so that it can go on where it was cut off."""
    place.put(blob(b"small"))
    assert [each.method for each in memory.asked] == ["POST", "PUT"]
    memory.asked.clear()
    place.put(blob(LARGE))
    assert [each.method for each in memory.asked] == ["POST", "PATCH", "PUT"]
    assert all(each.headers["content-length"] == str(len(each.body)) for each in memory.asked if each.method != "POST")


def test_an_upload_goes_on_where_it_was_cut_off(memory: MemoryRegistry, place: Registry) -> None:
    """After each cut only what is missing is sent; cuts that let something through are no tries in vain."""
    memory.cuts = [1_000_000] * 6
    place.put(blob(LARGE))
    assert memory.blobs[blob(LARGE).descriptor.digest] == LARGE
    assert sent(memory) == len(LARGE)
    patches = [each for each in memory.asked if each.method == "PATCH"]
    assert [each.headers.get("content-range") for each in patches[:2]] == [None, f"1000000-{len(LARGE) - 1}"]
    assert len(memory.methods("POST")) == 1


def test_an_upload_that_is_forgotten_starts_again(memory: MemoryRegistry, place: Registry) -> None:
    """A registry that keeps nothing of what was cut off gets it from its beginning."""
    memory.is_resumable, memory.cuts = False, [1_000_000, 2_000_000]
    place.put(blob(LARGE))
    assert memory.blobs[blob(LARGE).descriptor.digest] == LARGE
    assert len(memory.methods("POST")) == 3
    assert sent(memory) == len(LARGE) + 3_000_000


def test_a_small_upload_that_is_cut_off_starts_again(memory: MemoryRegistry, place: Registry) -> None:
    """One piece is sent again as a whole."""
    memory.cuts = [2, 0]
    place.put(blob(b"small"))
    assert memory.blobs[blob(b"small").descriptor.digest] == b"small"


def test_cuts_without_end_are_told(memory: MemoryRegistry, place: Registry) -> None:
    """Where nothing comes through, it is tried no longer; nothing of the blob is there."""
    memory.cuts = [0] * 50
    with pytest.raises(errors.RegistryUnreachable, match="broke off"):
        place.put(blob(LARGE))
    assert not memory.blobs
    assert len(memory.methods("PATCH")) == 4


@pytest.mark.parametrize("faults", [[500], [429], [503, 502], [404], [416]])
def test_an_upload_outlives_faults(memory: MemoryRegistry, place: Registry, faults: list[int]) -> None:
    """Whatever a registry answers for a moment to a piece of an upload, the blob comes there."""
    place.has("sha256:" + "0" * 64)

    def opened() -> BinaryIO:
        memory.faults, faults[:] = list(faults), []
        return io.BytesIO(LARGE)

    place.put(Blob(blob(LARGE).descriptor, opened))
    assert memory.blobs[blob(LARGE).descriptor.digest] == LARGE


@pytest.mark.parametrize("size", [5, len(LARGE)])
def test_a_lost_answer_to_the_last_piece_loses_nothing(memory: MemoryRegistry, place: Registry, size: int) -> None:
    """A blob that is there, though its answer was not heard, is not sent again."""
    data = LARGE[:size]
    original = memory.answer

    def answer(asked: object) -> object:
        said = original(asked)  # type: ignore[arg-type]
        if asked.method == "PUT" and len(memory.methods("PUT")) == 1:  # type: ignore[attr-defined]
            raise ConnectionError
        return said

    memory.answer = answer  # type: ignore[assignment,method-assign]
    place.put(blob(data))
    assert sent(memory) == size
    assert len(memory.methods("PUT")) == 1


def test_wrong_bytes_are_taken_back(memory: MemoryRegistry, place: Registry) -> None:
    """An upload whose bytes show to be wrong is not finished, and the registry may forget it."""
    with pytest.raises(errors.WrongBytes):
        place.put(Blob(blob(LARGE).descriptor, lambda: io.BytesIO(bytes(len(LARGE)))))
    assert not memory.blobs
    assert memory.methods("DELETE")
    assert not memory.uploads


def test_a_registry_that_refuses_is_quoted(memory: MemoryRegistry, place: Registry) -> None:
    """The first error of a registry's answer is shown, cut; a status alone where there is none."""
    body = json.dumps(
        {"errors": [{"code": "DENIED", "message": "quota full", "detail": {"used": "9" * 5000}}]}
    ).encode()
    there = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    for status, kind in ((400, errors.RegistryRefused), (403, errors.RegistryDenied), (413, errors.RegistryRefused)):
        answer = b"HTTP/1.1 %d x\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body
        with wires.saying([there, answer]) as said, Transport(Way(tries=2)) as transport:
            other = Registry(reference.parsed(f"{said.host}/mail"), transport)
            with pytest.raises(kind, match=f"status {status}: DENIED: quota full") as raised:
                other.put_manifest(b"{}", media_types.MANIFEST)
            assert len(str(raised.value)) < 1500
            assert not raised.value.retryable
    memory.faults = [507]
    with pytest.raises(errors.RegistryFailed, match="status 507"):
        place.put(blob(b"x"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
            "status 200 with a page of HTML",
        ),
        (b"HTTP/1.1 202 OK\r\ncontent-length: 0\r\n\r\n", "does not say where to go on"),
        (b"HTTP/1.1 202 OK\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n", "does not say where to go on"),
        (b"HTTP/1.1 202 OK\r\nlocation: mailto:x\r\ncontent-length: 0\r\n\r\n", "does not say where to go on"),
    ],
)
def test_what_is_no_registry_is_told(answer: bytes, reason: str) -> None:
    """A page of a proxy's, or an answer without what registries say, is named as such."""
    with wires.saying([answer]) as said, Transport(Way(tries=2)) as transport:
        other = Registry(reference.parsed(f"{said.host}/mail"), transport)
        with pytest.raises(errors.BadRegistryAnswer, match=reason):
            other.put(blob(b"x"))


def test_a_location_elsewhere_gets_the_bytes_and_no_login(memory: MemoryRegistry, quick: Path) -> None:
    """Some registries let blobs be sent to another host, by an address for a moment: it sees no login."""
    memory.login, memory.users = "basic", {"ada": "s3cr3t"}
    host = memory.address.partition("//")[2]
    (quick / ".docker").mkdir()
    logins = {"auths": {host: {"username": "ada", "password": "s3cr3t"}}}
    (quick / ".docker/config.json").write_text(json.dumps(logins))
    with wires.saying([b"HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n"]) as there, Transport(Way(tries=2)) as transport:
        memory._begun = lambda status, *_: _said(status, f"http://{there.host}/put?s=1")  # type: ignore[method-assign,assignment]
        Registry(reference.parsed(f"{host}/mail"), transport).put(blob(b"x"))
    assert there.came[0].startswith(b"PUT /put?s=1&digest=sha256:")
    assert b"uthorization" not in there.came[0]


def _said(status: int, location: str) -> object:
    from noteship.images.registries.memory_registry import Said

    return Said(status, {"location": location})


def test_a_location_that_forgets_tls_is_asked_with_it(tmp_path: Path) -> None:
    """A registry behind a proxy that takes itself for one of plain http is asked over TLS, where it was found."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(trust)
    memory = MemoryRegistry()
    with serving(memory, trust) as host, Transport(Way(tmp_path / "ca.pem")) as transport:
        original = memory._begun

        def begun(status: int, name: str, key: str) -> object:
            return _said(status, f"http://127.0.0.1:1{original(status, name, key).headers['location']}")

        memory._begun = begun  # type: ignore[method-assign,assignment]
        Registry(reference.parsed(f"{host}/mail"), transport).put(blob(LARGE))
    assert list(memory.blobs.values()) == [LARGE]


@pytest.mark.parametrize(("status", "posts"), [(201, 1), (202, 1), (404, 2), (405, 2), (400, 2), (403, 2)])
def test_a_mount_is_done_begun_or_left(memory: MemoryRegistry, place: Registry, status: int, posts: int) -> None:
    """201 is done; 202 begins an upload that the blob goes by; 4xx means to bring it as if nothing had been asked."""
    data = b"a layer of the base"
    memory.blobs[blob(data).descriptor.digest], memory.mounts = data, status
    memory.held["team/base"] = {blob(data).descriptor.digest}
    done = pushing.push(place, [pushing.Piece(blob(data), "team/base")])
    assert (done.mounted, done.sent) == ((1, 0) if status == 201 else (0, 1))
    assert memory.held["team/mail"] == {blob(data).descriptor.digest}
    assert len(memory.methods("POST")) == posts
    assert len(memory.uploads) == 0


def test_a_download_goes_on_where_it_was_cut_off(memory: MemoryRegistry, place: Registry) -> None:
    """Only what is missing is asked for; the reader sees nothing of it."""
    place.put(blob(LARGE))
    memory.asked.clear()
    memory.cuts = [1_000_000, 2_000_000, 10]
    with place.read(blob(LARGE).descriptor).open() as stream:
        assert stream.read() == LARGE
    ranges = [each.headers.get("range") for each in memory.asked if each.method == "GET"]
    assert ranges == [None, "bytes=1000000-", "bytes=3000000-", "bytes=3000010-"]


def test_a_range_that_is_not_kept_is_skipped(memory: MemoryRegistry, place: Registry) -> None:
    """A registry that sends all from the beginning again is read past what was there."""
    place.put(blob(LARGE))
    memory.cuts = [1_500_000]
    original = memory._blob
    memory._blob = lambda call: original(_without_range(call))  # type: ignore[method-assign]
    with place.read(blob(LARGE).descriptor).open() as stream:
        assert stream.read() == LARGE


def _without_range(call: object) -> object:
    from dataclasses import replace

    return replace(call, asked=replace(call.asked, headers={}))  # type: ignore[attr-defined,type-var]


@pytest.mark.parametrize("change", ["other", "shorter", "longer"])
def test_damaged_blobs_are_not_read_to_their_end(memory: MemoryRegistry, place: Registry, change: str) -> None:
    """Bytes that are not the blob's are told before the last of them is given."""
    digest = blob(LARGE).descriptor.digest
    memory.held["team/mail"] = {digest}
    memory.blobs[digest] = {"other": bytes(len(LARGE)), "shorter": LARGE[:-1], "longer": LARGE + b"!"}[change]
    got = 0
    with place.read(blob(LARGE).descriptor).open() as stream, pytest.raises(errors.WrongBytes):
        while piece := stream.read(1000):
            got += len(piece)
    assert got < len(LARGE)


def test_a_damaged_manifest_is_refused(memory: MemoryRegistry, place: Registry) -> None:
    """By digest, only the bytes of that digest are a manifest."""
    digest = "sha256:" + "1" * 64
    memory.manifests["team/mail", digest] = b"{}", media_types.MANIFEST
    with pytest.raises(errors.WrongBytes):
        place.manifest(digest)


def test_all_pages_of_tags_are_read(memory: MemoryRegistry, place: Registry) -> None:
    """Tags come in pages; a link elsewhere is not followed."""
    assert place.tags() == []
    for tag in ("1", "2", "3", "4", "5"):
        memory.tagged["team/mail", tag] = "x"
    memory.page = 2
    assert place.tags() == ["1", "2", "3", "4", "5"]


def test_a_registry_without_referrers_has_them_under_a_tag(memory: MemoryRegistry, place: Registry) -> None:
    """The list under the subject's tag is what other tools read; what is noted twice is there once."""
    memory.has_referrers = False
    place.put(blob(b"{}"))
    config = {"mediaType": media_types.EMPTY, "digest": blob(b"{}").descriptor.digest, "size": 2}
    image = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, "config": config, "layers": []}
    subject = place.put_manifest(json.dumps(image).encode(), media_types.MANIFEST, "1")
    about = json.dumps({**image, "artifactType": "application/x", "subject": subject.to_json()}).encode()
    for _ in range(2):
        written = place.put_manifest(about, media_types.MANIFEST)
    body, kind = place.manifest(subject.digest.replace(":", "-"))
    assert kind == media_types.INDEX
    assert json.loads(body)["manifests"] == [{**written.to_json(), "artifactType": "application/x"}]
    assert [each.digest for each in place.referrers(subject.digest)] == [written.digest]


def test_a_push_stops_soon(memory: MemoryRegistry) -> None:
    """A push whose registry hangs ends within a moment of a stop, and nothing half is there."""
    stop = threading.Event()
    release = threading.Event()
    original = memory.answer

    def answer(asked: object) -> object:
        if asked.method in ("PATCH", "PUT"):  # type: ignore[attr-defined]
            stop.set()
            release.wait(20)
        return original(asked)  # type: ignore[arg-type]

    memory.answer = answer  # type: ignore[assignment,method-assign]
    host = memory.address.partition("//")[2]
    with Transport(stop=stop) as transport:
        place = Registry(reference.parsed(f"{host}/mail"), transport)
        begun = time.monotonic()
        with pytest.raises(Stopped):
            pushing.push(place, [pushing.Piece(blob(LARGE)), pushing.Piece(blob(b"x"))], stop=stop)
        assert time.monotonic() - begun < 3
    release.set()
    assert not memory.blobs


def test_the_first_fault_ends_a_push(memory: MemoryRegistry, place: Registry) -> None:
    """One blob that cannot be brought ends the others; the fault itself is raised, and the next push goes on."""
    pieces = [pushing.Piece(blob(os.urandom(2000))) for _ in range(50)]
    bad = pushing.Piece(Blob(blob(LARGE).descriptor, lambda: io.BytesIO(b"other")))
    with pytest.raises(errors.WrongBytes):
        pushing.push(place, [*pieces, bad])
    done = pushing.push(place, pieces)
    assert done.there + done.sent == 50


def test_a_blob_of_one_registry_is_brought_to_another(memory: MemoryRegistry, place: Registry) -> None:
    """What cannot be mounted is copied, streamed through here, also when both break off."""
    place.put(blob(LARGE))
    other = MemoryRegistry(cuts=[2_000_000])
    memory.cuts = [1_000_000]
    with serving(other) as host, Transport(Way(tries=4)) as transport:
        target = Registry(reference.parsed(f"{host}/team/mail"), transport)
        assert not target.mountable_from(place)
        assert place.mountable_from(Registry(reference.parsed(str(place.name).replace("mail", "base")), transport))
        pushing.push(target, [pushing.Piece(place.read(blob(LARGE).descriptor))])
    assert list(other.blobs.values()) == [LARGE]
