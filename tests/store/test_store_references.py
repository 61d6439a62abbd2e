"""Names that move."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.store import Bucket, Ref, Store, errors, keys
from noteship.store.folder import FolderBucket
from noteship.store.memory import MemoryBucket


def test_a_reference_comes_back_with_its_value(any_store: Store) -> None:
    """Every plain value survives, and what was never written is None."""
    assert any_store.read_ref("champion") is None
    for number, value in enumerate([None, True, 3, 2.5, "naïve", [1, [2]], {"a": {"b": []}}, ""]):
        written = any_store.write_ref(f"values/{number}", value, expected=None)
        assert written.value == value
        assert any_store.read_ref(f"values/{number}") == written


def test_a_write_must_know_what_it_replaces(any_store: Store) -> None:
    """From absent to one to two; who read before the last write is told, and changes nothing."""
    first = any_store.write_ref("champion", {"bundle": "a"}, expected=None)
    second = any_store.write_ref("champion", {"bundle": "b"}, expected=first)
    for expected in (None, first):
        with pytest.raises(errors.RefMoved, match="champion") as caught:
            any_store.write_ref("champion", {"bundle": "c"}, expected=expected)
        assert caught.value.retryable
    assert any_store.read_ref("champion") == second


def test_a_deleted_reference_can_be_made_again(any_store: Store) -> None:
    """Deleting forgets the version too."""
    first = any_store.write_ref("a/b", 1, expected=None)
    any_store.delete_ref("a/b")
    any_store.delete_ref("a/b")
    assert any_store.read_ref("a/b") is None
    with pytest.raises(errors.RefMoved):
        any_store.write_ref("a/b", 2, expected=first)
    any_store.write_ref("a/b", 2, expected=None)


def test_names_are_listed_by_their_beginning_in_order(any_store: Store) -> None:
    """A name may be the beginning or the folder of another, and hold any characters."""
    names = ["runs/1", "runs/1/start", "runs/10", "runs/2", "runs", "runs/é ü/x", ".hidden/..", "a.json", "a.json/b"]
    for name in names:
        any_store.write_ref(name, name, expected=None)
    assert list(any_store.refs("")) == sorted(names)
    assert list(any_store.refs("runs/")) == ["runs/1", "runs/1/start", "runs/10", "runs/2", "runs/é ü/x"]
    assert list(any_store.refs("runs/1")) == ["runs/1", "runs/1/start", "runs/10"]
    assert list(any_store.refs("a.json/")) == ["a.json/b"]
    assert list(any_store.refs("none/")) == []
    assert [ref.value for ref in any_store.read_refs("runs/")] == list(any_store.refs("runs/"))


def test_names_are_listed_after_one(any_store: Store) -> None:
    """Whether or not there is one of that name; names within it come after it."""
    for name in ("days/1", "days/2", "days/2/x", "days/2-b", "days/3"):
        any_store.write_ref(name, name, expected=None)
    assert list(any_store.refs("days/", after="days/2")) == ["days/2-b", "days/2/x", "days/3"]
    assert list(any_store.refs("days/", after="days/20")) == ["days/3"]
    assert [ref.value for ref in any_store.read_refs("days/", after="days/2-b")] == ["days/2/x", "days/3"]
    assert list(any_store.refs("days/", after="days/3")) == []


def test_segments_of_names_are_listed_without_what_is_below(any_store: Store) -> None:
    """Each once, as it was written, whatever characters it has and however long it is."""
    segments = ["a", "a.json", "é ü", "x%2F=", "long " * 100, "long " * 100 + "and more"]
    for segment in segments:
        for number in range(2):
            any_store.write_ref(f"top/{segment}/{number}/x", 1, expected=None)
    any_store.write_ref("top/none", 1, expected=None)
    any_store.write_ref("topmost/b/1", 1, expected=None)
    assert any_store.ref_folders("top") == sorted(segments)
    assert any_store.ref_folders("top/a") == any_store.ref_folders(f"top/{segments[-1]}") == ["0", "1"]
    assert any_store.ref_folders("top/a/0") == any_store.ref_folders("nothing") == []


@given(st.lists(st.text(min_size=1).map(lambda text: text.replace("/", "-")), min_size=1, max_size=4).map("/".join))
def test_every_name_has_a_key_of_its_own(name: str) -> None:
    """A key has only plain characters, no segment of dots, and leads back to the name."""
    if any(0xD800 <= ord(character) < 0xE000 for character in name):
        return  # half a character, which no UTF-8 holds
    key = keys.ref_key(name)
    assert keys.ref_name(key) == name
    assert all(segment and not segment.startswith(".") for segment in key.split("/"))
    assert not set(key) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=-/")
    assert not any(segment.endswith(".json") for segment in key.split("/")[:-1])


@pytest.mark.parametrize(
    "segment", ["я" * 60, "数" * 85, "a" * 255, "." * 250, "a.json/" + "é.json" * 60, "x" * 198 + "é", "=" * 200]
)
def test_a_long_name_is_cut_into_segments_that_every_place_takes(any_store: Store, segment: str) -> None:
    """It is written, listed below its folder, read back whole, and set aside when it is damaged."""
    names = sorted({f"seen/{segment}", f"seen/{segment}/start", "seen/short"})
    for name in names:
        any_store.write_ref(name, name, expected=None)
        key = keys.ref_key(name)
        assert keys.ref_name(key) == name
        assert all(len(part) <= 210 and not part.startswith(".") for part in key.split("/"))
    assert list(any_store.refs("seen/")) == names
    assert list(any_store.refs(f"seen/{segment}")) == names[-2:] if segment > "short" else names[:2]
    assert list(any_store.refs(f"seen/{segment}/")) == [f"seen/{segment}/start"]
    assert [ref.value for ref in any_store.read_refs("seen/")] == names
    assert all(len(part) <= 210 for part in keys.aside_key(names[0]).split("/"))


@pytest.mark.parametrize("name", ["", "/", "a//b", "/a", "a/"])
def test_a_name_without_a_segment_is_refused(store: Store, name: str) -> None:
    """Names are never empty, nor their segments."""
    with pytest.raises(ValueError, match="empty segments"):
        store.read_ref(name)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_a_value_that_is_not_plain_is_refused(store: Store, value: object) -> None:
    """What JSON cannot say is not written."""
    with pytest.raises((TypeError, ValueError)):
        store.write_ref("a", value, expected=None)
    assert store.read_ref("a") is None


@pytest.mark.parametrize("data", [b"", b'{"a": ', b'{"a":1}', b"\xff\n", b"12"])
def test_a_damaged_reference_is_set_aside(data: bytes) -> None:
    """A piece of a value is not taken for one; the next reading goes on without it."""
    bucket = MemoryBucket()
    bucket.put(keys.ref_key("results/7"), [data])
    store = Store(bucket)
    with pytest.raises(errors.DamagedReference, match="results/7") as caught:
        list(store.read_refs("results/"))
    assert bucket.size(caught.value.aside) == len(data)
    assert store.read_ref("results/7") is None


def test_damaged_references_can_be_deleted_rather_than_set_aside(place: Bucket) -> None:
    """Those that are whole are read, and of the others nothing is left anywhere."""
    store = Store(place)
    for number in range(3):
        store.write_ref(f"rows/{number}", number, expected=None)
    place.put(keys.ref_key("rows/1"), [b'{"a": '])
    assert [ref.value for ref in store.read_whole_refs("rows/")] == [0, 2]
    assert [entry.key for entry in place.list("")] == ["refs/rows/0.json", "refs/rows/2.json"]


def test_a_deleted_reference_leaves_no_folders(tmp_path: Path) -> None:
    """Folders go with the last key in them; the store's own stays."""
    store = Store(FolderBucket(tmp_path))
    for name in ("windows/1/a", "windows/1/b", "windows/2/a"):
        store.write_ref(name, 1, expected=None)
    store.delete_ref("windows/1/a")
    assert sorted(each.name for each in (tmp_path / "refs/windows").iterdir()) == ["1", "2"]
    store.delete_ref("windows/1/b")
    assert [each.name for each in (tmp_path / "refs/windows").iterdir()] == ["2"]
    store.delete_ref("windows/2/a")
    store.delete_ref("windows/2/a")
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]


