"""Content by its digest."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from noteship import digests
from noteship.digests import Digest
from noteship.store import Artifact, Bucket, Store, errors, keys


def test_bytes_come_back_under_their_digest(any_store: Store) -> None:
    """What is stored is named by the digest of its bytes."""
    digest = any_store.put_bytes(b"hello")
    assert digest == digests.of_bytes(b"hello")
    assert any_store.get_bytes(digest) == b"hello"
    assert any_store.has(digest)
    assert any_store.has(digest, size_bytes=5)
    assert not any_store.has(digest, size_bytes=4)


def test_a_file_comes_back_with_its_executable_bit(any_store: Store, tmp_path: Path) -> None:
    """A file's bytes and whether it runs survive; its name and time do not matter."""
    source, target = tmp_path / "tool.sh", tmp_path / "deep" / "copy.sh"
    source.write_bytes(b"#!/bin/sh\n")
    source.chmod(0o755)
    artifact = any_store.put_artifact(source)
    assert artifact == Artifact(digests.of_file(source), "file", 10, executable=True)
    any_store.fetch_artifact(artifact, target)
    assert target.read_bytes() == b"#!/bin/sh\n"
    assert os.access(target, os.X_OK)
    assert Artifact.from_json(artifact.to_json()) == artifact
    assert any_store.holds(artifact)


def test_a_fetched_file_can_be_written(store: Store, tmp_path: Path) -> None:
    """Objects are read-only in the store, their copies are not."""
    store.fetch_file(store.put_bytes(b"1"), tmp_path / "copy")
    (tmp_path / "copy").write_bytes(b"2")
    [stored] = (tmp_path / "store" / "objects").glob("*/*")
    assert stored.stat().st_mode & 0o777 == 0o444


def test_a_missing_object_is_named(any_store: Store, tmp_path: Path) -> None:
    """Every way of reading says that the object is missing, and leaves the target alone."""
    digest = digests.of_bytes(b"never stored")
    (tmp_path / "target").write_bytes(b"before")
    with pytest.raises(errors.MissingObject, match=digest):
        any_store.get_bytes(digest)
    with pytest.raises(errors.MissingObject):
        any_store.fetch_file(digest, tmp_path / "target")
    with pytest.raises(errors.MissingObject):
        any_store.fetch_folder(digest, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"before"
    assert not any_store.has(digest)
    assert not any_store.holds(Artifact(digest, "file", 3))
    assert not any_store.holds(Artifact(digest, "folder", 3))


def test_a_damaged_object_is_set_aside_and_made_again(place: Bucket, tmp_path: Path) -> None:
    """Wrong bytes never come out; they are kept for who wants to look, and storing again heals."""
    store = Store(place)
    source = tmp_path / "source"
    source.write_bytes(b"right")
    digest = store.put_file(source)
    for read in (store.get_bytes, lambda digest: store.fetch_file(digest, tmp_path / "target")):
        place.put(keys.object_key(digest), [b"wrong"])
        with pytest.raises(errors.DamagedObject, match="set aside as damaged/") as caught:
            read(digest)
        assert b"".join(place.pieces(caught.value.aside)) == b"wrong"
        assert not (tmp_path / "target").exists()
        assert not store.has(digest)
        assert store.put_file(source) == digest
        assert store.get_bytes(digest) == b"right"


def test_a_truncated_object_does_not_pass_as_present(place: Bucket, tmp_path: Path) -> None:
    """Storing looks at the size of what is there, and replaces what is too short."""
    store = Store(place)
    source = tmp_path / "source"
    source.write_bytes(b"all of it")
    for put in (lambda: store.put_file(source), lambda: store.put_bytes(b"all of it")):
        place.put(keys.object_key(digests.of_bytes(b"all of it")), [b"all"])
        assert store.get_bytes(put()) == b"all of it"


def test_what_is_there_is_not_written_twice(store: Store, tmp_path: Path) -> None:
    """Storing again leaves the very file in place."""
    store.put_bytes(b"x")
    [stored] = (tmp_path / "store" / "objects").glob("*/*")
    before = stored.stat().st_ino
    store.put_bytes(b"x")
    assert stored.stat().st_ino == before


def test_what_cannot_be_read_cannot_be_stored(any_store: Store, tmp_path: Path) -> None:
    """A source that is missing, or a folder given as a file, is the source's fault and named so."""
    for source in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(errors.SourceUnreadable, match="cannot be read"):
            any_store.put_file(source)
    with pytest.raises(errors.SourceUnreadable):
        any_store.put_folder(tmp_path / "nowhere")


def test_a_file_that_always_changes_is_not_stored(tmp_path: Path) -> None:
    """What is named is what is stored: a file that changes between two looks is refused in the end."""
    source = tmp_path / "growing"
    source.write_bytes(b"1")

    class Watched:
        """A bucket beside which another process appends to the file."""

        url, at_once = "test:", 1

        def refresh(self, key: str) -> None:
            with source.open("ab") as stream:
                stream.write(b"1")

        def put(self, key: str, pieces: object) -> None:
            b"".join(pieces)  # type: ignore[call-overload]

    with pytest.raises(errors.SourceChanged):
        Store(Watched()).put_file(source)  # type: ignore[arg-type]


def test_a_target_that_cannot_be_written_is_the_targets_fault(store: Store, tmp_path: Path) -> None:
    """A fault of the place that a file goes to is not taken for one of the store."""
    digest = store.put_bytes(b"1")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.TargetUnwritable, match="File exists"):
        store.fetch_file(digest, tmp_path / "file" / "below")
    (tmp_path / "folder").mkdir()
    with pytest.raises(errors.TargetUnwritable):
        store.fetch_file(digest, tmp_path / "folder")


def test_what_is_no_digest_is_refused(store: Store) -> None:
    """A name that could lead elsewhere never becomes a path."""
    for name in ("", "../../etc/passwd", "ab", "G" * 64, "a" * 64 + "\n"):
        with pytest.raises(ValueError, match="not a digest"):
            store.get_bytes(Digest(name))


def test_large_files_take_little_memory(store: Store, tmp_path: Path) -> None:
    """Storing and fetching 48 MiB takes less than 8 MiB of Python's memory."""
    source = tmp_path / "large"
    with source.open("wb") as stream:
        stream.truncate(48 << 20)
    tracemalloc.start()
    try:
        store.fetch_file(store.put_file(source), tmp_path / "copy")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert (tmp_path / "copy").stat().st_size == 48 << 20
