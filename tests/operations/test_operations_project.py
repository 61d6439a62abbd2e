"""How a project is opened, and its stages made of its notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project
from noteship import workflow
from noteship.notebooks import errors as notebook_errors
from noteship.operations import graph as graphs
from noteship.operations import stages
from noteship.operations.opened import OpenedProject, plain_name
from noteship.operations.parameters import with_parameters


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Mail", "mail"), ("My Churn_2", "my-churn-2"), ("--", "project"), ("名前", "project"), ("x" * 80, "x" * 63)],
)
def test_the_name_of_a_folder_becomes_one_for_kubernetes(folder: str, name: str) -> None:
    """Small letters, digits and dashes, at most 63, and never nothing."""
    assert plain_name(folder) == name


def test_opening_makes_nothing_but_its_own_folder(project: Project) -> None:
    """Reading a project writes below `.noteship` alone, which git is told to leave alone."""
    project.chain("a", "b")
    before = {path.name for path in project.root.iterdir()}
    opened = OpenedProject.at(project.root)
    assert opened.name == "project"
    assert [stage.name for stage in stages.stages_of(opened)] == ["s0", "s1"]
    assert {path.name for path in project.root.iterdir()} - before == {".noteship"}
    assert project.text(".noteship/.gitignore") == "*\n"


def test_declarations_overrule_what_was_inferred(project: Project) -> None:
    """`[stage.NAME]` adds and removes files, the added ones are required, and their place is the declaration."""
    project.chain("a", "b")
    project.write("x.csv", "")
    text = '[stage.s1]\nreads = ["x.csv", "!f0.txt"]\nwrites = ["y.csv", "!f1.txt"]\nparams = { text = "c" }\n'
    project.write("noteship.toml", text)
    [_, stage] = stages.stages_of(OpenedProject.at(project.root))
    assert (stage.reads, stage.writes, stage.required) == (("x.csv",), ("y.csv",), ("y.csv",))
    assert stage.params == {"text": "c"}
    assert stage.places["y.csv"] == "noteship.toml, [stage.s1]"


def test_parameters_of_both_places(project: Project) -> None:
    """What is given by word lies over what the file says, and values are what Python reads in them."""
    project.write("a/s.py", "p = 1\nq = 'x'\nr = None\nopen('f.txt', 'w').write(str(p))\n")
    project.write("noteship.toml", '[stage."a/s"]\nparams = { p = 2, q = "y" }\n')
    opened = OpenedProject.at(project.root)
    given = ["a/s.p=3", "a/s.r=[1, 'b', {'c': None}]"]
    assert with_parameters(opened, given).parameters == {"a/s": {"p": 3, "q": "y", "r": [1, "b", {"c": None}]}}
    assert with_parameters(opened, ["a/s.q= spaced = text"]).parameters["a/s"]["q"] == " spaced = text"
    assert with_parameters(opened, []).parameters == {"a/s": {"p": 2, "q": "y"}}


def test_a_target_beats_a_declared_choice(project: Project) -> None:
    """An alternative that is itself asked for is not left out for what noteship.toml chooses."""
    for name in "ab":
        project.write(f"f_{name}.py", f"open('f.txt', 'w').write('{name}')\n")
    project.write("t.py", "open('m.txt', 'w').write(open('f.txt').read())\n")
    project.write("noteship.toml", '[notebooks]\nwith = ["f_a"]\n')
    opened = OpenedProject.at(project.root)
    whole = stages.graph_of(opened)
    assert set(stages.chosen_of(opened, whole, []).stages) == {"f_a", "t"}
    assert set(stages.chosen_of(opened, whole, ["f_b"]).stages) == {"f_b", "t"}
    assert set(stages.chosen_of(opened, whole, [], ["f_b"]).upto(["f_b"]).stages) == {"f_b"}


def test_the_fault_of_a_stage_that_is_asked_for(project: Project) -> None:
    """A notebook that cannot be read is known by its name, and its fault is raised."""
    project.chain("a")
    project.notebook("bad", "for x in")
    opened = OpenedProject.at(project.root)
    whole = stages.graph_of(opened)
    with pytest.raises(notebook_errors.CellSyntaxError):
        stages.resolved(opened, whole, ["bad.ipynb"])
    with pytest.raises(workflow.errors.UnknownStage):
        stages.resolved(opened, whole, ["good"])


def test_the_document_of_a_graph(project: Project) -> None:
    """It has what each stage reads and writes, the edges with the file that is read, and what is outside or unknown."""
    project.notebook(
        "n",
        "import pandas as pd",
        "rows = pd.read_csv('https://user:secret@example.org/rows.csv')\nrows.to_csv('rows.csv')",
        "open(input())",
    )
    project.write("s.py", "depth = 3\nopen('out.txt', 'w').write(open('rows.csv').read())\n")
    document = graphs.graph(OpenedProject.at(project.root)).to_json()
    assert document["edges"] == [["n", "s", "rows.csv"]]
    notebook, script = document["stages"]
    assert (notebook["name"], notebook["path"], notebook["kind"]) == ("n", "n.ipynb", "notebook")
    assert (notebook["reads"], notebook["writes"]) == ([], ["rows.csv"])
    assert "example.org/rows.csv" in notebook["external"][0]["what"]
    assert "secret" not in str(document)
    assert notebook["unknown"][0]["cell"] == 3
    assert (script["reads"], script["writes"], script["parameters"]) == (["rows.csv"], ["out.txt"], {"depth": 3})
    assert script["evidence"][0]["line"] == 2
    only = graphs.graph(OpenedProject.at(project.root), ["s.py"])
    assert [stage["name"] for stage in only.to_json()["stages"]] == ["s"]


def test_the_graph_names_notebooks_that_stages_write(project: Project) -> None:
    """A notebook that lies in the folder and is no stage is told, with the stage that writes it."""
    project.notebook("report", "open('x.txt')")
    project.write("build.py", "import json\nwith open('report.ipynb', 'w') as f:\n    json.dump(make(), f)\n")
    view = graphs.graph(OpenedProject.at(project.root))
    assert [source.name for source in view.sources] == ["build"]
    assert view.notes == ("no stages, since stages write them: report.ipynb (by build)",)


def test_new_is_a_project_with_notebooks_and_without_results(tmp_path: Path) -> None:
    """Nothing is started ahead for scripts alone, for what has run before, or where a store may have all of it."""
    assert not OpenedProject.at(tmp_path).is_new
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.ipynb").touch()
    assert OpenedProject.at(tmp_path).is_new
    (tmp_path / "noteship.toml").write_text('[store]\nurl = "s3://bucket/prefix"\n')
    assert not OpenedProject.at(tmp_path).is_new
    (tmp_path / "noteship.toml").unlink()
    (tmp_path / ".noteship" / "store").mkdir(parents=True)
    assert not OpenedProject.at(tmp_path).is_new
