"""Processes that work for noteship end with it, and when they are told to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from noteship import lifeline
from noteship.operations import child
from noteship.operations.errors import BundleFailed

# Writes down its number and that of a process of its own, and then is at work for ever.
WORKS = """
import os, subprocess, sys, time
from pathlib import Path
from noteship import lifeline

if lifeline.TIED in sys.argv:
    lifeline.tied()
other = subprocess.Popen(["sleep", "60"])
Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {other.pid}\\n")
time.sleep(60)
"""
ASKS = "import os, sys; from noteship.operations import child; child.ask(sys.executable, 'x', 'works', {}, os.environ)"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "works.py").write_text(WORKS)
    return {**os.environ, "PYTHONPATH": str(tmp_path), "PIDS": str(tmp_path / "pids")}


def pids(file: Path) -> list[int]:
    until = time.monotonic() + 20
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < until
        time.sleep(0.02)
    return [int(each) for each in file.read_text().split()]


def is_gone(pid: int) -> bool:
    """Whether it has ended, also where nobody has asked for its end yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def all_end(numbers: list[int]) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until and not all(map(is_gone, numbers)):
        time.sleep(0.02)
    return all(map(is_gone, numbers))


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc")


@needs_proc
def test_who_is_told_to_stop_ends_with_what_it_has_started(variables: dict[str, str], tmp_path: Path) -> None:
    """Once the answer is not wanted any more, the process and its own end, within a moment."""
    cancel, came = threading.Event(), []

    def ask() -> None:
        try:
            child.ask(sys.executable, "working", "works", {}, variables, cancel)
        except child.Stopped as error:
            came.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    numbers = pids(tmp_path / "pids")
    cancel.set()
    thread.join(5)
    assert len(came) == 1
    assert all_end(numbers)


@needs_proc
def test_a_killed_noteship_leaves_no_child(variables: dict[str, str], tmp_path: Path) -> None:
    """A process ends, with what it has started, when noteship is killed and can end nobody."""
    asking = subprocess.Popen([sys.executable, "-c", ASKS], env=variables)
    numbers = pids(tmp_path / "pids")
    asking.kill()
    asking.wait()
    assert all_end(numbers)


def test_how_a_killed_process_ended_is_told_beside_what_it_said(tmp_path: Path) -> None:
    """A warning that was printed before does not hide the signal, as of a system that is out of memory."""
    dies = "import os, sys; print('a warning', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)"
    (tmp_path / "dies.py").write_text(dies)
    with pytest.raises(BundleFailed) as caught:
        child.ask(sys.executable, "validating", "dies", {}, {**os.environ, "PYTHONPATH": str(tmp_path)})
    assert caught.value.parts().nearest == "it was ended by SIGKILL; it said: a warning"


def test_what_comes_on_the_lifeline_is_given() -> None:
    """A child that is spoken to hears all of it; its standard input is empty for what it calls."""
    hears = "from noteship import lifeline; import sys; print(lifeline.tied().readline(), repr(sys.stdin.read()))"
    with subprocess.Popen(
        [sys.executable, "-c", hears, lifeline.TIED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("a word\n")
        process.stdin.flush()
        assert process.stdout.read() == "a word\n ''\n"
