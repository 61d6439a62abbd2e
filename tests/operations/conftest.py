from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project; temporary files do not count as read, so that the stages' are elsewhere."""
    root, temporary = tmp_path / "project", tmp_path / "temporary"
    root.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    return Project(root)
