"""What every bucket does, whatever keeps the bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contracts import store_places
from noteship.store.bucket import Bucket


@pytest.fixture(params=store_places.ALL)
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bucket]:
    with store_places.opened(request.param, tmp_path / "bucket") as opened:
        yield opened


def joined(bucket: Bucket, key: str) -> bytes:
    return b"".join(bucket.pieces(key))


def test_what_was_put_is_read_whole_and_in_pieces(bucket: Bucket) -> None:
    """Bytes come back the same, however they are read."""
    bucket.put("objects/ab/cd", [b"one ", b"", b"two"])
    found = bucket.get("objects/ab/cd")
    assert found is not None
    assert found.data == b"one two"
    assert joined(bucket, "objects/ab/cd") == b"one two"
    assert bucket.size("objects/ab/cd") == 7


def test_nothing_at_all_can_be_kept(bucket: Bucket) -> None:
    """An empty value is something else than no value."""
    bucket.put("empty", [])
    assert bucket.size("empty") == 0
    assert joined(bucket, "empty") == b""
    assert bucket.put_if("refs/empty.json", b"", None) is not None


def test_an_absent_key_is_said_to_be_absent(bucket: Bucket) -> None:
    """No way of reading invents a value, and removing nothing is no fault."""
    assert bucket.size("nothing/here") is None
    assert bucket.get("nothing/here") is None
    assert bucket.refresh("nothing/here") is None
    assert bucket.discard("nothing/here", 0) in (True, False)
    assert list(bucket.list("nothing/")) == []
    with pytest.raises(KeyError):
        joined(bucket, "nothing/here")
    bucket.delete("nothing/here")


def test_a_put_replaces_what_was_there(bucket: Bucket) -> None:
    """The later of two writes stands."""
    bucket.put("a", [b"first, and longer"])
    bucket.put("a", [b"second"])
    assert joined(bucket, "a") == b"second"


def test_pieces_that_fail_leave_what_was_there(bucket: Bucket) -> None:
    """A write whose source fails in the middle is not seen, and the source's own error comes through."""

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise LookupError("the source failed")

    bucket.put("a", [b"before"])
    for key in ("a", "b"):
        with pytest.raises(LookupError, match="the source failed"):
            bucket.put(key, pieces())
    assert joined(bucket, "a") == b"before"
    assert bucket.size("b") is None
    assert [entry.key for entry in bucket.list("")] == ["a"]


def test_a_large_value_goes_through_in_pieces(bucket: Bucket) -> None:
    """A value of several parts comes back the same, in pieces that are far smaller than it."""
    block = bytes(range(256)) * 4096
    bucket.put("large", (block for _ in range(18)))
    assert bucket.size("large") == 18 << 20
    sizes = 0
    for piece in bucket.pieces("large"):
        assert len(piece) <= 8 << 20
        assert piece[:256] == block[:256]
        sizes += len(piece)
    assert sizes == 18 << 20


def test_a_large_value_whose_source_fails_is_not_seen(bucket: Bucket) -> None:
    """Also a write of several parts appears whole or not at all."""

    def pieces() -> Iterator[bytes]:
        for _ in range(17):
            yield bytes(1 << 20)
        raise LookupError("the source failed")

    with pytest.raises(LookupError):
        bucket.put("large", pieces())
    assert bucket.size("large") is None


def test_a_conditional_write_needs_the_version_that_was_read(bucket: Bucket) -> None:
    """From absent to one, from one to two, and nothing else."""
    first = bucket.put_if("refs/a.json", b"1", None)
    assert first is not None
    assert bucket.put_if("refs/a.json", b"x", None) is None
    second = bucket.put_if("refs/a.json", b"2", first)
    assert second is not None
    assert second != first
    assert bucket.put_if("refs/a.json", b"x", first) is None
    assert bucket.put_if("refs/other.json", b"x", first) is None
    found = bucket.get("refs/a.json")
    assert found is not None
    assert (found.data, found.version) == (b"2", second)
    third = bucket.put_if("refs/a.json", b"3", found.version)
    assert third is not None


def test_of_many_conditional_writes_one_succeeds(bucket: Bucket) -> None:
    """Threads that all start from the same version have one winner, whose bytes are kept."""
    for version in (None, bucket.put_if("refs/b.json", b"start", None)):
        key = "refs/a.json" if version is None else "refs/b.json"
        with ThreadPoolExecutor(6) as pool:
            won = list(pool.map(lambda n: bucket.put_if(key, b"%d" % n, version), range(6)))  # noqa: B023
        assert len([one for one in won if one]) == 1
        found = bucket.get(key)
        assert found is not None
        assert won[int(found.data)] == found.version


