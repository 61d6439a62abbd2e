"""A read that cannot be inferred is seen in a run, becomes an edge, and stays one."""

from __future__ import annotations

from cli.projects import Project

# The name of the file comes out of a number that only running shows.
HIDDEN = "import random\nrandom.seed(1)\nname = ''.join(chr(n) for n in (102, 48)) + '.' + 'txt'[:random.randint(3, 3)]"


def test_a_read_is_learned(project: Project) -> None:
    """The stage that looked in vain runs again after the other, in the same run, and the graph shows the edge."""
    project.notebook("a-reads", HIDDEN, "text = open(name).read()\nopen('out.txt', 'w').write(text * 2)")
    project.write("z-makes.py", "import time\ntime.sleep(0.1)\nopen('f0.txt', 'w').write('made')\n")
    assert project.json("graph")["edges"] == []
    assert project.json("graph")["stages"][0]["unknown"]
    answer = project.call("run")
    assert answer.code == 0, answer.err
    assert "a-reads  learned   reads f0.txt of z-makes: " in answer.err
    assert "it runs again after that" in answer.err
    assert project.text("out.txt") == "mademade"
    assert project.json("graph")["edges"] == [["z-makes", "a-reads", "f0.txt"]]
    assert project.json("graph")["stages"][0]["learned"] == ["f0.txt"]
    assert "  reads    f0.txt" in project.call("graph").out
    assert "from z-makes (seen in a run)" in project.call("graph").out
    assert project.states() == {"a-reads": "reused", "z-makes": "reused"}
    project.write("z-makes.py", "open('f0.txt', 'w').write('new')\n")
    assert project.states() == {"a-reads": "executed", "z-makes": "executed"}
    assert project.text("out.txt") == "newnew"
    explained = project.call("explain", "a-reads").out
    assert "f0.txt   from z-makes" in explained or "f0.txt  from z-makes" in explained


def test_a_read_of_the_projects_own_counts(project: Project) -> None:
    """A file of the user's that was only seen to be read is a part of the key from then on."""
    project.write("f0.txt", "one")
    project.write("s.py", HIDDEN + "\nopen('out.txt', 'w').write(open(name).read())\n")
    first = project.json("run")
    assert "read f0.txt, which was not inferred" in first["stages"][0]["notes"]
    assert project.states() == {"s": "reused"}
    project.write("f0.txt", "two")
    again = project.json("run")["stages"][0]
    assert (again["state"], again["reason"]) == ("executed", "input f0.txt changed")
    assert project.text("out.txt") == "two"


def test_a_file_outside_the_project_counts(project: Project) -> None:
    """A file outside that a stage was seen to read makes it run again when it changes."""
    outside = project.root.parent / "settings.txt"
    outside.write_text("one")
    project.write("s.py", f"open('out.txt', 'w').write(open({str(outside)!r}).read())\n")
    assert project.states() == {"s": "executed"}
    assert project.states() == {"s": "reused"}
    outside.write_text("two")
    assert project.states() == {"s": "executed"}
    assert project.text("out.txt") == "two"
