"""A store that is full, read-only or broken."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from noteship.store import Store, errors
from noteship.store.folder import FolderBucket

LIMITED = """
import resource, signal, sys
from pathlib import Path
from noteship.store import errors, open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
store = open_store(sys.argv[1], Path("."))
store.put_bytes(b"small")
try:
    store.put_bytes(bytes(2 << 20))
except errors.StoreFull as error:
    print(error.exit_code, len(list(store.objects())))
"""


def test_a_limit_on_files_is_a_full_store(tmp_path: Path) -> None:
    """Where a write ends at a limit, nothing of the object is kept and what was there stays."""
    run = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["3", "1"]
    assert list(tmp_path.rglob(".*.new")) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_to_be_full(tiny_disk: Path) -> None:
    """On a disk without room the error names the store and the remedy; room being made, the same call succeeds."""
    store = Store(FolderBucket(tiny_disk / "store"))
    small = store.put_bytes(b"small")
    with pytest.raises(errors.StoreFull, match=r"noteship gc") as caught:
        store.put_bytes(bytes(2 << 20))
    assert str(tiny_disk) in str(caught.value)
    assert [stored.digest for stored in store.objects()] == [small]
    store.put_bytes(bytes(900_000))
    with pytest.raises(errors.StoreFull):
        store.put_bytes(b"x" * 300_000)
    assert store.sweep([small], older_than_s=0).objects == 1
    store.put_bytes(b"x" * 300_000)


def test_a_disk_that_is_read_only_can_be_read(tiny_disk: Path) -> None:
    """Reading goes on, storing what is there already does too, writing says why not, damage is still noticed."""
    store = Store(FolderBucket(tiny_disk / "store"))
    digest, damaged = store.put_bytes(b"before"), store.put_bytes(b"right")
    ref = store.write_ref("champion", 1, expected=None)
    [path] = (tiny_disk / "store" / "objects").glob(f"{damaged[:2]}/{damaged[2:]}")
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    assert store.get_bytes(digest) == b"before"
    assert store.put_bytes(b"before") == digest
    assert store.read_ref("champion") == ref
    for write in (
        lambda: store.put_bytes(b"new"),
        lambda: store.write_ref("champion", 2, expected=ref),
        lambda: store.delete_ref("champion"),
    ):
        with pytest.raises(errors.StoreReadOnly):
            write()
    with pytest.raises(errors.DamagedObject, match="could not be set aside"):
        store.get_bytes(damaged)


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_without_the_right_to_write_is_read_only() -> None:
    """Missing rights are told from a missing store."""
    with tempfile.TemporaryDirectory() as name:
        store = Store(FolderBucket(Path(name) / "store"))
        digest = store.put_bytes(b"before")
        for folder in (name, f"{name}/store", f"{name}/store/objects"):
            Path(folder).chmod(0o555)
        with as_nobody():
            assert store.get_bytes(digest) == b"before"
            with pytest.raises(errors.StoreReadOnly, match="Permission denied"):
                store.put_bytes(b"after")
        for folder in (name, f"{name}/store", f"{name}/store/objects"):
            Path(folder).chmod(0o755)


def test_a_store_that_is_no_folder_is_broken(tmp_path: Path) -> None:
    """A file where the store should be is named."""
    (tmp_path / "store").write_bytes(b"")
    store = Store(FolderBucket(tmp_path / "store"))
    for fails in (lambda: store.put_bytes(b"x"), lambda: store.read_ref("a"), lambda: store.delete_ref("a")):
        with pytest.raises(errors.StoreFailed, match="store"):
            fails()
