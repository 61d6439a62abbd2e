"""Stages are ended when they take too long or too much, when they are cancelled, and when noteship is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from execution.conftest import Bench
from noteship import store
from noteship.notebooks.execution import Runner
from noteship.notebooks.execution.errors import InterpreterBroken, IpykernelMissing


def test_a_stage_over_its_time_is_interrupted(bench: Bench) -> None:
    """Its `finally` blocks run, and what it printed is kept."""
    source = "import time\nprint('begun')\ntry:\n    time.sleep(60)\nfinally:\n    open('end.txt', 'w').write('1')"
    bench.cells("1")  # the first start of a kernel may take the second itself
    done = bench.cells(source, timeout_s=1.0)
    assert done.failure is not None
    assert (done.failure.kind, done.failure.last_output) == ("timeout", "begun")
    assert "end.txt" in done.outputs


@pytest.mark.slow
def test_a_stage_that_ignores_the_interrupt_is_killed(bench: Bench) -> None:
    """Within the grace that interrupted cells get."""
    source = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
    done = bench.cells(source, timeout_s=0.5)
    assert done.failure is not None
    assert done.failure.kind == "timeout"


def test_a_stage_over_its_memory_is_killed(bench: Bench) -> None:
    """The failure names what was used and the limit; memory of other processes of the stage counts."""
    program = "x = bytearray(300 << 20); import time; time.sleep(60)"
    source = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {program!r}])"
    failure = bench.cells(source, memory_bytes=250 << 20).failure
    assert failure is not None
    assert failure.kind == "memory"
    assert "its limit is 250 MiB" in failure.message


def test_cancelling_ends_a_stage_and_what_it_started(
    bench: Bench, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """Also processes that have made a session of their own."""
    cancel = threading.Event()
    source = (
        "import subprocess\np = subprocess.Popen(['sleep', '4321'], start_new_session=True)\nprint(p.pid)\np.wait()"
    )
    timer = threading.Timer(0.8, cancel.set)
    timer.start()
    done = bench.cells(source, cancel=cancel)
    assert done.failure is not None
    assert done.failure.kind == "interrupted"
    assert done.failure.retryable
    pid = int(bench.outputs(done)[0][0]["text"])
    eventually(lambda: not psutil.pid_exists(pid))


def test_several_stages_run_at_once(bench: Bench, tmp_path: Path) -> None:
    """The times that two stages note themselves overlap: each waits until the other has begun."""
    source = (
        "import pathlib, time\nbegun = time.monotonic()\n"
        "folder = pathlib.Path({folder!r})\n(folder / {own!r}).touch()\n"
        "while not (folder / {other!r}).exists() and time.monotonic() < begun + 60:\n    time.sleep(0.02)\n"
        "(folder / 'times-{own}').write_text(f'{{begun}} {{time.monotonic()}}')"
    )
    for own, other in (("a", "b"), ("b", "a")):
        bench.notebook(source.format(folder=str(tmp_path), own=own, other=other), path=f"{own}.ipynb")
    jobs = [bench.job(f"{name}.ipynb") for name in ("a", "b")]
    results = []
    threads = [
        threading.Thread(target=lambda j=j: results.append(bench.runner.run(j, threading.Event(), lambda _: None)))
        for j in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.failure for result in results] == [None, None]
    (a_begun, a_ended), (b_begun, b_ended) = (
        map(float, (tmp_path / f"times-{name}").read_text().split()) for name in ("a", "b")
    )
    assert a_begun < b_ended
    assert b_begun < a_ended


PROGRAM = """
import os, sys, threading
from pathlib import Path
from noteship import store
from noteship.notebooks.document import read_document
from noteship.notebooks.execution import Job, Runner
root = Path(sys.argv[1])
source = "\\n".join((
    "# %%\\nimport os, subprocess, time",
    "own = subprocess.Popen(['sleep', '4321'], start_new_session=True)",
    "open('{0}/pid', 'w').write(f'{{os.getpid()}} {{own.pid}} .')".format(root),
    "time.sleep(4321)",
))
(root / "s.py").write_text(source)
job = Job("run", "s", read_document("s.py", source))
runner = Runner(root, Path(sys.executable), store.open_store(None, root), environment=dict(os.environ))
runner.run(job, threading.Event(), print)
"""


def test_killing_noteship_ends_its_stages_and_the_next_runner_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """Nothing keeps running, not even in a session of its own; workspaces and temporary folders are deleted."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    place = tmp_path / "pid"
    eventually(lambda: place.exists() and place.read_text().endswith("."))
    started = [int(pid) for pid in place.read_text().split()[:2]]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in started))
    work = tmp_path / ".noteship" / "work"
    assert list(work.glob("run/s-*"))
    assert list(temporary.glob("noteship-*/*/connection.json"))
    with Runner(
        tmp_path, Path(sys.executable), store.open_store(None, tmp_path), environment=dict(os.environ)
    ) as runner:
        runner._folders.hold("other")
        assert not (work / "run").exists()
        assert not list(temporary.glob("noteship-*"))
    assert list(work.iterdir()) == []


def test_what_a_stage_leaves_running_ends_with_it(
    bench: Bench, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """Also a process in a session of its own."""
    done = bench.cells("import subprocess\nprint(subprocess.Popen(['sleep', '4321'], start_new_session=True).pid)")
    assert done.failure is None
    pid = int(bench.outputs(done)[0][0]["text"])
    eventually(lambda: not psutil.pid_exists(pid))


def test_a_killed_zygote_is_started_again(bench: Bench) -> None:
    """The stage that ran fails, and the next one runs."""
    failure = bench.cells(
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(60)"
    ).failure
    assert failure is not None
    assert failure.kind == "kernel"
    assert bench.cells("1").failure is None


def test_a_missing_interpreter_is_named(bench: Bench) -> None:
    """The error says which path does not start."""
    with (
        Runner(bench.root, bench.root / "none" / "python", bench.objects, environment={}) as runner,
        pytest.raises(InterpreterBroken) as caught,
    ):
        runner.run(bench.job(bench.notebook("1")), threading.Event(), lambda _: None)
    assert "none/python" in str(caught.value)


def test_a_start_ahead_says_nothing_and_ends_at_once(bench: Bench) -> None:
    """What is wrong with an interpreter is said when a stage comes; one that has no stage is not waited for."""
    for python in (bench.root / "none" / "python", Path(sys.executable)):
        with Runner(bench.root, python, bench.objects, environment=dict(os.environ)) as runner:
            runner.warm()


def test_a_missing_ipykernel_is_named_with_the_command(bench: Bench, tmp_path: Path) -> None:
    """An environment without it gets an error that says how to add it; scripts run there."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    bench.write("job.py", "import sys\nprint(sys.prefix)")
    with Runner(bench.root, python, bench.objects, environment=dict(os.environ)) as runner:
        with pytest.raises(IpykernelMissing) as caught:
            runner.run(bench.job(bench.notebook("1")), threading.Event(), lambda _: None)
        done = runner.run(bench.job("job.py"), threading.Event(), lambda _: None)
    assert f"uv pip install --python {python} ipykernel" in str(caught.value)
    assert bench.text(done.record).strip() == str(tmp_path / "env")
