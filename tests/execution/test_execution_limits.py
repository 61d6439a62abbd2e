"""Stages are ended when they take too long or too much, when they are cancelled, and when noteship is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
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
    done = bench.cells(source, timeout_s=1.0)
    assert done.failure is not None
    assert (done.failure.kind, done.failure.last_output) == ("timeout", "begun")
    assert "end.txt" in done.outputs
    assert done.seconds < 3


def test_a_stage_that_ignores_the_interrupt_is_killed(bench: Bench) -> None:
    """Within the grace that interrupted cells get."""
    source = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
    done = bench.cells(source, timeout_s=0.5)
    assert done.failure is not None
    assert done.failure.kind == "timeout"
    assert done.seconds < 6


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


def test_several_stages_run_at_once(bench: Bench) -> None:
    """Two that sleep take about as long as one."""
    for name in ("a", "b"):
        bench.notebook("import time\ntime.sleep(1)\nprint('done')", path=f"{name}.ipynb")
    started = time.monotonic()
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
    assert time.monotonic() - started < 1.9


PROGRAM = """
import os, sys, threading
from pathlib import Path
from noteship import store
from noteship.notebooks.document import read_document
from noteship.notebooks.execution import Job, Runner
root = Path(sys.argv[1])
source = "# %%\\nimport os, time\\nopen('{0}/pid', 'w').write(str(os.getpid()))\\ntime.sleep(4321)".format(root)
(root / "s.py").write_text(source)
job = Job("run", "s", read_document("s.py", source))
runner = Runner(root, Path(sys.executable), store.open_store(None, root), environment=dict(os.environ))
runner.run(job, threading.Event(), print)
"""


def test_killing_noteship_ends_its_stages_and_the_next_runner_sweeps(
    tmp_path: Path, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """Nothing keeps running, and the workspace of the dead run is deleted."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.DEVNULL)
    place = tmp_path / "pid"
    eventually(lambda: place.exists() and place.read_text() != "")
    kernel = int(place.read_text())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not psutil.pid_exists(kernel))
    work = tmp_path / ".noteship" / "work"
    assert (work / "run" / "s").exists()
    with Runner(
        tmp_path, Path(sys.executable), store.open_store(None, tmp_path), environment=dict(os.environ)
    ) as runner:
        runner._folders.hold("other")
        assert not (work / "run").exists()


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
