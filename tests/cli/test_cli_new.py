"""`noteship new`, and `graph` on what it writes."""

from __future__ import annotations

import pytest

from cli.projects import Project


def test_a_new_project(project: Project) -> None:
    """It is named for its folder, has a graph without unknowns, and is written over nothing."""
    answer = project.call("new", "My Churn_2")
    assert answer.code == 0
    assert "  noteship run\n" in answer.out
    made = Project(project.root / "My Churn_2")
    assert 'name = "my-churn-2"' in made.text("noteship.toml")
    assert "PROJECT_NAME" not in "".join(path.read_text() for path in made.root.rglob("*") if path.is_file())
    assert all(f"    noteship {verb} " in made.text("README.md") for verb in ("graph", "run", "serve", "monitor"))
    graph = made.json("graph")
    assert len(graph["stages"]) >= 3
    assert len(graph["edges"]) >= 3
    assert not graph["missing"]
    assert not any(stage["unknown"] or stage["fault"] for stage in graph["stages"])
    again = project.call("new", "My Churn_2", "--json")
    assert (again.code, again.document["error"]["kind"]) == (2, "FolderNotEmpty")
    project.write("file", "")
    assert project.call("new", "file").code == 2


@pytest.mark.slow
def test_a_new_project_runs(project: Project) -> None:
    """The new project runs to a bundle that is verified, and a second run has nothing to do."""
    project.call("new", "churn")
    made = Project(project.root / "churn")
    report = made.json("run")
    assert report["bundle"]["state"] == "verified"
    assert report["bundle"]["compiled"]["form"] == "mixed-linear"
    assert {stage["state"] for stage in made.json("run")["stages"]} == {"reused"}


def test_the_graph_is_aligned_over_all_stages(project: Project) -> None:
    """Files and who makes them stand in columns, with the evidence below each where it is asked for."""
    project.write("a.py", "open('a.txt', 'w').write('1')\nopen('a-long-name.txt', 'w').write('1')\n")
    project.notebook("b", "x = 1", "text = open('a.txt').read()\nopen('b.txt', 'w').write(text)")
    lines = [line for line in project.call("graph").out.splitlines() if line.startswith("  ")]
    assert lines == [
        "  writes  a-long-name.txt",
        "  writes  a.txt            for b",
        "  reads   a.txt            from a",
        "  writes  b.txt",
    ]
    told = project.call("graph", "--evidence", "b").out
    assert "cell 2, line 1: open" in told
    assert "a.py" not in told
