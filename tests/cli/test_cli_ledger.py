"""`explain`, `runs`, `show` and `gc`: what was done and why."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from cli.projects import Project


def test_explain_names_the_first_difference(project: Project) -> None:
    """Before anything ran, after nothing changed, and for each kind of change, the first difference and an input."""
    project.write("raw.txt", "1")
    project.write("helper.py", "def twice(text):\n    return text * 2\n")
    project.write("a.py", "import helper\nn = 1\nopen('a.txt', 'w').write(helper.twice(open('raw.txt').read()))\n")
    project.write("b.py", "open('b.txt', 'w').write(open('a.txt').read())\n")

    def said(*words: str) -> str:
        return project.call("explain", *words).out.splitlines()[0]

    assert said("a") == "a would run: it has no result yet"
    assert said("b") == "b would run: it has no result yet; it waits for a.txt, which a makes anew"
    run = project.json("run")["run"]
    assert said("a") == f"a would be reused: nothing changed since run {run}"
    # Comments and outputs are no code.
    project.write("helper.py", "# twice\ndef twice(text):\n    return text * 2\n")
    assert said("a.py").startswith("a would be reused")
    assert said("a", "--set", "a.n=2") == "a would run: parameter n: 1 (the notebook's own) -> 2"
    project.write("raw.txt", "2")
    assert said("a") == "a would run: input raw.txt changed"
    assert said("b") == "b would wait: a.txt will be made anew by a; it runs if that comes out differently"
    project.write("helper.py", "def twice(text):\n    return text * 3\n")
    assert said("a") == "a would run: its code changed: helper.py function twice; input raw.txt changed"
    document = project.json("explain", "a")
    assert document["would"] == "run"
    assert document["last"]["run"] == run
    assert {"file": "raw.txt", "from": ""} in document["reads"]


def test_explain_of_every_stage(project: Project) -> None:
    """Without a stage there is a line for each: its own change comes before what it waits for."""
    project.write("raw.txt", "1")
    project.notebook("deep/01-a", "text = open('../raw.txt').read()", "open('a.txt', 'w').write(text)")
    project.notebook("deep/02-b", "n = 1\ntext = open('a.txt').read()", "open('b.txt', 'w').write(text * n)")
    project.notebook("deep/03-c", "open('c.txt', 'w').write('c')")
    project.notebook("deep/04-d", "open('d.txt', 'w').write(open('b.txt').read())")
    project.notebook("bad", "def")
    run = project.call("run", "--json").document["run"]
    project.notebook("deep/02-b", "n = 2\ntext = open('a.txt').read()", "open('b.txt', 'w').write(text * n)")
    project.write("raw.txt", "2")
    project.write("deep/c.txt", "mine")
    answer = project.call("explain")
    assert answer.code == 0, answer.err
    assert [re.sub("  +", "  ", line) for line in answer.out.splitlines()] == [
        "deep/01-a  would run  input raw.txt changed",
        "deep/02-b  would run  its code changed: cell 1; it waits for deep/a.txt, which deep/01-a makes anew",
        f"deep/03-c  would be reused  nothing changed since run {run}",
        "deep/04-d  would wait  deep/b.txt will be made anew by deep/02-b; it runs if that comes out differently",
        "would not run: bad.ipynb does not parse: invalid syntax",
        "deep/c.txt, which deep/03-c makes, was changed by hand: `noteship run` stops at that, but with --replace",
    ]
    document = project.json("explain")
    assert [each["would"] for each in document["stages"]] == ["run", "run", "be reused", "wait"]
    assert document["stages"][1]["waits_for"] == {"stage": "deep/01-a", "file": "deep/a.txt"}
    assert document["changed_by_hand"] == [{"file": "deep/c.txt", "stage": "deep/03-c"}]
    assert [each["stage"] for each in document["faults"]] == ["bad"]
    assert "deep/c.txt, which deep/03-c makes, was changed by hand" in project.call("explain", "03-c").out
    assert project.json("explain", "03-c")["changed_by_hand"] == document["changed_by_hand"]


@pytest.mark.parametrize("words", [["explain", "3"], ["explain", "--with", "3"], ["show", "latest", "3"], ["run", "c"]])
def test_an_unknown_stage(project: Project, words: list[str]) -> None:
    """A part of a stage's name is enough for it to be named as the nearest."""
    project.write("deep/03-c.py", "open('c.txt', 'w').write('c')\n")
    assert project.call("run").code == 0
    answer = project.call(*words)
    assert answer.code == 2
    assert "nearest: deep/03-c" in answer.err


def test_set_in_vain(project: Project) -> None:
    """A parameter of a stage that the run leaves out is an error, in a run and where one is asked about."""
    project.write("a.py", "n = 1\nopen('a.txt', 'w').write(str(n))\n")
    project.write("b.py", "n = 1\nopen('b.txt', 'w').write(str(n))\n")
    for verb in ("run", "explain"):
        answer = project.call(verb, "a", "--set", "b.n=2")
        assert (answer.code, "--set b.n=2: this run leaves 'b' out" in answer.err) == (2, True)
    assert project.call("explain", "--set", "b.n=2").code == 0
    assert project.json("runs")["runs"] == []


