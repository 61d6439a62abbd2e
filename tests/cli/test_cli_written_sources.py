"""Modules that notebooks write, and stages that run within others, from run to run."""

from __future__ import annotations

import pytest

from cli.projects import Project

MODULE = "%%writefile src/helpers.py\ndef louder(text):\n    return text.upper()\n"
CLEAN = "text = open('raw.txt').read().strip()\nopen('clean.txt', 'w').write(text)\n"


def test_a_written_module_is_an_input_like_others(project: Project) -> None:
    """A run delivers it, the next one reuses everything, and another text runs its users again."""
    project.write("in.txt", "a")
    project.notebook("a", "import os; os.makedirs('src', exist_ok=True)", MODULE)
    project.notebook("b", "from src.helpers import louder", "open('out.txt', 'w').write(louder(open('in.txt').read()))")
    assert project.json("graph")["edges"] == [["a", "b", "src/helpers.py"]]
    assert project.states() == {"a": "executed", "b": "executed"}
    assert (project.text("out.txt"), project.text("src/helpers.py")) == ("A", MODULE.partition("\n")[2])
    assert project.json("graph")["edges"] == [["a", "b", "src/helpers.py"]]
    assert project.states() == {"a": "reused", "b": "reused"}
    project.notebook("a", "import os; os.makedirs('src', exist_ok=True)", MODULE.replace("upper()", "upper() + '!'"))
    assert "src/helpers.py" in project.json("explain", "b")["reason"]
    assert project.states() == {"a": "executed", "b": "executed"}
    assert project.text("out.txt") == "A!"


@pytest.mark.slow
def test_what_a_stage_makes_by_running_another_is_not_its_output(project: Project) -> None:
    """The file belongs to the stage that is run; the caller has used its own copy, and nothing is to be noted."""
    project.write("raw.txt", " a\n")
    project.notebook("clean", CLEAN)
    project.write("work.py", "open('worked.txt', 'w').write(open('clean.txt').read() * 2)\n")
    end = "open('end.txt', 'w').write(open('worked.txt').read())"
    project.notebook("use", "%run clean.ipynb", "!python work.py", end)
    answer = project.call("run")
    assert (answer.code, "note:" in answer.err) == (0, False)
    run = project.json("runs")["runs"][0]["run"]
    stages = {name: project.json("show", run, name) for name in ("clean", "use", "work")}
    assert {name: sorted(stage["outputs"]) for name, stage in stages.items()} == {
        "clean": ["clean.txt"],
        "use": ["end.txt"],
        "work": ["worked.txt"],
    }
    assert project.text("end.txt") == "aa"
    assert project.states() == {"clean": "reused", "use": "reused", "work": "reused"}
    project.notebook("clean", CLEAN.replace("text)", "text + 'b')"))
    assert project.states()["use"] == "executed"
    assert project.text("end.txt") == "abab"
