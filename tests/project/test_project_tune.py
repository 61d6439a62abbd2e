from __future__ import annotations

from pathlib import Path

import pytest

from noteship import project, tuning
from noteship.project import errors

TEXT = """[tune]
metric = "metrics.json:test.f1"
timeout = "1h"
sampler = "random"
[tune.space]
"04-train.C" = { low = 1e-3, high = 100.0, log = true }
"notebooks/03 features.kind" = ["a", "b"]
"""


def read(root: Path, text: str) -> project.TuneSettings:
    (root / "noteship.toml").write_text(text)
    found = project.load(root).tune
    assert found
    return found


def test_a_space_is_read_into_its_dimensions(tmp_path: Path) -> None:
    """What is written under [tune.space] is spans and choices, in its order, and the rest has its defaults."""
    found = read(tmp_path, TEXT)
    assert found.space == {
        "04-train.C": tuning.Span(1e-3, 100.0, log=True),
        "notebooks/03 features.kind": tuning.Choices(("a", "b")),
    }
    assert (found.trials, found.jobs, found.folds, found.pruner, found.timeout_s) == (50, 1, 5, "none", 3600.0)
    assert not found.is_of_steps


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("low = 1e-3", "low = 0.0", 6, "a low above 0"),
        ('["a", "b"]', "[]", 7, "at least one choice"),
        ('"04-train.C"', '"C"', 6, 'such as "04-train.depth"'),
        ('"random"', '"rondom"', 4, "one of tpe, random, grid"),
        ('"1h"', "60", 3, "with its unit"),
        ('sampler = "random"', "folds = 1", 4, "from 2 on"),
        ('sampler = "random"', "seed = -1", 4, "from 0 on"),
        ('sampler = "random"', 'direction = "up"', 4, "one of maximize, minimize"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    """A contradiction is an error at the key's own line, which says what would be right."""
    with pytest.raises(errors.BadSetting) as caught:
        read(tmp_path, TEXT.replace(old, new))
    assert caught.value.parts().where == f"noteship.toml, line {line}"
    assert told in caught.value.parts().remedy


def test_a_space_is_there_and_of_one_kind(tmp_path: Path) -> None:
    """An empty space, and one of notebooks' and steps' parameters at once, are errors."""
    with pytest.raises(errors.BadSetting, match=r"tune\.space: it is needed|tune.*cannot be"):
        read(tmp_path, '[tune]\nmetric = "f1"\n')
    with pytest.raises(errors.BadSetting) as caught:
        read(tmp_path, f'{TEXT}"model.sav:C" = [1, 2]\n')
    assert "not of both" in caught.value.parts().remedy