def test_a_changed_environment(project: Project) -> None:
    """A lock that changes is why everything runs, and the package is named."""
    project.chain("a")
    project.write("requirements.lock", "")
    assert project.call("run").code == 0
    import psutil

    project.write("requirements.lock", f"psutil=={psutil.__version__}\n")
    told = project.call("explain", "s0").out
    assert f"s0 would run: environment: psutil absent -> {psutil.__version__}" in told
    project.write("requirements.lock", "psutil==0.0.1\n")
    answer = project.call("run", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (3, "LockNotInstalled")
    assert "psutil" in answer.document["error"]["fact"]


def test_runs_and_show(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Runs are listed, the latest first; one is shown by the start of its name, and a stage's notebook is opened."""
    project.notebook("deep/01-plot", "print('<hello>')", "open('p.txt', 'w').write('p')\n1 + 1")
    project.write("b.py", "print('from the script')\nopen('b.txt', 'w').write(open('deep/p.txt').read())\n")
    first = project.json("run")["run"]
    second = project.json("run")["run"]
    assert [run["run"] for run in project.json("runs")["runs"]] == [second, first]
    assert [run["run"] for run in project.json("runs", "--last", "1")["runs"]] == [second]
    lines = project.call("runs").out.splitlines()
    assert lines[0].split() == ["run", "(UTC)", "state", "took", "stages"]
    assert lines[1].endswith("2 reused")

    told = project.call("show", first).out
    assert told.startswith(f"run {first}: done")
    assert "deep/01-plot  done" in told
    assert project.json("show", first[:-1])["run"] == first
    document = project.json("show", second, "01-plot")
    assert (document["state"], list(document["outputs"])) == ("reused", ["deep/p.txt"])
    assert "deep/p.txt  1 B" in project.call("show", first, "deep/01-plot").out

    # The browser is a script that notes what it was asked to open.
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    answer = project.child("show", "latest", "01-plot", "--open", BROWSER=str(browser), DISPLAY="")
    assert answer.code == 0, answer.err
    deadline = time.monotonic() + 10
    while not (tmp_path / "opened").exists() or not (tmp_path / "opened").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    page = Path((tmp_path / "opened").read_text().strip().removeprefix("file://"))
    assert page.suffix == ".html"
    assert "&lt;hello&gt;" in page.read_text()
    assert page.is_relative_to(project.root / ".noteship/shown")

    target = tmp_path / "kept/ran.ipynb"
    assert project.json("show", first, "01-plot", "--output", str(target))["record"] == str(target)
    assert "<hello>" in target.read_text()
    as_page = tmp_path / "kept/deeper/ran.html"
    assert project.json("show", first, "01-plot", "--output", str(as_page))["record"] == str(as_page)
    assert "<html" in as_page.read_text() and "&lt;hello&gt;" in as_page.read_text()
    printed = tmp_path / "printed.txt"
    project.json("show", "latest", "b", "--output", str(printed))
    assert printed.read_text() == "from the script\n"

    for words, kind in (
        (["show", "1999"], "UnknownRun"),
        (["show", "2"], "AmbiguousRun"),
        (["show", "latest", "c", "--open"], "NoRecord"),
        (["show", "latest", "c"], "NoRecord"),
    ):
        error = project.call(*words, "--json").document
        assert (error["exit_code"], error["error"]["kind"]) == (2, kind)


def test_gc(project: Project) -> None:
    """What only old runs need is freed once it is a day old; what the last runs need stays."""
    store = project.root / ".noteship/store"
    project.write("s.py", "n = 0\nopen('big.txt', 'w').write(str(n) * 100000)\n")
    for number in range(3):
        project.json("run", "--set", f"s.n={number}")
    project.json("run", "--set", "s.n=2")
    yesterday = time.time() - 2 * 86400
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (yesterday, yesterday))

    def size() -> int:
        return sum(path.stat().st_size for path in store.rglob("*") if path.is_file())

    before = size()
    would = project.json("gc", "--keep-runs", "2", "--dry-run")
    assert would["size_bytes"] >= 200000
    assert size() == before
    assert "would free" in project.call("gc", "--keep-runs", "2", "--dry-run").out
    freed = project.json("gc", "--keep-runs", "2")
    assert (freed["objects"], freed["size_bytes"], freed["results"]) == (would["objects"], would["size_bytes"], 2)
    assert size() < before - 200000
    assert project.states("--set", "s.n=2") == {"s": "reused"}
    assert project.states("--set", "s.n=1") == {"s": "executed"}
    assert project.text("big.txt") == "1" * 100000
    assert len(project.json("runs")["runs"]) == 6
