"""Large files through a process of bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contracts import store_places

THROUGH = """
import sys
from pathlib import Path
from noteship.store import open_store
folder, size_mib = Path(sys.argv[2]), int(sys.argv[3])
store = open_store(sys.argv[1], folder)
with (folder / "source").open("wb") as stream:
    stream.truncate(size_mib << 20)
store.fetch_file(store.put_file(folder / "source"), folder / "copy")
assert (folder / "copy").stat().st_size == size_mib << 20
# Not ru_maxrss, which a process inherits from the one that started it.
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
"""


def peak_mib(url: str, folder: Path, size_mib: int) -> int:
    command = [sys.executable, "-c", THROUGH, url, str(folder), str(size_mib)]
    return int(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)


@pytest.mark.slow
def test_half_a_gibibyte_through_a_folder_takes_little_memory(tmp_path: Path) -> None:
    """512 MiB in and out leave the process below 200 MiB."""
    assert peak_mib("store", tmp_path, 512) < 200


@pytest.mark.ceph
def test_a_large_file_through_s3_takes_little_memory(tmp_path: Path) -> None:
    """128 MiB in and out leave the process far below the sum of both.

    A test gateway may be small, and frees what was deleted only after hours.
    """
    with store_places.on_gateway() as bucket:
        assert peak_mib(bucket.url, tmp_path, 128) < 150
