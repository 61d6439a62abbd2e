"""Runs in processes of their own: killed, interrupted, two at once; and how quick nothing to do is."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from noteship import digests, store, workflow
from noteship.workflow.functions import FunctionExecutor

PIPELINE = Path(__file__).parent / "pipeline_process.py"
SIZE = 12


def start(root: Path, seconds: float = 0.0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(PIPELINE), str(root), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.split()


def executed(root: Path) -> int:
    log = root.parent / "executed"
    return len(log.read_text().split()) if log.exists() else 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    return folder


def test_kill_at_any_moment(root: Path) -> None:
    """Whenever it is killed, the ledger loads, what had finished is reused, and the next run goes on from there."""
    chance = random.Random(7)
    for _ in range(6):
        process = start(root, 0.02)
        time.sleep(chance.uniform(0, 0.12))
        process.kill()
        process.communicate()
        for record in workflow.Ledger(store.open_store(None, root)).runs(99):
            assert record.state in ("no end recorded", "interrupted", "done")
    killed = executed(root)
    state, ran, reused = finish(start(root))
    assert (state, int(ran) + int(reused)) == ("done", SIZE)
    # A kill between a stage's end and its record costs that stage: two at a time, in six kills.
    assert killed + int(ran) <= SIZE + 2 * 6
    assert finish(start(root)) == ["done", "0", str(SIZE)]
    assert not list((root / "data").glob(".*"))


def test_interrupt(root: Path) -> None:
    """Ctrl-C lets the stages under way stop, records the end, and the next run goes on."""
    process = start(root, 0.3)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == "interrupted"
    assert workflow.Ledger(store.open_store(None, root)).run("latest").state == "interrupted"
    assert finish(start(root))[0] == "done"


def test_two_at_once(root: Path) -> None:
    """Two runs at once over one store and one folder both end well, with one result for each stage."""
    both = [start(root, 0.03), start(root, 0.03)]
    for process in both:
        state, ran, reused = finish(process)
        assert (state, int(ran) + int(reused)) == ("done", SIZE)
    kept = store.open_store(None, root)
    assert len(list(kept.refs("results/"))) == SIZE
    assert finish(start(root)) == ["done", "0", str(SIZE)]


def test_nothing_to_do_writes_little(tmp_path: Path) -> None:
    """A thousand stages with three thousand edges and nothing to do execute nothing and write two references."""
    kept = store.open_store(None, tmp_path)
    place = workflow.Workplace(tmp_path, kept, workflow.Environment("e"))
    stages, functions = [], {}
    for i in range(1000):
        reads = tuple(f"data/{j}.csv" for j in (i - 1, i - 7, i - 50) if j >= 0)
        stages.append(workflow.Stage(f"s{i:04}", "p", digests.of_bytes(b"%d" % i), reads, (f"data/{i}.csv",)))
        functions[f"s{i:04}"] = lambda desk, i=i: desk.write(f"data/{i}.csv", b"%d" % i)
    graph = workflow.Graph.of(stages, [])
    executor = FunctionExecutor(tmp_path, kept, functions)
    workflow.run(graph, executor, place)
    executor.executed.clear()
    before = len(list(kept.refs("")))
    workflow.run(graph, executor, place)
    assert executor.executed == []
    assert len(list(kept.refs(""))) == before + 2


def test_room_is_light() -> None:
    """Importing the room loads none of the libraries that take long to load."""
    code = "import sys, noteship.workflow; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "numpy", "obstore", "pyarrow", "sqlite3", "rich", "asyncio"} & set(eval(loaded))
