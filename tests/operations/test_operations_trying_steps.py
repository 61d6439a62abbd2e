"""What the values of a cross-validation depend on."""

from __future__ import annotations

from pathlib import Path

from noteship.operations.opened import OpenedProject
from noteship.operations.trying_steps import facts_of

DECLARED = """[validate]
holdout = { file = "held.csv" }
[tune]
metric = "f1"
[tune.space]
"model.sav:C" = [1, 2]
"""


def test_other_held_out_rows_are_another_search(tmp_path: Path) -> None:
    """The rows of a held-out file are left out of the training part, so that values on other ones differ."""
    (tmp_path / "noteship.toml").write_text(DECLARED)
    held = tmp_path / "held.csv"

    def facts(rows: str) -> list[object]:
        held.write_text(rows)
        opened = OpenedProject.at(tmp_path)
        assert opened.settings.tune is not None
        return facts_of(opened, opened.settings.tune)

    assert facts("a\n1\n") == facts("a\n1\n") != facts("a\n1\n2\n")
