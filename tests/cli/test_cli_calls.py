"""Scripts that the project's own files call with words, and code that names folders of other machines."""

from __future__ import annotations

import json

from cli.projects import Project

COPY = """
import argparse
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--source")
    parser.add_argument("--target")
    given = parser.parse_args()
    open(given.target, "w").write(open(given.source).read() + "+")
"""


def test_scripts_run_with_their_words(project: Project) -> None:
    """Each call of a script is run, one after the other as they need each other, and other words are another stage."""
    project.write("a.txt", "a")
    project.write("copy.py", COPY)
    make = "all:\n\tpython copy.py --source b.txt --target c.txt\n\tpython copy.py --source a.txt --target b.txt\n"
    project.write("Makefile", make)
    assert project.states() == {"copy": "executed"}
    assert (project.text("b.txt"), project.text("c.txt")) == ("a+", "a++")
    assert project.states() == {"copy": "reused"}
    calls = ["--source b.txt --target c.txt", "--source a.txt --target b.txt"]
    assert sorted(project.json("show", "latest")["given"]["copy"]) == sorted(calls)
    assert "copy was given --source " in project.call("show", "latest").out
    project.write("Makefile", make.replace("c.txt", "d.txt"))
    reason = project.json("explain", "copy")["reason"]
    assert reason == "it is called with other words: --source b.txt --target c.txt -> --source b.txt --target d.txt"
    assert project.states() == {"copy": "executed"}
    assert project.text("d.txt") == "a++"


def test_a_failed_call_is_named(project: Project) -> None:
    """The first call that fails ends the stage, and the message has its words."""
    project.write(
        "s.py", "import sys\nopen(sys.argv[1], 'w').write('1')\nif sys.argv[1] == 'b.txt': raise ValueError('no')"
    )
    project.write("run.sh", "".join(f"python s.py {name}.txt\n" for name in "abc"))
    answer = project.call("run")
    assert answer.code == 1
    assert "s.py, line 3, called with b.txt" in answer.err + answer.out


def test_modules_are_called_in_their_folder(project: Project) -> None:
    """`python -m` runs a module of a package; a script called from a folder finds its files from there."""
    project.write("pkg/__init__.py", "")
    project.write("pkg/texts.py", "def louder(text):\n    return text.upper()\n")
    project.write(
        "pkg/shout.py",
        "import sys\nfrom .texts import louder\nif __name__ == '__main__':\n"
        "    open(sys.argv[2], 'w').write(louder(open(sys.argv[1]).read()))\n",
    )
    project.write("sub/last.py", "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read() + '!')\n")
    project.write("sub/in.txt", "x")
    project.write("run.sh", "python -m pkg.shout sub/in.txt sub/loud.txt\ncd sub\npython last.py loud.txt end.txt\n")
    assert project.states() == {"pkg/shout": "executed", "sub/last": "executed"}
    assert project.text("sub/end.txt") == "X!"


def test_paths_of_other_machines_lead_into_the_project(project: Project) -> None:
    """Notebooks run with their author's own folders in them: in literals, texts with values, modules, shell lines."""
    project.write("data/x.csv", "n\n1\n")
    project.write("helpers.py", "import os\nHOME = '/home/alice'\nOUT = os.path.join(HOME, 'proj', 'out')\n")
    project.notebook(
        "first",
        "import os\nname = 'x'\nos.makedirs('/home/alice/proj/out', exist_ok=True)\n"
        "text = open(f'/home/alice/proj/data/{name}.csv').read()",
        "open('/home/alice/proj/out/y.csv', 'w').write(text + '2\\n')",
        "!head -1 /home/alice/proj/data/x.csv",
    )
    project.notebook(
        "second",
        "import helpers, os\ntext = open(os.path.join(helpers.OUT, 'y.csv')).read()\n"
        "open('z.csv', 'w').write(text + '3\\n')",
        "raw = open(r'C:\\Users\\bob\\proj\\data\\x.csv').read()\nassert raw == 'n\\n1\\n'",
    )
    document = project.json("run")
    assert [stage["state"] for stage in document["stages"]] == ["executed", "executed"]
    notes = {stage["stage"]: stage["notes"] for stage in document["stages"]}
    assert notes["first"] == ["took /home/alice/proj for the root of the project"]
    assert project.text("out/y.csv") == "n\n1\n2\n"
    assert project.text("z.csv") == "n\n1\n2\n3\n"
    record = json.loads(project.call("show", "latest", "first", "--json").out)
    assert "error" not in record
    assert project.states() == {"first": "reused", "second": "reused"}
