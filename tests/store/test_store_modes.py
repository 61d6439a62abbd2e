"""Who may read what is written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from noteship import files
from noteship.store import Artifact, Store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("old", [0o600, 0o640, 0o664, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, old: int) -> None:
    """What was for its owner alone is so afterwards, whether it is written or copied over."""
    path, source = tmp_path / "own.txt", tmp_path / "source.txt"
    files.write(path, b"1")
    files.write(source, b"2")
    path.chmod(old)
    files.write(path, b"2")
    assert mode(path) == old
    files.copy(source, path)
    assert mode(path) == old


def test_an_artifact_brings_whether_it_can_be_executed(store: Store, tmp_path: Path) -> None:
    """Its own bit counts, not the replaced file's; only who may read it may execute it."""
    source, target = tmp_path / "source.sh", tmp_path / "target.sh"
    source.write_bytes(b"true")
    source.chmod(0o755)
    target.write_bytes(b"false")
    target.chmod(0o640)
    artifact = store.put_artifact(source)
    store.fetch_artifact(artifact, target)
    assert mode(target) == 0o750
    store.fetch_artifact(Artifact(artifact.digest, "file", artifact.size_bytes), target)
    assert mode(target) == 0o640


def test_the_own_folder_is_for_its_owner(tmp_path: Path) -> None:
    """`.noteship` is made for its owner alone, and stays as it is where it is there."""
    folder = files.own_folder(tmp_path)
    assert (folder, mode(folder)) == (tmp_path / ".noteship", 0o700)
    assert (folder / ".gitignore").read_bytes() == b"*\n"
    folder.chmod(0o750)
    assert mode(files.own_folder(tmp_path)) == 0o750
