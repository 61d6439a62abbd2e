"""The protocols as their own clients speak them, each in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from noteship import serving

from .served import Served

CLIENTS = Path(__file__).parents[1] / "clients"


def environment(name: str, root: Path) -> Path:
    """The interpreter of a fresh environment with just what a client needs, hashes checked."""
    uv = shutil.which("uv") or str(CLIENTS.parents[1] / ".uv-venv/bin/uv")
    made, lock = root / name, CLIENTS / f"{name}.txt"
    python = made / "bin/python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True, timeout=60)
    subprocess.run(
        [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], check=True, timeout=300
    )
    return python


@pytest.mark.slow
@pytest.mark.parametrize("name", ["triton", "kserve"])
def test_a_stock_client_is_served(service: Served, letters: serving.Model, name: str, tmp_path: Path) -> None:
    """Health, metadata, inference with texts in JSON and in bytes, and errors, as the client reads them."""
    address = service.running.url.removeprefix("http://")
    command = [environment(name, tmp_path), CLIENTS / f"ask_{name}.py", address, "letters", letters.digest[:12]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
