"""Stages of any name that a file can have."""

from __future__ import annotations

import pytest

from cli.projects import Project
from noteship.operations.opened import OpenedProject
from noteship.workflow.ledger import Seen


@pytest.mark.parametrize("name", ["подготовка данных о посещениях музеев", "数据" * 40, "100%/часть 2", "a" * 220])
def test_a_stage_of_a_long_name_runs(project: Project, name: str) -> None:
    """It runs, is reused, and the ledger gives its whole name back."""
    project.write("rows.txt", "1")
    project.write(f"{name}.py", "open('out.txt', 'w').write(open('rows.txt').read())\n")
    assert project.states() == {name: "executed"}
    assert project.states() == {name: "reused"}
    ledger = OpenedProject.at(project.root).ledger
    assert set(ledger.run("latest").stages) == {name}
    ledger.add_seen(name, Seen({"more.txt": "it was open"}))
    assert set(ledger.seen()) == {name}
