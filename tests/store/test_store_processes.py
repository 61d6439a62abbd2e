"""Several processes at one store, some of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts import store_places
from noteship import digests
from noteship.store import Store, keys, open_store
from noteship.store.folder import FolderBucket

COUNT = """
import sys
from pathlib import Path
from noteship.store import open_store, errors
store, wanted, done = open_store(sys.argv[1], Path(".")), int(sys.argv[2]), 0
while done < wanted:
    ref = store.read_ref("counter")
    try:
        store.write_ref("counter", {"count": (ref.value["count"] if ref else 0) + 1}, expected=ref)
        done += 1
    except errors.RefMoved:
        pass
"""

PUT_HALF = """
import sys, time
from pathlib import Path
from noteship.store.folder import FolderBucket

def pieces():
    for _ in range(3):
        yield bytes(1 << 20)
    print("half", flush=True)
    time.sleep(60)

FolderBucket(Path(sys.argv[1])).put(sys.argv[2], pieces())
"""

PUT_MANY = """
import sys
from pathlib import Path
from noteship.store import open_store
store = open_store(sys.argv[1], Path("."))
print("go", flush=True)
for number in range(100_000):
    digest = store.put_bytes(b"%d " % number * 20_000)
    store.write_ref(f"results/{number}", {"digest": digest}, expected=None)
"""


def python(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE)


def count(url: str, each: int) -> None:
    processes = [python(COUNT, url, str(each)) for _ in range(3)]
    for process in processes:
        with process:
            assert process.wait(timeout=60) == 0
    ref = open_store(url, Path()).read_ref("counter")
    assert ref is not None
    assert ref.value == {"count": 3 * each}


def test_no_write_of_racing_processes_is_lost(tmp_path: Path) -> None:
    """Processes that count up one reference reach the sum: of those that race, exactly one wins each time."""
    count(str(tmp_path / "store"), 100)


@pytest.mark.ceph
def test_no_write_of_racing_processes_is_lost_on_s3() -> None:
    """The same holds on a gateway."""
    with store_places.on_gateway() as bucket:
        count(bucket.url, 8)


def test_a_write_killed_in_the_middle_is_not_seen(tmp_path: Path) -> None:
    """Half an object is nowhere listed, storing it again succeeds, and a day later its piece is swept."""
    data = bytes(5 << 20)
    digest = digests.of_bytes(data)
    with python(PUT_HALF, str(tmp_path), keys.object_key(digest)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    store = Store(FolderBucket(tmp_path))
    assert not store.has(digest)
    assert list(store.objects()) == []
    assert store.put_bytes(data) == digest
    assert store.get_bytes(digest) == data
    [piece] = tmp_path.glob("objects/*/.*.new")
    assert store.sweep([digest]).leftovers == 0
    a_day_ago = time.time() - 90_000
    os.utime(piece, (a_day_ago, a_day_ago))
    assert store.sweep([digest]).leftovers == 1
    assert not piece.exists()
    assert store.has(digest)


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.12])
def test_whatever_is_killed_when_the_store_is_whole(tmp_path: Path, after_s: float) -> None:
    """After a kill at any moment every object has its digest, and every reference names a whole object."""
    with python(PUT_MANY, str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
    store = open_store(str(tmp_path), tmp_path)
    for stored in store.objects():
        assert digests.of_bytes(store.get_bytes(stored.digest)) == stored.digest
    for ref in store.read_refs("results/"):
        assert store.has(ref.value["digest"])
    store.write_ref("lock is free", None, expected=None)
