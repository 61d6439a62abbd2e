"""Whole folders as artifacts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noteship import digests
from noteship.store import Artifact, Bucket, Store, errors, keys
from noteship.store.trees import Leaf, Tree


def listing(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plots"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "empty" / "below").mkdir(parents=True)
    (folder / "deep" / "er" / "naïve file.txt").write_bytes(b"text")
    (folder / "run.sh").write_bytes(b"#!/bin/sh")
    (folder / "run.sh").chmod(0o755)
    (folder / "void").write_bytes(b"")
    return folder


def test_a_folder_comes_back_as_it_was(any_store: Store, folder: Path, tmp_path: Path) -> None:
    """Files, folders that hold nothing, and executable bits survive."""
    artifact = any_store.put_artifact(folder)
    assert (artifact.kind, artifact.size_bytes) == ("folder", 13)
    assert any_store.holds(artifact)
    any_store.fetch_artifact(artifact, tmp_path / "copy")
    assert listing(tmp_path / "copy") == listing(folder)
    assert os.access(tmp_path / "copy" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "copy" / "void", os.X_OK)


def test_equal_folders_have_equal_digests(store: Store, folder: Path, tmp_path: Path) -> None:
    """The digest depends on names, bytes and executable bits alone."""
    first = store.put_folder(folder)
    store.fetch_folder(first, tmp_path / "copy")
    assert store.put_folder(tmp_path / "copy") == first
    (tmp_path / "copy" / "void").chmod(0o755)
    assert store.put_folder(tmp_path / "copy") != first


def test_a_description_has_one_byte_form() -> None:
    """The form that is hashed does not change unnoticed."""
    tree = Tree({"b": Leaf(digests.of_bytes(b""), 0, executable=False)}, ("a",))
    assert tree.to_bytes() == (
        b'{"empty":["a"],"files":{"b":{"digest":"' + digests.of_bytes(b"").encode() + b'",'
        b'"executable":false,"size":0}},"tree":1}'
    )
    assert Tree.from_bytes(tree.to_bytes()) == tree


def test_an_empty_folder_is_a_folder(any_store: Store, tmp_path: Path) -> None:
    """A folder with nothing in it comes back as one."""
    (tmp_path / "none").mkdir()
    any_store.fetch_folder(any_store.put_folder(tmp_path / "none"), tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_fetching_replaces_what_was_there(store: Store, folder: Path, tmp_path: Path) -> None:
    """A folder, a file or a link in the place is replaced whole, and nothing hidden stays behind."""
    digest = store.put_folder(folder)
    target = tmp_path / "here" / "target"
    store.fetch_folder(digest, target)
    (target / "left over").write_bytes(b"")
    store.fetch_folder(digest, target)
    assert listing(target) == listing(folder)
    for prepare in (lambda: (tmp_path / "here" / "file").write_bytes(b""), lambda: None):
        prepare()
        store.fetch_folder(digest, tmp_path / "here" / "file")
        assert listing(tmp_path / "here" / "file") == listing(folder)
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"target", "file"}


def test_a_file_that_is_missing_or_damaged_leaves_the_target(place: Bucket, folder: Path, tmp_path: Path) -> None:
    """A folder appears whole or not at all; what was there before stays."""
    store = Store(place)
    artifact = store.put_artifact(folder)
    target = tmp_path / "target"
    store.fetch_artifact(artifact, target)
    place.put(keys.object_key(digests.of_bytes(b"text")), [b"tex!"])
    with pytest.raises(errors.DamagedObject):
        store.fetch_artifact(artifact, target)
    assert not store.holds(artifact)
    with pytest.raises(errors.MissingObject):
        store.fetch_artifact(artifact, target)
    assert listing(target) == listing(folder)


def test_links_within_are_stored_as_what_they_point_to(store: Store, folder: Path, tmp_path: Path) -> None:
    """A link to a file or a folder within becomes its content."""
    (folder / "link").symlink_to("run.sh")
    (folder / "also").symlink_to(folder / "deep", target_is_directory=True)
    store.fetch_folder(store.put_folder(folder), tmp_path / "copy")
    assert (tmp_path / "copy" / "link").read_bytes() == b"#!/bin/sh"
    assert not (tmp_path / "copy" / "link").is_symlink()
    assert (tmp_path / "copy" / "also" / "er" / "naïve file.txt").read_bytes() == b"text"


@pytest.mark.parametrize("points_to", ["/etc/hostname", "../outside", "nowhere", ".", "loop", ".."])
def test_links_that_lead_out_are_refused(store: Store, folder: Path, tmp_path: Path, points_to: str) -> None:
    """A link out of the folder, to nothing, or round in circles, is named instead of followed."""
    (tmp_path / "outside").write_bytes(b"secret")
    (folder / "loop").symlink_to(points_to)
    with pytest.raises(errors.LinkLeavesFolder, match="loop"):
        store.put_folder(folder)


def test_what_is_no_file_is_refused(store: Store, folder: Path) -> None:
    """A pipe is named, not waited for."""
    os.mkfifo(folder / "pipe")
    with pytest.raises(errors.SourceUnreadable, match="neither a file nor a folder"):
        store.put_folder(folder)


LEAF = {"digest": digests.of_bytes(b""), "size": 0, "executable": False}


@pytest.mark.parametrize(
    "tree",
    [
        {"tree": 1, "files": {"../up": LEAF}, "empty": []},
        {"tree": 1, "files": {"/etc/cron.d/x": LEAF}, "empty": []},
        {"tree": 1, "files": {"a/../../b": LEAF}, "empty": []},
        {"tree": 1, "files": {"a//b": LEAF}, "empty": []},
        {"tree": 1, "files": {"": LEAF}, "empty": []},
        {"tree": 1, "files": {"a\0b": LEAF}, "empty": []},
        {"tree": 1, "files": {".": LEAF}, "empty": []},
        {"tree": 1, "files": {}, "empty": ["../up"]},
        {"tree": 1, "files": {"a": LEAF, "a/b": LEAF}, "empty": []},
        {"tree": 1, "files": {"a": LEAF}, "empty": ["a"]},
        {"tree": 1, "files": {"a/b": LEAF}, "empty": ["a"]},
        {"tree": 1, "files": {"a": LEAF | {"digest": "../../x"}}, "empty": []},
        {"tree": 1, "files": {"a": LEAF | {"size": -1}}, "empty": []},
        {"tree": 1, "files": {"a": LEAF | {"size": "1"}}, "empty": []},
        {"tree": 1, "files": {"a": "text"}, "empty": []},
        {"tree": 1, "files": [], "empty": []},
        {"tree": 1, "files": {}, "empty": [1]},
        {"tree": 1, "files": {}},
        {"tree": 2, "files": {}, "empty": []},
        [1],
        "text",
        None,
    ],
)
def test_a_description_is_not_trusted(tree: object, tmp_path: Path) -> None:
    """A description from a shared store that leads out of the folder, or is none, makes nothing."""
    from noteship.store.memory import MemoryBucket

    bucket = MemoryBucket()
    data = digests.canonical_json(tree)
    bucket.put(keys.tree_key(digests.of_bytes(data)), [data])
    with pytest.raises(errors.BadTree):
        Store(bucket).fetch_artifact(Artifact(digests.of_bytes(data), "folder", 0), tmp_path / "in" / "target")
    assert listing(tmp_path) == {}
