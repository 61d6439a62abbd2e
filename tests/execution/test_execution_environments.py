"""Stages run in environments that have nothing but ipykernel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from execution.conftest import Bench
from noteship.notebooks.execution import Runner


@pytest.mark.slow
def test_a_bare_environment_with_ipykernel_runs_notebooks(bench: Bench, tmp_path: Path) -> None:
    """noteship, nbformat and pandas need not be there."""
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
    subprocess.run([*install, "ipykernel"], check=True)
    source = (
        "import importlib.util, sys\nprint([importlib.util.find_spec(n) for n in ('noteship', 'pandas')], sys.prefix)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with Runner(bench.root, python, bench.objects, environment=environment) as runner:
        done = runner.run(bench.job(bench.notebook(source)), threading.Event(), lambda _: None)
    assert done.failure is None
    assert bench.outputs(done)[0][0]["text"] == f"[None, None] {tmp_path / 'env'}\n"


def test_where_forking_is_not_safe_each_stage_is_a_start_of_its_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same program serves one stage and ends."""
    from noteship.notebooks.execution import processes

    monkeypatch.setattr(processes, "FORKS", False)
    bench.write("job.py", "print('script')\nraise ValueError('no')")
    with Runner(bench.root, Path(sys.executable), bench.objects, environment=dict(os.environ)) as runner:
        done = runner.run(bench.job(bench.notebook("print('kernel')")), threading.Event(), lambda _: None)
        failed = runner.run(bench.job("job.py"), threading.Event(), lambda _: None)
    assert bench.outputs(done)[0][0]["text"] == "kernel\n"
    assert failed.failure is not None
    assert failed.failure.where == "job.py, line 2"
