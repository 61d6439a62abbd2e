"""Temporary folders end with their process, however that ends."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from noteship import tabular, temporary

HOLDING = """
from noteship import temporary
with temporary.folder() as folder:
    (folder / "spilled").write_bytes(bytes(1000))
    print(folder, flush=True)
    input()
"""
READING = """
from noteship import tabular
reader = __import__("pyarrow").table({"a": range(1_000_000)}).to_reader()
with tabular.opened(reader, memory_bytes=6 << 20) as table:
    print(table.rows, flush=True)
    input()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, empty."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def started(code: str) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout and child.stdout.readline()
    return child


def killed(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def test_a_folder_is_for_its_user_and_gone_in_the_end(place: Path) -> None:
    """Also where what is done in it fails; then nothing is left beside it either."""
    with pytest.raises(ZeroDivisionError), temporary.folder() as folder:
        assert folder.parent == place and folder.stat().st_mode & 0o777 == 0o700
        (folder / "x").mkdir()
        raise ZeroDivisionError
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next(place: Path) -> None:
    """The folder of one that lives stays."""
    one, other = started(HOLDING), started(HOLDING)
    assert len(list(place.glob("*/spilled"))) == 2
    killed(one)
    temporary.sweep_temporary()
    assert len(list(place.glob("*/spilled"))) == 1
    killed(other)
    with temporary.folder() as folder:
        assert sorted(place.iterdir()) == [folder, folder.with_name(f"{folder.name}.lock")]


@pytest.mark.slow
def test_a_table_that_was_on_disk_when_its_reader_was_killed_is_deleted(place: Path) -> None:
    """What did not fit in memory is rows, which nobody is to find."""
    child = started(READING)
    assert list(place.glob("*/spilled/*"))
    killed(child)
    assert list(place.glob("*/spilled/*"))
    with tabular.opened(_frame()) as table:
        assert table.rows == 1
    assert list(place.iterdir()) == []


def _frame() -> object:
    import pyarrow  # type: ignore[import-untyped]

    return pyarrow.table({"a": [1]})
