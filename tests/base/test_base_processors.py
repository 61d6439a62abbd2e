from __future__ import annotations

from pathlib import Path

import pytest

from noteship.processors import VARIABLES, processors, thread_variables


def group(root: Path, lines: str, files: dict[str, str]) -> tuple[Path, Path]:
    """Folders of control groups, and what a process says of its own."""
    for name, text in files.items():
        path = root / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "own").write_text(lines)
    return root / "groups", root / "own"


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("0::/\n", {"cpu.max": "50000 100000\n"}),
        ("0::/pod/one\n", {"pod/one/cpu.max": "max 100000\n", "pod/cpu.max": "50000 100000\n"}),
        ("4:cpu,cpuacct:/\n", {"cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}),
        ("4:cpu,cpuacct:/of/the/host\n", {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}),
    ],
)
def test_a_quota_limits_the_processors(tmp_path: Path, lines: str, files: dict[str, str]) -> None:
    """The smallest quota of the group and those above it counts, in both versions of control groups."""
    assert processors(*group(tmp_path, lines, files)) == 0.5


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}),
        ("4:memory:/\n", {}),
    ],
)
def test_without_a_quota_all_are_there(tmp_path: Path, lines: str, files: dict[str, str]) -> None:
    """No quota, no limit; what cannot be read is none."""
    everything = processors(*group(tmp_path, lines, files))
    assert everything >= 1
    assert processors(tmp_path, tmp_path / "missing") == everything


def test_what_the_user_set_stays() -> None:
    """Each library gets its share, at least one thread; what the user set is left, and the one for all is for all."""
    assert thread_variables(10_000, {}) == dict.fromkeys(VARIABLES, "1")
    assert "MKL_NUM_THREADS" not in thread_variables(1, {"MKL_NUM_THREADS": "7"})
    assert thread_variables(1, {"OMP_NUM_THREADS": "7"}) == {}