def test_what_killed_writers_left_is_swept_in_one_folder(tmp_path: Path) -> None:
    """Old files go, with the folder that they were alone in; young ones and other folders' are left alone."""
    store = Store(FolderBucket(tmp_path))
    store.write_ref("rows/1/a", 1, expected=None)
    old, young, other = (tmp_path / f"refs/{name}/.a.new" for name in ("rows/0", "rows/1", "others"))
    for path in (old, young, other):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    os.utime(young)
    assert store.sweep_unfinished_refs("rows", 60) == 1
    assert (old.parent.exists(), young.exists(), other.exists()) == (False, True, True)
    assert store.sweep_unfinished_refs("none", 60) == 0


def test_a_thousand_references_are_read_in_order(store: Store) -> None:
    """All references below a prefix come at once, sorted by name."""
    for number in reversed(range(1000)):
        store.write_ref(f"results/{number:04}", {"number": number}, expected=None)
    assert [ref.value["number"] for ref in store.read_refs("results/")] == list(range(1000))


def test_a_reference_written_and_read_is_the_same(place: Bucket) -> None:
    """Writing gives what reading would give, tuples having become lists."""
    written = Store(place).write_ref("a", {"pair": (1, 2)}, expected=None)
    assert written == Store(place).read_ref("a") == Ref("a", {"pair": [1, 2]}, written.version)
