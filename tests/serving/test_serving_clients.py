"""The protocols as their own clients speak them, each in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from clients.environments import CLIENTS, environment
from noteship import serving

from .served import Served


@pytest.mark.slow
@pytest.mark.parametrize("name", ["triton", "kserve"])
def test_a_stock_client_is_served(service: Served, letters: serving.Model, name: str, tmp_path: Path) -> None:
    """Health, metadata, inference with texts in JSON and in bytes, and errors, as the client reads them."""
    address = service.running.url.removeprefix("http://")
    python = environment(CLIENTS / f"{name}.txt", tmp_path / name)
    command = [python, CLIENTS / f"ask_{name}.py", address, "letters", letters.digest[:12]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
