"""Pipes among a project's files."""

from __future__ import annotations

import os
from pathlib import Path

from noteship.notebooks.project_view import ProjectTexts


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that is called like a file of settings has no text, and nobody waits for its writer."""
    os.mkfifo(tmp_path / "settings.yaml")
    assert ProjectTexts(tmp_path, frozenset({"settings.yaml"})).read("settings.yaml") == (None, "unreadable")
