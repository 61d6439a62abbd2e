from __future__ import annotations

import contextlib
from pathlib import Path

from noteship.notebooks.execution.removing import Remover
from noteship.notebooks.execution.sweeping import RunFolders


def opened(below: Path) -> int:
    """How many files below a folder this process has open; of others some may be closed meanwhile."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += each.readlink().is_relative_to(below)
    return found


def test_a_folder_is_gone_at_once_and_deleted_soon(tmp_path: Path) -> None:
    """Its place is free as soon as it is taken away; once the remover is closed nothing of it is left."""
    remover = Remover()
    for number in range(3):
        folder = tmp_path / "run" / "stage"
        folder.mkdir(parents=True)
        (folder / f"{number}.txt").write_text("x")
        remover.remove(folder)
        assert not folder.exists()
    remover.remove(tmp_path / "run" / "none")
    remover.close()
    assert [path.name for path in tmp_path.rglob("*")] == ["run"]


def test_a_run_that_is_over_holds_nothing(tmp_path: Path) -> None:
    """Releasing a run closes its lock and deletes its folder; others stay, and one that is unknown does not matter."""
    folders = RunFolders(tmp_path)
    folders.hold("first")
    before = opened(tmp_path)
    folders.hold("second")
    assert opened(tmp_path) == before + 1
    folders.release("second")
    folders.release("second")
    assert opened(tmp_path) == before
    assert sorted(path.name for path in (tmp_path / ".noteship/work").iterdir()) == ["first", "first.lock"]
    folders.close()
