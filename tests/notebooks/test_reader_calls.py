"""A project whose files call each other: command lines, runners, scripts that are imported as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from noteship.notebooks import Call, ReadingSettings, read_project
from noteship.notebooks.interpreter import interpretation

SCRIPT = """
import sys
import pandas as pd
if __name__ == "__main__":
    pd.read_csv(sys.argv[1]).to_csv(sys.argv[2])
"""
COPY = "import pandas as pd\nif __name__ == '__main__':\n    pd.read_csv('{}').to_csv('{}')\n"


def _told(root: Path, files: dict[str, str], cache: Path | None = None) -> dict[str, str]:
    """By stage: what it reads > what it writes."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    stages = read_project(root, cache=cache).stages
    return {stage.name: f"{' '.join(stage.reads)} > {' '.join(stage.writes)}" for stage in stages}


def test_several_calls_are_united(tmp_path: Path) -> None:
    """A script that is called twice does all that it does in both, whichever is written first."""
    files = {"s.py": SCRIPT, "run.sh": "python s.py b.csv c.csv\npython s.py a.csv b.csv"}
    assert _told(tmp_path, files) == {"s": "a.csv > b.csv c.csv"}


def test_calls_are_told(tmp_path: Path) -> None:
    """A stage knows the words that it is called with, where all are known, and its uses name the caller."""
    _told(tmp_path, {"s.py": SCRIPT, "run.sh": "python s.py a.csv b.csv\npython s.py $1 b.csv"})
    stage = read_project(tmp_path).stages[0]
    assert stage.calls == (Call(("a.csv", "b.csv")),)
    assert stage.calls_note.startswith("run.sh calls it with words that only the call itself knows")
    assert stage.uses[0].how.endswith("given in run.sh")


def test_calls_are_in_the_order_of_their_needs(tmp_path: Path) -> None:
    """What makes a file comes before what reads it; a module and its file are one program, and no words are no call."""
    lines = ["python s.py b.csv c.csv", "python -m s a.csv b.csv", "python s.py a.csv b.csv", "python t.py"]
    _told(tmp_path, {"s.py": SCRIPT, "t.py": COPY.format("c.csv", "d.csv"), "run.sh": "\n".join(lines)})
    one, other = read_project(tmp_path).stages
    assert one.calls == (Call(("a.csv", "b.csv"), "s"), Call(("b.csv", "c.csv")))
    assert (other.calls, other.calls_note) == ((), "")


def test_a_sweep_is_called_to_its_end(tmp_path: Path) -> None:
    """Reading some of many calls tells enough; all are run."""
    _told(tmp_path, {"s.py": SCRIPT, "run.sh": "for n in {1..30}; do python s.py a.csv $n.csv; done"})
    assert [call.words[1] for call in read_project(tmp_path).stages[0].calls] == [f"{n}.csv" for n in range(1, 31)]


def test_a_change_of_the_caller_is_noticed(tmp_path: Path) -> None:
    """What was read before counts only while the command lines are the same."""
    cache, root = tmp_path / "cache", tmp_path / "project"
    assert _told(root, {"s.py": SCRIPT, "run.sh": "python s.py a.csv b.csv"}, cache) == {"s": "a.csv > b.csv"}
    assert _told(root, {}, cache) == {"s": "a.csv > b.csv"}
    assert _told(root, {"run.sh": "python s.py x.csv y.csv"}, cache) == {"s": "x.csv > y.csv"}


def test_the_callers_folder_is_the_working_folder(tmp_path: Path) -> None:
    """A script that is called in a folder runs there."""
    files = {"sub/s.py": SCRIPT, "Makefile": "all:\n\tcd sub && python s.py in/a.csv b.csv"}
    assert _told(tmp_path, files) == {"sub/s": "sub/in/a.csv > sub/b.csv"}
    assert read_project(tmp_path).stages[0].cwd_note == "runs in sub: it is called from there"


