"""Stages that run other stages within themselves: with %run, as a command, with papermill or nbconvert."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from noteship import workflow
from noteship.notebooks import ProjectSources, read_project

CLEAN = ("import pandas as pd\npd.read_csv('raw.csv').to_csv('clean.csv')",)
CLEAN_SCRIPT = f"{CLEAN[0]}\n"
TRAIN = ("import pandas as pd\npd.read_csv('clean.csv').to_parquet('model.parquet')",)
REPORT = "import pandas as pd\npd.read_csv('clean.csv').to_html('report.html')"


def _make(root: Path, files: Mapping[str, str | tuple[str, ...]]) -> None:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            cells = [_cell(source) for source in content]
            metadata = {"language_info": {"name": "python"}}
            content = json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells})
        place.write_text(content, encoding="utf-8")


def _cell(source: str) -> dict[str, object]:
    tags = ["parameters"] if source.startswith("# parameters") else []
    return {"cell_type": "code", "source": source, "metadata": {"tags": tags}, "outputs": []}


def _graph(sources: ProjectSources) -> workflow.Graph:
    stages = [
        workflow.Stage(name=each.name, path=each.path, code=each.code, reads=each.reads, writes=each.writes)
        for each in sources.stages
        if each.code is not None
    ]
    return workflow.Graph.of(stages, sources.files)


WITHIN = {
    "%run of a notebook": ("%run clean.ipynb", CLEAN, "clean.ipynb"),
    "%run of a script": ("%run clean.py", CLEAN_SCRIPT, "clean.py"),
    "a command": ("!python clean.py", CLEAN_SCRIPT, "clean.py"),
    "subprocess": ("import subprocess\nsubprocess.run(['python', 'clean.py'])", CLEAN_SCRIPT, "clean.py"),
    "nbconvert": ("!jupyter nbconvert --to notebook --execute --inplace clean.ipynb", CLEAN, "clean.ipynb"),
    "nbconvert as a module": ("!python -m nbconvert --execute --inplace clean.ipynb", CLEAN, "clean.ipynb"),
    "jupyter execute": ("!jupyter execute clean.ipynb", CLEAN, "clean.ipynb"),
    "papermill": ("import papermill\npapermill.execute_notebook('clean.ipynb', None)", CLEAN, "clean.ipynb"),
    "papermill's command": ("!papermill clean.ipynb - ", CLEAN, "clean.ipynb"),
}


@pytest.mark.parametrize(("call", "callee", "path"), WITHIN.values(), ids=list(WITHIN))
def test_the_callee_stays_the_writer(tmp_path: Path, call: str, callee: str | tuple[str, ...], path: str) -> None:
    """The caller reads what the callee reads, makes its files for itself alone, and is no alternative to it."""
    _make(tmp_path, {path: callee, "use.ipynb": (call, REPORT), "z.ipynb": TRAIN, "raw.csv": ""})
    sources = read_project(tmp_path)
    use = next(stage for stage in sources.stages if stage.name == "use")
    assert (use.reads, use.writes, use.redone) == (("raw.csv",), ("report.html",), ("clean.csv",))
    assert use.modules == (path,)
    graph = _graph(sources)
    assert [(edge.producer, edge.consumer) for edge in graph.edges] == [("clean", "z")]
    assert not graph.alternatives


DRIVERS = {
    "papermill": (
        "import papermill as pm\nfor n in ('01', '02'):\n    pm.execute_notebook(f'{n}.ipynb', f'out/{n}.ipynb')\n"
    ),
    "nbconvert": (
        "import subprocess\nfor n in ('01.ipynb', '02.ipynb'):\n"
        "    subprocess.run(['jupyter', 'nbconvert', '--to', 'notebook', '--execute', n, '--output-dir', 'out'])\n"
    ),
}


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=list(DRIVERS))
def test_a_script_that_only_runs_notebooks_is_no_stage(tmp_path: Path, driver: str) -> None:
    """Neither is what it leaves of them."""
    _make(tmp_path, {"01.ipynb": CLEAN, "02.ipynb": TRAIN, "run.py": driver, "raw.csv": ""})
    assert [stage.name for stage in read_project(tmp_path).stages] == ["01", "02"]


def test_a_driver_notebook_writes_executed_notebooks_alone(tmp_path: Path) -> None:
    """What lies there of an earlier run is no stage."""
    _make(tmp_path, {"01.ipynb": CLEAN, "02.ipynb": TRAIN, "all.ipynb": (DRIVERS["papermill"],), "raw.csv": ""})
    _make(tmp_path, {"out/01.ipynb": CLEAN, "out/02.ipynb": TRAIN})
    sources = read_project(tmp_path)
    assert [stage.name for stage in sources.stages] == ["01", "02", "all"]
    driver = sources.stages[2]
    assert (driver.reads, driver.writes) == (("raw.csv",), ("out/01.ipynb", "out/02.ipynb"))


def test_parameters_make_other_files(tmp_path: Path) -> None:
    """They are put in after the tagged cell, and what is made with them is the driver's own."""
    train = ("# parameters\nname = 'base'", "open('clean.csv')\nopen(f'model-{name}.txt', 'w')")
    loop = (
        "import papermill as pm\nfor n in ('a', 'b'):\n"
        "    pm.execute_notebook('train.ipynb', None, parameters={'name': n})\n"
    )
    calls = (loop, "!papermill train.ipynb c.ipynb -p name c\n")
    _make(tmp_path, {"train.ipynb": train, "all.ipynb": calls, "clean.csv": ""})
    stages = {stage.name: stage for stage in read_project(tmp_path).stages}
    assert stages["train"].writes == ("model-base.txt",)
    assert stages["all"].writes == ("c.ipynb", "model-a.txt", "model-b.txt", "model-c.txt")
    assert stages["all"].reads == ("clean.csv",)


def test_notebooks_run_where_their_program_runs_them(tmp_path: Path) -> None:
    """Jupyter's own programs run a notebook in its folder, papermill in the caller's."""
    _make(tmp_path, {"nbs/a.ipynb": ("open('x.txt')",), "nbs/x.txt": "", "x.txt": ""})
    for call, expected in (
        ("!jupyter nbconvert --execute nbs/a.ipynb", "nbs/x.txt"),
        ("!papermill nbs/a.ipynb o.ipynb", "x.txt"),
        ("!papermill nbs/a.ipynb o.ipynb --cwd nbs", "nbs/x.txt"),
    ):
        _make(tmp_path, {"all.ipynb": (call,)})
        assert read_project(tmp_path).stages[0].reads == (expected,)


def test_results_are_named_as_the_programs_name_them(tmp_path: Path) -> None:
    """By the notebook, the kind of the result, and where it is to go."""
    _make(tmp_path, {"nbs/a.ipynb": ("1",)})
    for call, expected in (
        ("--execute nbs/a.ipynb", ("nbs/a.nbconvert.ipynb",)),
        ("--execute --to html nbs/a.ipynb --output-dir pages", ("pages/a.html",)),
        ("--execute --to html nbs/a.ipynb --output b", ("nbs/b.html",)),
        ("--execute --inplace nbs/a.ipynb", ()),
        ("--to script nbs/a.ipynb", ("nbs/a.py",)),
        ("--to html nbs/a.ipynb", ()),
    ):
        _make(tmp_path, {"all.ipynb": (f"!jupyter nbconvert {call}",)})
        assert read_project(tmp_path).stages[0].writes == expected, call
