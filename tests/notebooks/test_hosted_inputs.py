"""Folders of hosted notebooks that the code asks for, and the models in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import told
from noteship.notebooks.partial_paths import Pattern, pattern_of
from noteship.notebooks.raw import Hole, PathText
from noteship.notebooks.searches import found_by_suffix

BRANCHES = {
    "no other way": ("open('/kaggle/input/set/a')", "", ["r /kaggle/input/set/a"]),
    "a complaint": ("open('/kaggle/input/set/a')", "raise OSError", ["r /kaggle/input/set/a"]),
    "another way": ("open('/kaggle/input/set/a')", "open('a')", ["r a"]),
}


@pytest.mark.parametrize(("body", "other", "expected"), BRANCHES.values(), ids=list(BRANCHES))
def test_branch_of_a_hosted_folder_counts_without_another(
    tmp_path: Path, body: str, other: str, expected: list[str]
) -> None:
    """What is done where a hosted folder is there counts, unless something else is done where it is not."""
    orelse = f"else:\n    {other}\n" if other else ""
    assert told(tmp_path, f"import os\nif os.path.exists('/kaggle/input/set'):\n    {body}\n{orelse}") == expected


def test_the_host_itself_is_absent(tmp_path: Path) -> None:
    """What tells hosts apart is not there, so that its branch is not taken."""
    assert told(tmp_path, "import os\nif os.path.exists('/kaggle/input'):\n    open('/kaggle/input/set/a')") == []


@pytest.mark.parametrize("test", ["assert x is not None", "assert x", "if x is None:\n    raise ValueError"])
def test_a_value_that_has_to_be_there_is_not_none(tmp_path: Path, test: str) -> None:
    """After code has made sure that a name is not None, its other values are left."""
    source = f"import os\nx = None\nif os.path.exists('/kaggle/input/set/a'):\n    x = 'set'\n{test}\nopen(f'{{x}}/a')"
    assert told(tmp_path, source) == ["r set/a"]


def _every(folder: str, suffix: str) -> Pattern:
    return pattern_of(PathText((f"{folder}/", Hole("a pattern", "segment"), suffix), "absolute"))


@pytest.mark.parametrize(
    ("folder", "suffix", "made", "found"),
    [
        ("/kaggle/input/w", ".pt", [("fit", "out/a.pt"), ("fit", "out/b.pt"), ("fit", "c.csv")], "out/*.pt"),
        ("/content/drive/MyDrive/w", ".joblib", [("fit", "a.joblib")], "*.joblib"),
        ("/kaggle/input/w", ".pt", [("fit", "a.pt"), ("more", "b.pt")], None),
        ("/kaggle/input/w", ".pt", [("fit", "x/a.pt"), ("fit", "y/b.pt")], None),
        ("/kaggle/input/w", ".csv", [("fit", "a.csv")], None),
        ("/home/me/w", ".pt", [("fit", "a.pt")], None),
    ],
)
def test_all_models_of_a_hosted_folder_are_those_of_the_one_stage(
    folder: str, suffix: str, made: list[tuple[str, str]], found: str | None
) -> None:
    """A bare `*.pt` in a hosted folder is what one stage makes in one folder, and nothing where that is not clear."""
    pattern = found_by_suffix(_every(folder, suffix), [(name, Pattern(path)) for name, path in made])
    assert (None if pattern is None else pattern.shown) == found
