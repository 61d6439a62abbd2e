"""Folders of runs are held by locks beside them, and what the dead left is deleted."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from noteship.notebooks.execution.sweeping import KEPT, RunFolders


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_who_waits_for_a_lock_that_a_sweep_deletes_tries_again(
    tmp_path: Path, temporary: Path, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """The folder is there after `hold`, however the sweep of another process lies in between."""
    work = tmp_path / ".noteship" / "work"
    work.mkdir(parents=True)
    lock = work / "run.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    folders = RunFolders(tmp_path)
    holder = threading.Thread(target=folders.hold, args=("run",))
    holder.start()
    eventually(lambda: _opened(lock) == 2)
    lock.unlink()
    os.close(descriptor)
    holder.join()
    assert (work / "run").is_dir()
    assert lock.exists()
    folders.close()
    assert list(work.iterdir()) == []


def _opened(path: Path) -> int:
    """How many descriptors of this process are the file."""
    entries = Path("/proc/self/fd").iterdir() if sys.platform == "linux" else Path("/dev/fd").iterdir()
    found = 0
    for entry in entries:
        try:
            found += os.path.samestat(entry.stat(), path.stat())
        except OSError:
            continue
    return found


def test_two_processes_may_hold_one_run(tmp_path: Path, temporary: Path) -> None:
    """The first to end leaves the folder to the other."""
    one, other = RunFolders(tmp_path), RunFolders(tmp_path)
    one.hold("run")
    other.hold("run")
    one.close()
    assert (tmp_path / ".noteship" / "work" / "run").is_dir()
    other.close()
    assert list((tmp_path / ".noteship" / "work").iterdir()) == []


def test_kept_runs_stay_for_a_week(tmp_path: Path, temporary: Path) -> None:
    """A later run deletes them when they are older."""
    work = tmp_path / ".noteship" / "work"
    for _ in range(2):
        folders = RunFolders(tmp_path)
        folders.hold("run")
        folders.keep("run")
        folders.close()
        assert [path.name for path in work.iterdir()] == ["run"]
    week_ago = time.time() - 8 * 86400
    os.utime(work / "run" / KEPT, (week_ago, week_ago))
    later = RunFolders(tmp_path)
    later.hold("later")
    assert not (work / "run").exists()
    later.close()


def test_private_folders_are_deleted_with_their_owner(tmp_path: Path, temporary: Path) -> None:
    """Those of a living process stay when another sweeps."""
    one, other = RunFolders(tmp_path), RunFolders(tmp_path / "elsewhere")
    one.hold("run")
    place = one.private()
    assert place.stat().st_mode & 0o777 == 0o700
    other.hold("run")
    assert place.is_dir()
    one.close()
    other.close()
    assert list(temporary.iterdir()) == []


HOLDING = """
import sys
from pathlib import Path
from noteship.notebooks.execution.sweeping import RunFolders
for number in range(100):
    folders = RunFolders(Path(sys.argv[1]))
    folders.hold(f"{sys.argv[2]}-{number}")
    place = folders.private()
    (place / "x").touch()
    (Path(sys.argv[1]) / ".noteship" / "work" / f"{sys.argv[2]}-{number}" / "x").touch()
    folders.close()
"""


def test_processes_that_begin_and_end_beside_each_other_lose_nothing(tmp_path: Path, temporary: Path) -> None:
    """Each finds its folders where it made them, and all is deleted in the end."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    processes = [subprocess.Popen([*command, name], env=environment) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert list((tmp_path / ".noteship" / "work").iterdir()) == []
    assert list(temporary.iterdir()) == []
