"""Freeing what nothing needs."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from contracts import store_places
from noteship import digests
from noteship.digests import Digest
from noteship.store import Bucket, Store, Swept, errors, keys
from noteship.store.folder import FolderBucket


def settle(bucket: Bucket) -> None:
    """S3 tells times in whole seconds."""
    time.sleep(1.1 if bucket.url.startswith("s3:") else 0.002)


def test_what_is_not_kept_is_swept(place: Bucket, tmp_path: Path) -> None:
    """Kept objects and the files of kept folders stay; the rest goes, and the sweep counts it."""
    store = Store(place)
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file").write_bytes(b"in the folder")
    kept, gone = store.put_bytes(b"kept"), store.put_bytes(b"gone")
    folder = store.put_artifact(tmp_path / "folder")
    listed = {stored.digest: stored.size_bytes for stored in store.objects()}
    assert {kept: 4, gone: 4, digests.of_bytes(b"in the folder"): 13}.items() <= listed.items()
    assert folder.digest in listed
    settle(place)
    reachable = store.reachable([kept, folder.digest])
    assert reachable == {kept, folder.digest, digests.of_bytes(b"in the folder")}
    assert store.sweep(reachable, older_than_s=0) == Swept(objects=1, size_bytes=4, leftovers=0)
    assert not store.has(gone)
    assert store.has(kept)
    assert store.holds(folder)


def test_what_is_young_stays(any_store: Store) -> None:
    """What a run stored a moment ago stays, although nothing names it yet."""
    digest = any_store.put_bytes(b"just stored")
    assert any_store.sweep([]) == Swept(0, 0, 0)
    assert any_store.has(digest)


def test_a_folder_without_its_description_cannot_be_judged(any_store: Store) -> None:
    """What is reachable from digests that are not there are those digests."""
    absent = digests.of_bytes(b"absent")
    assert any_store.reachable([absent]) == {absent}


def age(store: Path, seconds: float) -> None:
    then = time.time() - seconds
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_storing_again_makes_young_again(store: Store, tmp_path: Path) -> None:
    """An old object that a run stores again is kept, as a new one would be."""
    source = tmp_path / "source"
    source.write_bytes(b"file")
    file, data, folder = store.put_file(source), store.put_bytes(b"bytes"), tmp_path / "folder"
    folder.mkdir()
    tree = store.put_folder(folder)
    age(tmp_path / "store", 100_000)
    assert all(stored.age_s > 90_000 for stored in store.objects())
    store.put_file(source)
    store.put_bytes(b"bytes")
    store.put_folder(folder)
    assert store.sweep([]).objects == 0
    age(tmp_path / "store", 100_000)
    assert store.sweep([]).objects == 3
    assert not any(store.has(digest) for digest in (file, data, tree))


@pytest.mark.ceph
def test_storing_again_makes_young_again_on_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """On S3 a mark keeps an old object that is stored again, and is swept when it is old itself."""
    monkeypatch.setattr("noteship.store.s3.YOUNG_S", 0.0)  # else an object would have to be an hour old
    with store_places.on_gateway() as bucket:
        store = Store(bucket)
        store.put_bytes(b"x")
        time.sleep(3.1)
        digest = store.put_bytes(b"x")
        assert not bucket.discard(keys.object_key(digest), 2)
        assert store.has(digest)
        assert [entry.key for entry in bucket.list("fresh/")] == ["fresh/" + keys.object_key(digest)]
        time.sleep(3.1)
        assert bucket.discard(keys.object_key(digest), 2)
        assert bucket.sweep_unfinished(2) == 1
        assert list(bucket.list("")) == []


def test_what_was_set_aside_is_swept_when_it_is_old(store: Store, tmp_path: Path) -> None:
    """A damaged object is kept for a while for who wants to look, and no longer."""
    digest = store.put_bytes(b"right")
    FolderBucket(tmp_path / "store").put(keys.object_key(digest), [b"wrong"])
    with pytest.raises(errors.DamagedObject):
        store.get_bytes(digest)
    assert store.sweep([]).leftovers == 0
    age(tmp_path / "store", 100_000)
    assert store.sweep([]).leftovers == 1
    assert list((tmp_path / "store" / "damaged").iterdir()) == []


def has_soon(store: Store, digest: Digest) -> bool:
    """A sweep that has an object in its hand puts it back in a moment."""
    until = time.monotonic() + 5
    while not store.has(digest):
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


def test_a_sweep_beside_a_writer_loses_nothing(tmp_path: Path) -> None:
    """What a writer was told is stored is there, however often a sweep looks at the very same old objects."""
    root = tmp_path / "store"
    store = Store(FolderBucket(root))
    stop, lost = threading.Event(), list[Digest]()

    def sweeping() -> None:
        other = Store(FolderBucket(root))
        while not stop.is_set():
            other.sweep([], older_than_s=1000)

    sweeper = threading.Thread(target=sweeping)
    sweeper.start()
    try:
        for _ in range(30):
            for number in range(10):
                path = root / keys.object_key(digests.of_bytes(b"%d" % number))
                if path.exists():
                    try:
                        os.utime(path, (0, 0))
                    except FileNotFoundError:
                        continue
            stored = [store.put_bytes(b"%d" % number) for number in range(10)]
            lost += [digest for digest in stored if not has_soon(store, digest)]
    finally:
        stop.set()
        sweeper.join()
    assert lost == []
