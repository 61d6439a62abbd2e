"""The protocols as their own clients speak them, each in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from clients.environments import CLIENTS, environment
from noteship import serving
from noteship.cli.main import main
from noteship.operations.opened import OpenedProject

from .served import Served, letters_bundle
from .started import keep, started


@pytest.mark.slow
@pytest.mark.parametrize("name", ["triton", "kserve"])
def test_a_stock_client_is_served(service: Served, letters: serving.Model, name: str, tmp_path: Path) -> None:
    """Health, metadata, inference with texts in JSON and in bytes, and errors, as the client reads them."""
    address = service.running.url.removeprefix("http://")
    python = environment(CLIENTS / f"{name}.txt", tmp_path / name)
    command = [python, CLIENTS / f"ask_{name}.py", address, "letters", letters.digest[:12]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_tritonclient_changes_what_is_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Loading and unloading as the client has them, where whoever is on this machine may, and with a token."""
    root, tokens = tmp_path / "project", tmp_path / "tokens"
    for folder in (root, tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
    opened = OpenedProject.at(root)
    bundles = [keep(opened, letters_bundle(tmp_path / "one"), "letters", "latest")]
    bundles.append(keep(opened, letters_bundle(tmp_path / "two", 128), "letters"))
    made = []
    for name, *scopes in (("ops", "admin", "observe", "predict"), ("shop", "observe", "predict")):
        words = [word for scope in scopes for word in ("--scope", scope)]
        assert main(["token", name, *words, "--add-to", str(tokens), "--json"]) == 0
        made.append(json.loads(capsys.readouterr().out)["token"])
    python = environment(CLIENTS / "triton.txt", tmp_path / "triton")
    for words, given in ((["--admin"], []), (["--tokens", str(tokens)], made)):
        with started(root, *words) as one:
            address = one.url.removeprefix("http://")
            command = [python, CLIENTS / "change_triton.py", address, "letters", *bundles, *given]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            one.end()
