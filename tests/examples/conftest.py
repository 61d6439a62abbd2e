"""Copies of the example projects, and noteship as a user calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noteship.operations import new as operation

REPOSITORY = Path(__file__).parents[2]
PROJECTS = {
    "austen": REPOSITORY / "examples/austen",
    "mail": REPOSITORY / "examples/mail",
    "template": REPOSITORY / "src/noteship/templates/project",
}
# Far more than the slowest example needs on a busy machine.
TIMEOUT_S = 600


@pytest.fixture(params=sorted(PROJECTS))
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of each example in turn."""
    return PROJECTS[request.param]


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a copy of a named example, without what a run may have left in it; `noteship new` makes the template's."""

    def copy(name: str) -> Path:
        if name == "template":
            return Path(operation.new(tmp_path / name)[0]).parent
        ignored = shutil.ignore_patterns(".noteship", "data", "plots", "*.sav", "metrics.json", "__pycache__")
        return Path(shutil.copytree(PROJECTS[name], tmp_path / name, ignore=ignored))

    return copy


@pytest.fixture
def noteship() -> Callable[..., dict[str, Any]]:
    """Runs a verb in a process of its own and gives its JSON document."""

    def call(*arguments: str | Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "noteship", *map(str, arguments), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    return call
