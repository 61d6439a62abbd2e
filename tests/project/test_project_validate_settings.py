"""`[validate]` is read as it is written, and what makes no sense says what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import project
from noteship.project.errors import BadSetting, UnknownSetting
from noteship.validation.errors import GateUnreadable
from noteship.validation.holdout import Holdout


def loaded(root: Path, text: str) -> project.ValidateSettings:
    (root / "noteship.toml").write_text(f"[validate]\n{text}\n", encoding="utf-8")
    return project.load(root).validate


def test_nothing_needs_to_be_said(tmp_path: Path) -> None:
    """A fifth of the rows is held out, and there are no gates."""
    found = project.load(tmp_path).validate
    assert (found.holdout, found.gates, found.robustness) == (Holdout(), (), True)
    assert loaded(tmp_path, "") == found


def test_all_of_it(tmp_path: Path) -> None:
    """And it is told as it was written, gates too."""
    found = loaded(
        tmp_path,
        'holdout = { share = 0.3, by = "time", column = "date" }\npositive = true\nmetric = "roc_auc"\n'
        'gates = ["f1>=.9"]\nslices = ["sender"]\nseed = 7\nresamples = 500\nrobustness = false',
    )
    assert found.to_json() == {
        "holdout": {"share": 0.3, "by": "time", "column": "date"},
        "positive": "true",
        "metric": "roc_auc",
        "gates": ["f1>=.9"],
        "slices": ["sender"],
        "seed": 7,
        "resamples": 500,
        "robustness": False,
    }
    assert loaded(tmp_path, "holdout = 0.25\npositive = 1").positive == "1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("holdout = 0", "a share from 0.01 to 0.5"),
        (
            'holdout = { by = "time" }',
            'the column as well, whose values say the time: { share = 0.2, by = "time", column = "date" }',
        ),
        (
            'holdout = { share = 0.3, by = "group" }',
            "the column as well, whose values say the group: { share = 0.3, by",
        ),
        ("positive = []", "one of the classes"),
        ('metric = "acuracy"', "accuracy"),
        ('gates = "f1 > 0"', "a list of comparisons"),
        ("seed = -1", "a whole number from 0 on"),
        ("resamples = 10", "from 200 to 20,000"),
        ('robustness = "no"', "true or false"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, text: str, told: str) -> None:
    """Each fault has its line, and what was expected."""
    with pytest.raises(BadSetting, match=r"noteship\.toml, line 2") as caught:
        loaded(tmp_path, text)
    assert told in str(caught.value)


def test_gates_and_keys_are_looked_at_at_once(tmp_path: Path) -> None:
    """A gate that cannot be read, and a key that there is not, are errors of every verb."""
    with pytest.raises(GateUnreadable, match="write >="):
        loaded(tmp_path, 'gates = ["f1 => 0.9"]')
    with pytest.raises(UnknownSetting, match=r"validate\.holdout"):
        loaded(tmp_path, "holdouts = 0.2")
