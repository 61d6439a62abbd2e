"""A clone of the project is the project; a clone of anything else is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebooks.interpreting import analysis, told, written
from noteship.notebooks.repositories import own_names, repository_name

SCRIPT = {"src/fit.py": "import sys\nopen(sys.argv[2])\n", "src/see.py": ""}
OWN = {
    "the name of the project's folder": "!git clone https://x.org/me/Proj.git\n%cd Proj\nopen('data/a')",
    "an archive's branch in the name": "!git clone https://x.org/me/proj-main\n%cd proj-main\nopen('data/a')",
    "an option with a word": "!git clone -b dev --depth=1 git@x.org:me/proj.git here\n%cd here\nopen('data/a')",
    "one line": "!git clone https://x.org/me/proj && cd proj && cat data/a",
    "a hosted notebook's folder": "!git clone https://x.org/me/proj\nopen('/content/proj/data/a')",
    "a folder given whole": (
        "import os\nos.system('git clone https://x.org/proj /content/w')\nos.chdir('/content/w')\nopen('data/a')"
    ),
    "climbing within": "!git clone https://x.org/me/proj\n%cd proj/src\nopen('../data/a')",
}


@pytest.mark.parametrize("source", OWN.values(), ids=list(OWN))
def test_what_lies_in_a_clone_of_the_project_is_the_projects(tmp_path: Path, source: str) -> None:
    """A document that goes into a clone of its own project reads the project's files."""
    assert told(tmp_path, source, cwd="notebooks", path="notebooks/nb.ipynb") == ["r data/a"]


def test_scripts_tell_whose_clone_it_is(tmp_path: Path) -> None:
    """A repository of another name is the project where all scripts that are run in it are; they get their words."""
    source = "!git clone https://x.org/me/other\n%cd other\n%cd src\n!python fit.py --in ../data/a\n!python see.py"
    found = analysis(tmp_path, source, SCRIPT)
    assert [written(use.path) for use in found.uses] == ["data/a"]
    assert [(path, line.cwd) for path, line in found.calls] == [("src/fit.py", "src"), ("src/see.py", "src")]


@pytest.mark.parametrize("run", ["train.py --in data/a", "fit.py --in ../data/a\n!python lost.py"])
def test_a_common_name_is_no_evidence(tmp_path: Path, run: str) -> None:
    """One script at the top, or one that the project has not, leaves another repository elsewhere."""
    files = {**SCRIPT, "train.py": "open('data/a')"}
    found = analysis(tmp_path, f"!git clone https://x.org/me/other\n%cd other\n!python {run}\nopen('b')", files)
    assert [written(use.path) for use in found.uses] == ["/other/b"]
    assert not found.calls


def test_remotes_give_names(tmp_path: Path) -> None:
    """A repository goes by its folder's name and by those of its remotes, whatever their case and dashes."""
    root = tmp_path / "Work_dir"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text('[remote "origin"]\n\turl = git@x.org:me/Sea_Ice.git\n')
    assert own_names(root) == {"work-dir", "sea-ice"}
    assert repository_name("https://x.org/me/sea-ice/") == "sea-ice"
    assert own_names(tmp_path / "none") == {"none"}
