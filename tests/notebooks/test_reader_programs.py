"""When a module that others import is a stage, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship.notebooks import read_project

FIT = "def fit(path):\n    return open(path)\n"
TRIAL = f"{FIT}if __name__ == '__main__':\n    fit('raw.csv')\n    open('trial.png', 'w')\n"
PROGRAM = f"{FIT}def main():\n    open('model.bin', 'w')\nif __name__ == '__main__':\n    main()\n"
WANTED = f"{FIT}if __name__ == '__main__':\n    open('model.bin', 'w')\n"
USER = "from fit import fit\nfit('raw.csv')\n"


@pytest.mark.parametrize(
    ("module", "user", "stages"),
    [
        (TRIAL, USER, {"use"}),
        (PROGRAM, USER, {"fit", "use"}),
        (WANTED, USER, {"use"}),
        (WANTED, f"{USER}open('model.bin')\n", {"fit", "use"}),
    ],
)
def test_trial_at_the_end_of_a_module_is_no_stage(tmp_path: Path, module: str, user: str, stages: set[str]) -> None:
    """An imported module is a stage when it is a program, or when others read what it makes."""
    (tmp_path / "fit.py").write_text(module)
    (tmp_path / "use.py").write_text(user)
    assert {stage.name for stage in read_project(tmp_path).stages} == stages
