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