RUNNERS = {
    "a list of words": (
        "import subprocess, sys\nfor s in ['one', 'two']:\n    subprocess.run([sys.executable, f'{s}.py'])"
    ),
    "texts": "import os\nfor c in ['python one.py', 'echo x', 'python two.py']:\n    os.system(c)",
    "runpy": "import runpy\nrunpy.run_path('one.py')\nrunpy.run_path('two.py')",
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_runner_is_no_stage(tmp_path: Path, runner: str) -> None:
    """What it starts are stages; it does nothing with their files itself."""
    files = {
        "run.py": RUNNERS[runner],
        "one.py": COPY.format("a.csv", "b.csv"),
        "two.py": COPY.format("b.csv", "c.csv"),
    }
    assert _told(tmp_path, files) == {"one": "a.csv > b.csv", "two": "b.csv > c.csv"}


def test_a_runner_with_files_of_its_own_is_a_stage(tmp_path: Path) -> None:
    """It has those alone, and may read what the others made."""
    run = "import os\nimport pandas as pd\nos.system('python one.py')\npd.read_csv('b.csv').to_html('r.html')"
    files = {"run.py": run, "one.py": COPY.format("a.csv", "b.csv")}
    assert _told(tmp_path, files) == {"one": "a.csv > b.csv", "run": "b.csv > r.html"}


def test_a_runner_gives_words(tmp_path: Path) -> None:
    """The scripts that it starts run with the words that it gives them."""
    run = "import subprocess\nsubprocess.run(['python', 's.py', 'a.csv', f'b_{x}.csv'])"
    assert _told(tmp_path, {"run.py": run, "s.py": SCRIPT}) == {"s": "a.csv > b_*.csv"}


def test_a_notebook_that_starts_a_script_keeps_its_reads(tmp_path: Path) -> None:
    """The script is run within the notebook, which needs the files for it; the script makes what it makes."""
    cell = {"cell_type": "code", "source": "!python s.py a.csv b.csv", "metadata": {}, "outputs": []}
    notebook = json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]})
    assert _told(tmp_path, {"n.ipynb": notebook, "s.py": SCRIPT}) == {"n": "a.csv > ", "s": "a.csv > b.csv"}


def test_an_imported_script_stays_a_stage(tmp_path: Path) -> None:
    """A module is a stage too when it makes files that those who import it do not make, or when it is called."""
    make = COPY.format("a.csv", "b.csv") + "def load(): return pd.read_csv('b.csv')\n"
    use = "from make import load\nload().to_csv('c.csv')"
    assert _told(tmp_path / "1", {"make.py": make, "use.py": use}) == {"make": "a.csv > b.csv", "use": "b.csv > c.csv"}
    work = "import pandas as pd\ndef work(): pd.read_csv('a.csv').to_csv('b.csv')\n"
    work += "if __name__ == '__main__':\n    work()\n"
    run = "from make import work\nwork()"
    assert _told(tmp_path / "2", {"make.py": work, "run.py": run}) == {"run": "a.csv > b.csv"}


def test_climbing_paths_are_decided_one_by_one(tmp_path: Path) -> None:
    """What would leave the project from the working folder may stay in it from the file's own folder."""
    files = {
        "data/t.csv": "",
        "nb/a.py": "import pandas as pd\npd.read_csv('data/t.csv').to_pickle('../models/p.pkl')",
        "nb/b.py": "import pandas as pd\npd.read_csv('data/t.csv')\npd.read_pickle('../models/p.pkl').to_csv('o.csv')",
    }
    assert _told(tmp_path, files) == {
        "nb/a": "data/t.csv > models/p.pkl",
        "nb/b": "data/t.csv models/p.pkl > o.csv",
    }


def test_a_fault_of_one_statement_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a fault of the interpreter itself costs no more than its statement."""

    def faulty(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(interpretation._PARTS.models, "broken.thing", faulty)  # type: ignore[arg-type]
    text = "import broken\nimport pandas as pd\npd.read_csv('a.csv')\nbroken.thing('x')\ndf.to_csv('b.csv')\n"
    assert _told(tmp_path, {"s.py": text}) == {"s": "a.csv > b.csv"}
    (unknown,) = read_project(tmp_path).stages[0].unknown
    assert (unknown.line, unknown.reason) == (4, "this statement could not be followed (ZeroDivisionError)")


@pytest.mark.parametrize("coming", ["data/in", "in"])
def test_what_others_bring_calls_nothing(tmp_path: Path, coming: str) -> None:
    """A task file in a folder that a source fills has no say in how scripts are called, nor a script there a stage."""
    folder = tmp_path / coming
    folder.mkdir(parents=True)
    (tmp_path / "sub/in").mkdir(parents=True)
    (tmp_path / "clean.py").write_text("import sys\nopen(sys.argv[1]).read()\nopen('clean.csv', 'w').write('1')\n")
    (folder / "dvc.yaml").write_text("stages:\n  a:\n    cmd: python clean.py evil.csv\n")
    (folder / "more.py").write_text("open('more.csv', 'w').write('1')\n")
    (tmp_path / "sub/in/own.py").write_text("open('own.csv', 'w').write('1')\n")
    assert {stage.name for stage in read_project(tmp_path).stages} == {"clean", f"{coming}/more", "sub/in/own"}
    found = read_project(tmp_path, ReadingSettings(coming=(coming,))).stages
    assert {stage.name: stage.calls for stage in found} == {"clean": (), "sub/in/own": ()}
