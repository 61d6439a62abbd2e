"""Changes that are noticed, and messages that name what to do about them."""

from __future__ import annotations

import os
from pathlib import Path

from cli.projects import Project
from noteship import errors

OUTSIDE = "import glob\n[name] = glob.glob({folder!r} + '/in*.txt')\nopen('out.txt', 'w').write(open(name).read())\n"
SCRATCH = (
    "import tempfile\n"
    "with tempfile.NamedTemporaryFile('w+', suffix='.txt') as file:\n"
    "    file.write('x'), file.flush()\n"
    "    open('s.txt', 'w').write(open(file.name).read())\n"
)


def test_a_temporary_file_that_was_there_counts(project: Project) -> None:
    """A file of the temporary folder that a stage reads is in its key; scratch of its own is not."""
    given = Path(os.environ["TMPDIR"]) / "given"
    given.mkdir()
    (given / "in.txt").write_text("1", encoding="utf-8")
    project.write("a.py", OUTSIDE.format(folder=str(given)))
    project.write("s.py", SCRATCH)
    assert project.call("run").code == 0
    assert project.states() == {"a": "reused", "s": "reused"}
    (given / "in.txt").write_text("2", encoding="utf-8")
    assert project.states() == {"a": "executed", "s": "reused"}
    assert project.text("out.txt") == "2"


def test_a_script_that_does_not_parse_is_told(project: Project) -> None:
    """A script that reads or writes, or is called, is a stage with a fault: who needs its file is not blamed."""
    project.write("make.py", "open('f.txt', 'w').write('1'\n")
    project.write("called.py", "import sys\ndef work(:\n")
    project.write("library.py", "def work(:\n")
    project.write("Makefile", "x.txt:\n\tpython called.py x.txt\n")
    project.write("use.py", "open('u.txt', 'w').write(open('f.txt').read())\n")
    shown = project.call("graph").out
    assert "make  (make.py)\n  fault: make.py does not parse" in shown
    assert "called  (called.py)\n  fault: called.py does not parse" in shown
    assert "library" not in shown
    refused = project.call("run")
    assert refused.code == 2
    assert "does not parse" in refused.err


def test_sections_are_quoted_where_toml_needs_it() -> None:
    """A name with a slash, a space or a dot is quoted."""
    assert errors.stage_section("notebooks/02 Report") == '[stage."notebooks/02 Report"]'
    assert errors.stage_section("v1.2") == '[stage."v1.2"]'


def test_a_link_to_nowhere_is_told(project: Project) -> None:
    """A stage that reads behind a link whose folder is gone is not told to correct its path."""
    (project.root / "data").symlink_to("/nowhere/at/all")
    project.write("a.py", "open('a.txt', 'w').write(open('data/in.txt').read())\n")
    answer = project.call("run")
    assert answer.code == 3
    assert "`data` is a link to a folder that is not there: /nowhere/at/all" in answer.err


def test_a_missing_module_is_told_with_its_package(project: Project) -> None:
    """The remedy is the command that installs the package, whose name may be another."""
    project.write("a.py", "import yaml_missing_module\nopen('a.txt', 'w').write('1')\n")
    answer = project.call("run")
    assert answer.code == 1
    assert "-m pip install yaml_missing_module" in answer.err
    told = project.call("explain", "a").out
    assert "it failed in run " in told
    assert "yaml_missing_module" in told


def test_a_word_of_a_call_is_no_parameter(project: Project) -> None:
    """What the Makefile gives is changed there."""
    project.write(
        "train.py",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--epochs')\na = p.parse_args()\n"
        "open('m.txt', 'w').write(a.epochs)\n",
    )
    project.write("Makefile", "m.txt:\n\tpython train.py --epochs 3\n")
    answer = project.call("run", "--set", "train.epochs=4")
    assert answer.code == 2
    assert "at: Makefile" in answer.err
    assert "do: change it in Makefile" in answer.err


def test_wrong_names_have_a_place_and_the_nearest(project: Project) -> None:
    """An option, a stage and a choice in noteship.toml that are not there."""
    project.chain("a")
    answer = project.call("run", "--frce")
    assert "nearest: --force\n  do: noteship run --help" in answer.err
    assert "nearest: s0" in project.call("graph", "nope").err
    project.write("noteship.toml", '[notebooks]\nwith = ["nope"]\n')
    assert "at: noteship.toml, [notebooks] with" in project.call("run").err


def test_a_folder_of_a_project_is_told(project: Project) -> None:
    """Who runs in a folder below a project hears of the project."""
    project.write("noteship.toml", "")
    project.write("sub/a.py", "open('a.txt', 'w').write('1')\n")
    answer = Project(project.root / "sub").call("graph")
    assert f"note: {project.root} is a project" in answer.out
