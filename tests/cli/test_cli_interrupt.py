"""Runs that are stopped, killed, or not alone: nothing that had finished is lost, and nothing stays behind."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.projects import COMMAND, Project

SLOW = "import pathlib, time\nprint('begun')\npathlib.Path('{mark}').touch()\ntime.sleep(60)\nopen('slow.txt', 'w')\n"


def eventually(test: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not test():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.02)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that appears when the slow stage is under way."""
    return tmp_path / "begun"


READ = "text = open('f0.txt').read()"
QUICK = "open('slow.txt', 'w').write(open('f0.txt').read())\n"


@pytest.fixture
def half_done(project: Project, mark: Path) -> Project:
    """A quick script, and one after it that takes long."""
    project.chain("a")
    project.write("slow.py", f"{READ}\n{SLOW.format(mark=mark)}")
    return project


def as_notebook(project: Project, mark: Path) -> None:
    """Let the slow stage be a notebook."""
    (project.root / "slow.py").unlink()
    project.notebook("slow", READ, SLOW.format(mark=mark))


def goes_on(project: Project) -> bool:
    """Whether the next run uses what had finished again, and leaves nothing behind."""
    (project.root / "slow.ipynb").unlink(missing_ok=True)
    project.write("slow.py", QUICK)
    states = project.states()
    return states == {"s0": "reused", "slow": "executed"} and not list((project.root / ".noteship/work").iterdir())


@pytest.mark.parametrize(("number", "words"), [(signal.SIGINT, []), (signal.SIGINT, ["--json"]), (signal.SIGTERM, [])])
def test_one_interrupt(half_done: Project, mark: Path, number: signal.Signals, words: list[str]) -> None:
    """Ctrl-C stops cleanly, and so does SIGTERM: code 130, the ledger says it, no process is left, the next goes on."""
    if words:
        as_notebook(half_done, mark)
    process = half_done.start("run", *words)
    eventually(mark.exists)
    below = family(process)
    assert len(below) >= 2
    assert [run["state"] for run in half_done.json("runs")["runs"]] == ["under way"]
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert gone(below)
    assert "Traceback" not in err
    assert "slow  stopped" in err
    assert f"note: {number.name} stopped it" in err
    if words:
        document = json.loads(out)
        assert document["state"] == "interrupted"
        assert [stage["state"] for stage in document["stages"]] == ["executed", "stopped"]
    else:
        assert "2 stages: 1 done, 1 not finished" in out
    last = half_done.json("show", "latest")
    assert last["state"] == "interrupted"
    assert not (half_done.root / "slow.txt").exists()
    assert list((half_done.root / ".noteship/work").iterdir()) == []
    assert list(mark.parent.glob("temporary/noteship-*")) == []
    assert goes_on(half_done)


def test_two_interrupts(project: Project, mark: Path) -> None:
    """A stage that catches Ctrl-C has three seconds; a second one does not wait for what comes of it."""
    caught = mark.with_name("caught")
    stubborn = (
        "while True:\n    try:\n        time.sleep(60)\n"
        f"    except KeyboardInterrupt:\n        pathlib.Path('{caught}').touch()\n"
    )
    project.write("s.py", f"import pathlib, time\nopen('a.txt', 'w')\npathlib.Path('{mark}').touch()\n{stubborn}")
    process = project.start("run", "--json")
    eventually(mark.exists)
    below = family(process)
    process.send_signal(signal.SIGINT)
    eventually(caught.exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    # Who waits for the stage tells what became of it.
    assert json.loads(out) == {"error": {"kind": "Interrupted", "fact": "interrupted"}, "exit_code": 130}
    assert "Traceback" not in err
    assert gone(below)
    assert project.json("show", "latest")["state"] == "interrupted"


def under_way(run: Any) -> dict[str, str]:
    """What became of a run's stages."""
    return {stage["stage"]: stage["state"] for stage in run["stages"]}


@pytest.mark.parametrize("which", ["noteship", "zygote", "kernel"])
def test_kill(half_done: Project, mark: Path, which: str) -> None:
    """Whichever process is killed, what had finished is reused, no process is left, and the next run goes on."""
    if which == "kernel":
        as_notebook(half_done, mark)
    process = half_done.start("run")
    eventually(mark.exists)
    below = family(process)
    zygote = next(each for each in below if each.ppid() == process.pid)
    victim = {"noteship": process, "zygote": zygote, "kernel": next(each for each in below if each != zygote)}[which]
    os.kill(victim.pid, signal.SIGKILL)
    _, err = process.communicate(timeout=20)
    eventually(lambda: gone(below))
    if which == "noteship":
        assert process.returncode == -signal.SIGKILL
        last = half_done.json("show", "latest")
        assert (last["state"], under_way(last)) == ("interrupted", {"s0": "executed", "slow": "stopped"})
    else:
        assert process.returncode == 1
        assert "stage 'slow' failed: its process was killed (SIGKILL)" in err
        assert half_done.json("show", "latest")["state"] == "failed"
    assert goes_on(half_done)
    killed = "interrupted" if which == "noteship" else "failed"
    runs = half_done.json("runs")["runs"]
    assert [run["state"] for run in runs] == ["done", killed]
    if which == "noteship":
        assert under_way(half_done.json("show", runs[1]["run"])) == {"s0": "executed", "slow": "stopped"}
    assert list((half_done.root / ".noteship/alive").iterdir()) == []


def test_two_runs_at_once(project: Project) -> None:
    """Two runs over one project and one store both end well, and each stage has one result."""
    project.chain("a", "b", "c")
    project.write("noteship.toml", "")
    both = [project.start("run"), project.start("run")]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert project.text("f2.txt") == "abc"
    runs = project.json("runs")["runs"]
    assert [run["state"] for run in runs] == ["done", "done"]
    assert set(project.states().values()) == {"reused"}


def test_a_terminal(half_done: Project, mark: Path) -> None:
    """On a terminal what is under way is redrawn, and Ctrl-C typed there reaches noteship alone."""
    as_notebook(half_done, mark)
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run"],
        cwd=half_done.root,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(terminal)
    shown = b""
    os.set_blocking(control, False)

    def read() -> bytes:
        nonlocal shown
        with contextlib.suppress(OSError):
            shown += os.read(control, 1 << 16)
        return shown

    eventually(lambda: read() and mark.exists())
    eventually(lambda: re.search(rb"slow  running .* cell 2 of 2", read()))
    os.write(control, b"\x03")
    eventually(lambda: read() and process.poll() is not None)
    assert process.returncode == 130
    read()
    os.close(control)
    assert b"slow  stopped" in shown
    assert b"1 done, 1 not finished" in shown
