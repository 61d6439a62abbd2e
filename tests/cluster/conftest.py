"""What tests of releases on a cluster begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.projects import Project
from cluster import deployables
from cluster.deployables import Deployable


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a bundle, to be copied."""
    return deployables.trained(tmp_path_factory.mktemp("trained") / "project")


@pytest.fixture
def mail(trained_once: Project, tmp_path: Path) -> Iterator[Deployable]:
    """A copy of it in a namespace of its own."""
    with deployables.opened(trained_once, tmp_path) as made:
        yield made
