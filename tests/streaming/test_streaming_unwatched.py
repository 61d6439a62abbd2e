"""`noteship stream` with a bundle that nobody can watch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noteship.cli.main import main
from noteship.operations.opened import OpenedProject
from serving.served import letters_bundle
from serving.started import keep


@pytest.mark.slow
def test_a_model_without_a_profile_is_said_not_to_be_watched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Before it reads a message: with why, and with what to do. With --no-monitor nobody asked for it."""
    project = tmp_path / "project"
    for folder in (project, tmp_path / "made"):
        folder.mkdir()
    keep(OpenedProject.at(project), letters_bundle(tmp_path / "made"), "letters", "latest")
    words = ["stream", "--nats", "nats://127.0.0.1:1", "--from", "a", "--to", "b", "--project", os.fspath(project)]
    assert main([*words, "latest"]) == 3
    assert "the NATS server does not answer" in capsys.readouterr().err
    assert caplog.text.count("letters is not watched: the bundle ") == 1
    assert "make the bundle again: noteship run" in caplog.text
    caplog.clear()
    assert main([*words, "--no-monitor", "latest"]) == 3
    assert "not watched" not in caplog.text