def test_a_listing_has_sizes_and_times_in_order(bucket: Bucket) -> None:
    """Keys come sorted, with their sizes and plausible times, and only those that begin so."""
    for key in ("b/2", "b/10", "a/x/y", "a/x.z", "ab/c"):
        bucket.put(key, [key.encode()])
    entries = list(bucket.list(""))
    assert [entry.key for entry in entries] == sorted(["b/2", "b/10", "a/x/y", "a/x.z", "ab/c"])
    assert [entry.size_bytes for entry in entries] == [len(entry.key) for entry in entries]
    assert all(abs(entry.modified_s - time.time()) < 120 for entry in entries)
    assert [entry.key for entry in bucket.list("b/1")] == ["b/10"]
    assert [entry.key for entry in bucket.list("a/x")] == ["a/x.z", "a/x/y"]
    assert [entry.key for entry in bucket.list("a/")] == ["a/x.z", "a/x/y"]


def test_a_listing_begins_after_a_key(bucket: Bucket) -> None:
    """Only later keys are listed, whether or not there is one of that name."""
    for key in ("a/1", "a/2", "a/3.json", "a/3/x", "b/1"):
        bucket.put(key, [b""])
    assert [entry.key for entry in bucket.list("a/", after="a/2")] == ["a/3.json", "a/3/x"]
    assert [entry.key for entry in bucket.list("a/", after="a/3")] == ["a/3.json", "a/3/x"]
    assert [entry.key for entry in bucket.list("a/3", after="a/1")] == ["a/3.json", "a/3/x"]
    assert [entry.key for entry in bucket.list("", after="a/3.json")] == ["a/3/x", "b/1"]
    assert list(bucket.list("a/", after="b")) == []


def test_folders_are_listed_without_what_is_in_them(bucket: Bucket) -> None:
    """Segments that more follow, each once; a folder of which everything was removed is none."""
    for key in ("m/a/1", "m/a/2/x", "m/b/1", "m/b.json", "m/gone/1/2", "mm/c/1"):
        bucket.put(key, [b"1"])
    bucket.delete("m/gone/1/2")
    assert list(bucket.folders("m")) == ["a", "b"]
    assert list(bucket.folders("m/a")) == ["2"]
    assert list(bucket.folders("m/b")) == []
    assert list(bucket.folders("m/none")) == []


def test_what_was_deleted_is_gone(bucket: Bucket) -> None:
    """A deleted key is absent and can be written anew."""
    bucket.put("a", [b"1"])
    bucket.delete("a")
    assert bucket.get("a") is None
    assert list(bucket.list("")) == []
    bucket.put("a", [b"2"])
    assert joined(bucket, "a") == b"2"


def test_who_writes_beside_who_deletes_finds_a_place(bucket: Bucket) -> None:
    """A key can be written at any moment in which the last other one of its folder is deleted."""

    def write(name: str) -> int:
        for _ in range(150 if bucket.at_once == 1 else 10):
            bucket.put(f"refs/a/b/{name}/1", [b"1"])
            assert bucket.put_if(f"refs/a/b/{name}/2", b"2", None) is not None
            bucket.delete(f"refs/a/b/{name}/1")
            bucket.delete(f"refs/a/b/{name}/2")
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, "wxyz")) == 4
    assert list(bucket.list("")) == []
    assert list(bucket.folders("refs")) == []


def test_only_what_is_old_is_discarded(bucket: Bucket) -> None:
    """A young key stays, and an age of nothing discards every key."""
    bucket.put("a", [b"12"])
    assert not bucket.discard("a", 3600)
    assert bucket.refresh("a") == 2
    assert bucket.size("a") == 2
    time.sleep(1.1)  # S3 tells times in whole seconds
    assert bucket.discard("a", 0)
    assert bucket.size("a") is None


def test_the_address_for_messages_has_no_secrets(bucket: Bucket) -> None:
    """What is shown names the place and nothing of who asks."""
    assert bucket.url
    assert "@" not in bucket.url
    assert bucket.at_once >= 1
    assert bucket.sweep_unfinished(3600) == 0
    assert bucket.sweep_unfinished(3600, "refs/a") == 0
