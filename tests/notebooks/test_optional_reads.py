"""What is read only where it is there: in a branch, after a return, in a try, in a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis
from noteship.notebooks import read_project

BEFORE = "import os\nfrom pathlib import Path\n"
OPTIONAL = {
    "branch": "if os.path.exists('a'):\n    open('a')",
    "else": "if not Path('a').exists():\n    x = 1\nelse:\n    open('a')",
    "message instead": "if Path('a').is_file():\n    open('a')\nelse:\n    print('no')",
    "both tests": "if x and Path('a').is_file():\n    open('a')",
    "name of the answer": "there = os.path.isfile('a')\nif there:\n    open('a')",
    "early return": "def f(p):\n    if not os.path.exists(p):\n        return None\n    return open(p)\nf('a')",
    "next round": "for p in ['a']:\n    if not os.path.exists(p):\n        continue\n    open(p)",
    "conditional expression": "x = open('a') if os.path.exists('a') else None",
    "comprehension": "x = [open(p) for p in ['a'] if os.path.exists(p)]",
    "caught": "try:\n    x = open('a')\nexcept FileNotFoundError:\n    x = None",
}
NEEDED = {
    "no question": "open('a')",
    "raises": "if not os.path.exists('a'):\n    raise ValueError('a')\nopen('a')",
    "ends": "import sys\nif os.path.exists('a'):\n    open('a')\nelse:\n    sys.exit(1)",
    "message for an error": "try:\n    x = open('a')\nexcept FileNotFoundError:\n    print('run the other first')",
    "another file": "if os.path.exists('b'):\n    open('a')",
    "after a function asked": "def f():\n    if not os.path.exists('a'):\n        return\n    1\nf()\nopen('a')",
}


@pytest.mark.parametrize("source", OPTIONAL.values(), ids=list(OPTIONAL))
def test_read_that_asks_first_is_guarded(tmp_path: Path, source: str) -> None:
    """A read that happens only where the file is there is marked so."""
    assert [use.guarded for use in analysis(tmp_path, BEFORE + source).uses] == [True]


@pytest.mark.parametrize("source", NEEDED.values(), ids=list(NEEDED))
def test_read_without_which_nothing_goes_on_is_needed(tmp_path: Path, source: str) -> None:
    """A read that is not asked for, or without which the code gives up, is needed."""
    assert [use.guarded for use in analysis(tmp_path, BEFORE + source).uses] == [False]


def test_stage_tells_what_it_does_without(tmp_path: Path) -> None:
    """A file is optional for a stage when all its reads of it are; one plain read makes it needed."""
    source = "import os\nfor p in ['a.csv', 'b.csv']:\n    if os.path.exists(p):\n        open(p)\nopen('b.csv')\n"
    (tmp_path / "s.py").write_text(source)
    [stage] = read_project(tmp_path).stages
    assert stage.reads == ("a.csv", "b.csv")
    assert stage.optional == ("a.csv",)
