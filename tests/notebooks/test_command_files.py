"""How a project's task files call its scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noteship.notebooks import command_files, discovery
from noteship.notebooks.project_view import ProjectTexts
from noteship.notebooks.raw import CommandLine

SCRIPTS = ("a.py", "src/b.py", "src/pkg/c.py", "sub/d.py")


def _called(root: Path, files: dict[str, str]) -> dict[str, list[str]]:
    """Words by script, what is not known of them as `?` or `*`."""
    for path, text in {**files, **dict.fromkeys(SCRIPTS, "")}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    listed = discovery.list_files(root)
    lines = command_files.command_lines(ProjectTexts(root, listed), listed, ())
    return {script: [_written(line) for line in each] for script, each in lines.items()}


def _written(line: CommandLine) -> str:
    marks = {"unknown": "?", "segment": "*", "deep": "**"}
    words = ["".join(part if isinstance(part, str) else marks[part.kind] for part in word) for word in line.words]
    return " ".join(words) + (f" @{line.cwd}" if line.cwd else "")


SHELL = {
    "python a.py x.csv": {"a.py": ["x.csv"]},
    "python3.11 -u ./a.py --x='one two'": {"a.py": ["--x=one two"]},
    "python a.py \\\n  --x 1 \\\n  --y 2": {"a.py": ["--x 1 --y 2"]},
    "# python a.py x\nA=1 python a.py y": {"a.py": ["y"]},
    "cd sub && python d.py x": {"sub/d.py": ["x @sub"]},
    "python -m src.pkg.c x": {"src/pkg/c.py": ["x"]},
    "python -m pkg.c x": {"src/pkg/c.py": ["x"]},
    "uv run a.py x": {"a.py": ["x"]},
    "poetry run python a.py x": {"a.py": ["x"]},
    "torchrun --nproc_per_node 2 a.py x": {"a.py": ["x"]},
    "python -m torch.distributed.launch --n=2 a.py x": {"a.py": ["x"]},
    "./a.py x": {"a.py": ["x"]},
    "D=data\npython a.py $D/x.csv ${E:-e.csv} $1": {"a.py": ["data/x.csv e.csv ?"]},
    "for f in 1 2; do\n  python a.py --f $f\ndone": {"a.py": ["--f 1", "--f 2"]},
    "for f in {1..2}; do python a.py $f; done": {"a.py": ["1", "2"]},
    "for f in $(ls); do python a.py $f; done": {"a.py": ["?"]},
    "python a.py --help": {},
    "python nowhere.py x": {},
    "echo python a.py": {},
}


@pytest.mark.parametrize("text", SHELL)
def test_shell_scripts_call(tmp_path: Path, text: str) -> None:
    """A script is called with the words that follow its name, through other programs too."""
    assert _called(tmp_path, {"run.sh": text}) == SHELL[text]


MAKE = {
    "all:\n\tpython a.py x": "x",
    "D = data\nall:\n\t@python a.py $(D)/x": "data/x",
    "D := data\nE = ${D}/e\nall:\n\tpython a.py $E $(E).csv": "data/e data/e.csv",
    "D ?= data\nD += more\nall:\n\tpython a.py $(D)": "data more",
    "out.csv: in.csv a.py\n\tpython a.py $< $@ $^": "in.csv out.csv in.csv a.py",
    "o/%.csv: i/%.csv\n\tpython a.py $< $@": "i/*.csv o/*.csv",
    "F = 1 2\n$(F:%=o/%.csv): o/%.csv: i/%.csv\n\tpython a.py $<": "i/1.csv|i/2.csv",
    "F = $(patsubst %,o/%.csv,1 2)\nall:\n\tpython a.py $(F)": "o/1.csv o/2.csv",
    "F = a/b.csv\nall:\n\tpython a.py $(notdir $(F)) $(dir $(F)) $(basename $(F))": "b.csv a/ a/b",
    'all:\n\tpython a.py \\\n\t\t--x "1"\\\n\t\t--y=2': "--x 1 --y=2",
    "all:\n\tpython a.py $(shell date) $$HOME $(NONE)": "? ? ?",
    "A = $(A)\nall:\n\tpython a.py $(A)": "?",
    "ifeq ($(X),1)\nD = d\nendif\nall:\n\tpython a.py $(D)": "d",
    "all: ; echo\nb:\n\tpython a.py b": "b",
}


@pytest.mark.parametrize("text", MAKE)
def test_makefiles_call(tmp_path: Path, text: str) -> None:
    """Recipes are run with the variables, automatic ones included, and the functions of texts."""
    assert _called(tmp_path, {"Makefile": text}) == {"a.py": MAKE[text].split("|")}


TASKS = {
    "MLproject": (
        (
            "entry_points:\n  main:\n    parameters:\n      x: {type: str, default: d.csv}\n      y: float\n"
            "    command: 'python a.py --x {x} {y}'"
        ),
        "--x d.csv ?",
    ),
    "dvc.yaml": ("vars: [{p: x.csv}]\nstages:\n  s:\n    cmd:\n      - python a.py ${p}", "x.csv"),
    "sub/dvc.yaml": ("stages:\n  s:\n    wdir: ..\n    cmd: python a.py x", "x"),
    "package.json": ('{"scripts": {"fit": "python a.py x"}}', "x"),
    "pyproject.toml": ("[tool.poe.tasks]\nfit = 'python a.py x'\n[tool.poe.tasks.b]\ncmd = 'python a.py y'", "x|y"),
    "justfile": ('d := "data"\nfit x="1":\n  python a.py {{d}}/x {{ x }}', "data/x 1"),
    "Taskfile.yml": ("vars: {D: data}\ntasks:\n  fit:\n    cmds: ['python a.py {{.D}}/x']", "data/x"),
    "project.yml": ("vars: {d: x}\ncommands:\n  - name: fit\n    script: ['python a.py ${vars.d}']", "x"),
    "run.bat": ("set D=data\npython a.py %D%\\x ^\n  y", "data/x y"),
    "Procfile": ("worker: python a.py x", "x"),
}


@pytest.mark.parametrize("name", TASKS)
def test_task_files_call(tmp_path: Path, name: str) -> None:
    """The commands of pipelines and task runners, their own variables put in."""
    text, expected = TASKS[name]
    assert _called(tmp_path, {name: text}) == {"a.py": expected.split("|")}


def test_variables_come_from_a_file_beside(tmp_path: Path) -> None:
    """A pipeline's parameters are in a file of their own; a stage may be done for each of several values."""
    text = "stages:\n  s:\n    foreach: [1, 2]\n    do:\n      cmd: python a.py ${item} ${fit.rate}"
    assert _called(tmp_path, {"dvc.yaml": text, "params.yaml": "fit: {rate: 3}"}) == {"a.py": ["1 3", "2 3"]}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["Makefile", "run.sh", "dvc.yaml", "MLproject", "justfile", "run.bat", "pyproject.toml"]), st.data()
)
def test_any_text_is_survived(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """Whatever stands in a task file, nothing is raised."""
    pieces = [
        "python a.py ",
        "$(",
        "${",
        ")",
        "}",
        "$@",
        "%",
        ":",
        "=",
        "\t",
        "\n",
        "for x in ",
        "; do ",
        "done",
        "'",
        "\\\n",
    ]
    text = data.draw(st.lists(st.sampled_from(pieces) | st.text(max_size=4), max_size=30).map("".join))
    _called(tmp_path, {name: text.encode("utf-8", "ignore").decode()})
