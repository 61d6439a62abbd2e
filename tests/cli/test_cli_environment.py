"""Projects whose notebooks run in an interpreter of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cli.projects import Project

ROWS = "x,label\n1,a\n2,b\n"
SERVICE = '[service]\nsteps = ["model.pkl"]\ndata = "rows.csv"\ninputs = ["x"]\n'


def own_environment(project: Project) -> Path:
    """An empty one in the project's `.venv`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project.root / ".venv"], check=True)
    return project.root / ".venv/bin/python"


def test_ipykernel_is_missing(project: Project) -> None:
    """Scripts run in a bare environment; for notebooks the message has the command that adds what they need."""
    python = own_environment(project)
    project.write("s.py", "import sys\nopen('s.txt', 'w').write(sys.prefix)\n")
    assert project.call("run").code == 0
    assert project.text("s.txt") == str(project.root / ".venv")
    project.notebook("n", "open('n.txt', 'w').write('1')")
    answer = project.call("run", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (3, "IpykernelMissing"), answer.err
    assert f"install --python {python} ipykernel" in answer.document["error"]["remedy"]
    assert project.json("show", "latest")["state"] == "failed"


def test_noteship_is_missing_for_the_bundle(project: Project) -> None:
    """Where the model is loaded, noteship is needed in the project's environment; the error has the command."""
    python = own_environment(project)
    project.write("rows.csv", ROWS)
    project.write("s.py", "open('model.pkl', 'wb').write(b'N.')\n")
    project.write("noteship.toml", SERVICE)
    answer = project.call("run", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (3, "NoteshipMissing"), answer.err
    assert answer.document["error"]["remedy"] == f"install it: {python} -m pip install noteship"


def test_an_interpreter_that_is_not_there(project: Project) -> None:
    """An interpreter that is named and missing ends with 3 and who named it."""
    project.chain("a")
    project.write("noteship.toml", '[environment]\npython = "env/bin/python"\n')
    answer = project.call("run", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (3, "InterpreterUnusable")
    assert "[environment] python" in answer.document["error"]["where"]


def test_an_environment_is_a_part_of_the_key(project: Project) -> None:
    """In another environment the same stage runs again, and the reason names what differs."""
    project.chain("a")
    assert project.states() == {"s0": "executed"}
    own_environment(project)
    explained = project.call("explain", "s0")
    assert explained.out.startswith("s0 would run: environment: "), explained.err
    assert project.states() == {"s0": "executed"}


@pytest.mark.slow
def test_an_environment_with_ipykernel_alone(project: Project) -> None:
    """Notebooks run there without noteship, and where the packages can be seen, a bundle lacks noteship alone."""
    python = project.root / "env/bin/python"
    subprocess.run([sys.executable, "-m", "venv", project.root / "env"], check=True)
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
    subprocess.run([*install, "ipykernel"], check=True)
    project.write("noteship.toml", '[environment]\npython = "env/bin/python"\n')
    project.notebook(
        "n",
        "import importlib.util, sys\nfound = [importlib.util.find_spec(name) for name in ('noteship', 'pandas')]",
        "open('n.txt', 'w').write(f'{found} {sys.prefix}')\nopen('model.pkl', 'wb').write(b'N.')",
    )
    assert project.states() == {"n": "executed"}
    assert project.text("n.txt") == f"[None, None] {project.root / 'env'}"
    assert project.states() == {"n": "reused"}
    project.write("rows.csv", ROWS)
    project.write("noteship.toml", f'[environment]\npython = "env/bin/python"\n{SERVICE}')
    answer = project.call("run", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (3, "NoteshipMissing"), answer.err
    assert sysconfig.get_path("purelib") not in answer.out


def test_missing_packages_are_told_before_anything_runs(project: Project) -> None:
    """All that the stages import and cannot find is one note with one command; guarded imports are no lack."""
    project.write("own.py", "import nowhere_of_module\n")
    project.write("a.py", "open('a.txt', 'w').write('1')\n")
    guarded = "try:\n    import nowhere_guarded\nexcept ImportError:\n    pass\n"
    project.write(
        "b.py", f"{guarded}def later():\n    import nowhere_later\nimport nowhere_b.part, own, json, pandas\n"
    )
    project.write("b.py", project.text("b.py") + "open('b.txt', 'w').write(open('a.txt').read())\n")
    answer = project.call("run")
    assert answer.code == 1
    first = answer.err.splitlines()[0]
    assert first.startswith("note: not installed, and imported: nowhere_b (b), nowhere_of_module (b); install them: ")
    assert first.endswith(" nowhere_b nowhere_of_module")
    project.write("own.py", "")
    project.write("b.py", "import own\nopen('b.txt', 'w').write(open('a.txt').read())\n")
    assert "not installed" not in project.call("run").err


def test_a_stage_that_installs_packages_is_not_kept(project: Project) -> None:
    """The keys of a run name the environment of its start: what another one made is made again, and the run says so."""
    own_environment(project)
    installing = "import pathlib, sysconfig\nplace = pathlib.Path(sysconfig.get_path('purelib'), 'extra-1.0.dist-info')"
    project.write("a.py", f"{installing}\nplace.mkdir(exist_ok=True)\nopen('a.txt', 'w').write('1')\n")
    project.write("b.py", "open('b.txt', 'w').write(open('a.txt').read())\n")
    first = project.call("run")
    assert first.code == 0
    assert first.err.count("the environment changed while it ran (extra 1.0): the next run makes this") == 1
    assert [stage["state"] for stage in project.json("run")["stages"]] == ["executed", "executed"]
    assert [stage["state"] for stage in project.json("run")["stages"]] == ["reused", "reused"]
