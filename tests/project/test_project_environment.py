from __future__ import annotations

import sys
from pathlib import Path

import pytest

from noteship import project
from noteship.project import interpreter, locks
from noteship.project.errors import BadLock, InterpreterUnusable, LockNotInstalled
from noteship.project.settings import EnvironmentSettings

UV = """
version = 1
[[package]]
name = "mine"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "numpy" }, { name = "tomli", marker = "python_version < '3.11'" }]
[[package]]
name = "numpy"
version = "1.0"
source = { registry = "x" }
[[package]]
name = "tomli"
version = "2.0"
source = { registry = "x" }
"""
POETRY = """
[[package]]
name = "numpy"
version = "1.0"
groups = ["main"]
[[package]]
name = "black"
version = "24"
groups = ["dev"]
"""


def test_without_a_lock_the_installed_packages_are_frozen(tmp_path: Path) -> None:
    """The lines are what is installed, noteship left aside, and nothing is written beside the project's own files."""
    environment = project.inspect(tmp_path, EnvironmentSettings())
    assert environment.lock is None
    assert any(line.startswith("numpy==") for line in environment.lines)
    assert not any(line.startswith("noteship==") for line in environment.lines)
    assert environment.all_lines[0] == f"python=={sys.version_info.major}.{sys.version_info.minor}"
    assert {path.name for path in tmp_path.iterdir()} <= {".noteship"}


def test_what_the_interpreter_said_is_kept(tmp_path: Path) -> None:
    """The second look answers from the cache, and a damaged cache is asked again."""
    first = interpreter.find(tmp_path, None)
    kept = tmp_path / ".noteship/cache/interpreter.json"
    before = kept.stat().st_mtime_ns
    assert interpreter.find(tmp_path, None) == first
    assert kept.stat().st_mtime_ns == before
    kept.write_text("{")
    assert interpreter.find(tmp_path, None) == first


@pytest.mark.parametrize("content", [None, "#!/bin/sh\necho broken >&2; exit 4\n"])
def test_an_interpreter_that_does_not_start_is_named(tmp_path: Path, content: str | None) -> None:
    """A missing or broken interpreter is an environment that lacks something, with who named it."""
    path = tmp_path / "python"
    if content:
        path.write_text(content)
        path.chmod(0o755)
    with pytest.raises(InterpreterUnusable) as caught:
        interpreter.find(tmp_path, "python")
    assert caught.value.exit_code == 3
    assert "noteship.toml" in caught.value.named_by


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "requirements.txt",
            "NumPy==1.0 ; python_version > '3' \\\n  --hash=sha256:00\n# no\n-r x\n",
            ['numpy==1.0; python_version > "3"'],
        ),
        ("uv.lock", UV, ["numpy==1.0", "tomli==2.0"]),
        ("poetry.lock", POETRY, ["black==24", "numpy==1.0"]),
        (
            "pylock.toml",
            '[[packages]]\nname = "numpy"\nversion = "1.0"\nmarker = "os_name == \'nt\'"\n',
            ["numpy==1.0; os_name == 'nt'"],
        ),
    ],
)
def test_every_kind_of_lock_gives_the_same_lines(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    """Locks of the common tools are read into name==version; marker, sorted."""
    (tmp_path / name).write_text(text)
    found = locks.find(tmp_path, None)
    assert found is not None
    assert list(map(str, locks.read(found))) == expected


def test_a_loose_requirements_file_is_no_lock(tmp_path: Path) -> None:
    """A requirements.txt that leaves a version open is not taken for a lock, but is an error where it is named."""
    (tmp_path / "requirements.txt").write_text("numpy>=1\n")
    assert locks.find(tmp_path, None) is None
    with pytest.raises(BadLock, match="pins no version"):
        locks.read(tmp_path / "requirements.txt")
    with pytest.raises(BadLock, match="no such file"):
        locks.find(tmp_path, "other.lock")


def test_what_is_locked_must_be_installed(tmp_path: Path) -> None:
    """A missing package and another version are named; more packages, and markers that do not apply, are no error."""
    (tmp_path / "requirements.lock").write_text("numpy==0.1\nnowhere==3.0\nother==1; sys_platform == 'win32'\n")
    with pytest.raises(LockNotInstalled) as caught:
        project.inspect(tmp_path, EnvironmentSettings())
    assert len(caught.value.problems) == 2
    assert any("nowhere 3.0 is missing" in problem for problem in caught.value.problems)


def test_the_digest_follows_the_lock_alone(tmp_path: Path) -> None:
    """Equal locks in two projects give equal digests; another version gives another."""
    import numpy

    digests = []
    for folder, line in (("a", ""), ("b", ""), ("c", "pandas==999; sys_platform == 'win32'")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.lock").write_text(f"numpy=={numpy.__version__}\n{line}")
        digests.append(project.inspect(tmp_path / folder, EnvironmentSettings()).digest)
    assert digests[0] == digests[1] != digests[2]
