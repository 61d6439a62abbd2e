"""What is said first when a project cannot be read, has nothing to run, or lies above another one."""

from __future__ import annotations

from cli.projects import Project


def test_a_syntax_error_is_told_before_what_follows_from_it(project: Project) -> None:
    """A choice in noteship.toml for which the other notebook does not parse is right: the cell is wrong."""
    project.notebook("a1", "open('x.csv', 'w').write('a')")
    project.notebook("a2", "open('x.csv', 'w').write('b'")
    project.notebook("b", "open('x.csv').read()")
    project.write("noteship.toml", '[notebooks]\nwith = ["a1"]\n')
    for words in (["run"], ["run", "b"], ["run", "--with", "a1"], ["explain", "b"]):
        answer = project.call(*words)
        assert (answer.code, answer.err.splitlines()[0]) == (1, "error: a2.ipynb does not parse: '(' was never closed")
    project.write("noteship.toml", '[notebooks]\nwith = ["a2"]\n')
    assert project.call("run").err.startswith("error: a2.ipynb does not parse")


def test_where_nothing_can_be_read_nothing_is_recorded(project: Project) -> None:
    """One notebook tells its own fault, several are counted, and no run is made of it."""
    project.notebook("one", "x <- 3", language="R")
    answer = project.call("run")
    assert answer.code == 1
    assert answer.err.startswith("error: one.ipynb is written in R, and noteship reads Python\n")
    project.notebook("two", "for x in")
    answer = project.call("run")
    assert answer.code == 1
    assert answer.err.startswith("error: none of the 2 notebooks and scripts can be read\n")
    assert "two.ipynb does not parse" in answer.err
    assert project.json("runs")["runs"] == []


def test_where_there_is_no_notebook_that_is_said(project: Project) -> None:
    """A run of nothing is wrong usage; a project below is the nearest that could be meant."""
    assert project.call("run").code == 2
    project.write("mail/noteship.toml", "")
    answer = project.call("run", "--json")
    assert answer.document["error"]["kind"] == "NothingToRun"
    assert answer.document["error"]["nearest"] == "mail/noteship.toml"
    assert project.json("runs")["runs"] == []


def test_a_project_below_is_noted(project: Project) -> None:
    """Its settings are not read from above, which the graph and a run say; both go on."""
    project.chain("a")
    project.write("mail/noteship.toml", "[notebooks]\nwith = ['nothing']\n")
    note = "mail/noteship.toml is not read here: mail is a project of its own (--project mail)"
    assert f"note: {note}" in project.call("graph").out
    assert project.json("graph")["notes"] == [note]
    answer = project.call("run")
    assert (answer.code, f"note: {note}" in answer.err) == (0, True)
    assert note in project.json("run")["notices"]
