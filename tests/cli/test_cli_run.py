"""`noteship run` and what it says, on notebooks and scripts with real kernels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.projects import Project


def test_a_pipeline_of_notebooks(project: Project) -> None:
    """Notebooks hand files on, a line tells of each, and a second run has nothing to do and says so quickly."""
    project.notebook("01-make", "rows = 3", "with open('rows.csv', 'w') as f:\n    f.write('x\\n' * rows)")
    project.notebook("02-count", "n = len(open('rows.csv').readlines())\nn", "open('n.txt', 'w').write(str(n))")
    first = project.child("run")
    assert first.code == 0, first.err
    assert [line.split()[:2] for line in first.err.splitlines()] == [
        ["01-make", "running"],
        ["01-make", "done"],
        ["02-count", "running"],
        ["02-count", "done"],
    ]
    assert re.match(r"2 stages: 2 done, in [\d.]+ m?s; run \d{8}T", first.out)
    assert (project.text("rows.csv"), project.text("n.txt")) == ("x\nx\nx\n", "3")
    assert project.text(".noteship/.gitignore") == "*\n"
    second = project.call("run")
    assert "2 stages: all up to date" in second.out
    assert second.err.count("reused") == 2

    # Parameters take the place of literals; what comes out the same is not made again.
    third = project.json("run", "--set", "01-make.rows=5")
    assert [stage["reason"] for stage in third["stages"]] == [
        "parameter rows: 3 (the notebook's own) -> 5",
        "input rows.csv made anew by 01-make",
    ]
    assert project.text("n.txt") == "5"
    assert project.states() == {"01-make": "reused", "02-count": "reused"}
    assert project.text("n.txt") == "3"


def test_a_failed_stage(project: Project) -> None:
    """What depends on it is stopped, the rest finishes, and the message has cell, line, exception and last output."""
    project.notebook("bad", "import math", "for n in (4, 0):\n    print('now', n)\n    q = math.sqrt(n) / n", "q")
    project.write("after.py", "open('b.txt', 'w').write(open('a.txt').read())\n")
    project.write("last.py", "open('c.txt', 'w').write(open('b.txt').read())\n")
    project.write("other.py", "open('o.txt', 'w').write('fine')\n")
    project.write("noteship.toml", '[stage.bad]\nwrites = ["a.txt"]\n')
    answer = project.call("run")
    assert answer.code == 1
    assert "4 stages: 1 done, 1 failed, 2 blocked" in answer.out
    assert project.text("o.txt") == "fine"
    message = answer.err.partition("error: ")[2]
    assert message.startswith("stage 'bad' failed: ZeroDivisionError: ")
    assert "\n  at: bad.ipynb, cell 2, line 3\n  last output:\n    now 4\n    now 0\n  do: " in message
    assert "bad --open" in message
    assert "blocked   needs bad" in answer.err

    report = project.call("run", "--json")
    assert report.code == 1
    found = {stage["stage"]: stage for stage in report.document["stages"]}
    assert report.document["state"] == "failed"
    assert [found[name]["state"] for name in ("after", "bad", "last", "other")] == [
        "blocked",
        "failed",
        "blocked",
        "reused",
    ]
    failure = found["bad"]["failure"]
    assert (failure["kind"], failure["where"]) == ("code", "bad.ipynb, cell 2, line 3")
    assert failure["last_output"] == "now 4\nnow 0"
    assert failure["remedy"].startswith("correct it and run again")
    assert found["last"]["blocked_by"] == "bad"

    # The executed notebook of a failed stage is kept too.
    shown = project.json("show", "latest", "bad", "--output", str(project.root / "bad-ran.txt"))
    assert "now 4" in Path(shown["record"]).read_text()


def test_scripts_are_stages(project: Project) -> None:
    """Scripts that read or write files run in the project's root, and a fault in one names its line."""
    project.write("code/a.py", "import sys\nprint('to the log')\nopen('a.txt', 'w').write('1')\n")
    project.write(
        "code/b.py", "text = open('a.txt').read()\nopen('b.txt', 'w').write(text)\nraise SystemExit('enough')"
    )
    answer = project.call("run")
    assert answer.code == 1
    assert "error: stage 'code/b' failed: the script ended itself saying: enough\n  at: code/b.py, line 3" in answer.err
    assert project.call("show", "latest", "a").out.startswith("code/a: done, ")


def test_alternatives(project: Project) -> None:
    """Without a choice nothing runs, and the message lists what to choose from; a choice by word beats the file's."""
    for name in "ab":
        project.write(f"features_{name}.py", f"open('f.txt', 'w').write('{name}')\n")
    project.write("train.py", "open('m.txt', 'w').write(open('f.txt').read())\n")
    answer = project.call("run")
    assert (answer.code, answer.out) == (2, "")
    assert "  at: f.txt: features_a or features_b\n" in answer.err
    assert "noteship run --with features_a, or in noteship.toml" in answer.err
    assert project.call("run", "--json").document["error"]["kind"] == "UnchosenAlternatives"
    assert project.json("runs")["runs"] == []

    assert project.states("--with", "features_b") == {"features_b": "executed", "train": "executed"}
    assert project.text("m.txt") == "b"
    project.write("noteship.toml", '[notebooks]\nwith = ["features_b"]\n')
    assert project.states() == {"features_b": "reused", "train": "reused"}
    assert project.states("--with", "features_a") == {"features_a": "executed", "train": "executed"}
    assert project.text("m.txt") == "a"
    # One that is asked for by name runs, whatever the file chooses.
    assert project.states("features_a") == {"features_a": "reused"}
    shown = project.call("graph").out
    assert "alternatives  features_a | features_b\n  write       f.txt\n  chosen      features_b" in shown

    for words, kind in ([["features_a", "features_b"], "TwoOfOneChoice"], [["train"], "NotAnAlternative"]):
        flags = [word for name in words for word in ("--with", name)]
        error = project.call("run", *flags, "--json").document
        assert (error["exit_code"], error["error"]["kind"]) == (2, kind)
    assert project.call("run", "--with", "features_c").code == 2


def test_unranked_alternatives(project: Project) -> None:
    """All combinations run, and are not ranked without a service; that two stages overwrite each other is told."""
    for name in "ab":
        project.write(f"features_{name}.py", f"open('f.txt', 'w').write('{name}')\nopen('log.txt', 'w').write('')\n")
    project.write("train.py", "open('m.txt', 'w').write(open('f.txt').read())\n")
    project.write("more.py", "open('m.txt', 'w').write('more')\n")
    told = project.call("run", "--with", "features_a").err
    assert "note: more and train write the same (m.txt), which no stage reads: the last one's stays" in told
    out = project.call("run", "--alternatives").out
    assert "state  alternatives\ndone   features_a\ndone   features_b\nnot ranked: " in out
    assert project.states("--with", "more") == {"more": "reused"}


def test_in_place(project: Project) -> None:
    """Changes in place start from the original each time, and readers get the changed file."""
    project.write("data.txt", "raw")
    project.write("a.py", "text = open('data.txt').read()\nopen('data.txt', 'w').write(text + '+a')\n")
    project.write("b.py", "text = open('data.txt').read()\nopen('data.txt', 'w').write(text + '+b')\n")
    project.write("c.py", "open('out.txt', 'w').write(open('data.txt').read())\n")
    assert project.states() == {"a": "executed", "b": "executed", "c": "executed"}
    assert project.text("out.txt") == project.text("data.txt") == "raw+a+b"
    assert set(project.states().values()) == {"reused"}
    project.write("b.py", "text = open('data.txt').read()\nopen('data.txt', 'w').write(text + '+B')\n")
    assert project.states() == {"a": "reused", "b": "executed", "c": "executed"}
    assert project.text("out.txt") == "raw+a+B"
    # A new file of the user's is a new original.
    project.write("data.txt", "new")
    assert set(project.states().values()) == {"executed"}
    assert project.text("out.txt") == "new+a+B"


def test_force(project: Project) -> None:
    """A forced stage runs though its result is known; what comes out the same stops there, what differs goes on."""
    counter = project.root.parent / "counter"
    counter.write_text("1")
    fetch = f"import subprocess\nopen('f.txt', 'w').write(subprocess.getoutput('dd status=none if={counter}'))\n"
    project.write("fetch.py", fetch)
    project.write("use.py", "open('u.txt', 'w').write(open('f.txt').read() * 2)\n")
    assert set(project.states().values()) == {"executed"}
    assert project.states("--force", "fetch") == {"fetch": "executed", "use": "reused"}
    counter.write_text("2")
    assert set(project.states().values()) == {"reused"}
    forced = project.json("run", "--force", "fetch.py")
    assert "force" in forced["stages"][0]["reason"]
    assert project.text("u.txt") == "22"
    assert set(project.states().values()) == {"reused"}
    assert project.text("u.txt") == "22"
    for words, kind in ([["--force", "fetsh"], "UnknownStage"], [["fetch", "--force", "use"], "ForcedInVain"]):
        error = project.call("run", *words, "--json").document
        assert (error["exit_code"], error["error"]["kind"]) == (2, kind)


@pytest.mark.parametrize(
    ("text", "says", "near"),
    [
        ("rows=5", "it names no stage and parameter", ""),
        ("s0.rows", "there is no value", ""),
        ("s9.rows=5", "there is no stage 's9'", "s0"),
        ("s0.texd=5", "assigns no literal to 'texd'", "text"),
        ("s0.text={1, 2}", "its value is no number", ""),
    ],
)
def test_wrong_parameters(project: Project, text: str, says: str, near: str) -> None:
    """A parameter that fits nothing ends with 2, before anything runs, and names the nearest."""
    project.chain("a")
    answer = project.call("run", "--set", text)
    assert answer.code == 2
    assert says in answer.err
    assert f"nearest: {near}" in answer.err if near else "nearest" not in answer.err
    assert project.json("runs")["runs"] == []


def test_parameters_of_the_file(project: Project) -> None:
    """`[stage.NAME] params` replaces a literal, `--set` beats it, and all kinds of plain values arrive."""
    project.write("s.py", "p = 0\nq = 'x'\nopen('out.txt', 'w').write(repr((p, q)))\n")
    project.write("noteship.toml", "[stage.s]\nparams = { p = [1, { a = nan }], q = true }\n")
    assert project.call("run").code == 0
    assert project.text("out.txt") == "([1, {'a': nan}], True)"
    assert project.call("run", "--set", "s.p=-1.5e3", "--set", "s.q=plain text").code == 0
    assert project.text("out.txt") == "(-1500.0, 'plain text')"


def test_limits(project: Project) -> None:
    """A stage that takes too long or too much memory is ended, and the message says which limit it was."""
    project.write("slow.py", "import time\nopen('s.txt', 'w').write('1')\nprint('begun', flush=True)\ntime.sleep(60)\n")
    project.notebook("large", "open('l.txt', 'w').write('1')", "import time\nx = bytearray(300 << 20)\ntime.sleep(30)")
    project.write("noteship.toml", '[stage.slow]\ntimeout = "1s"\n[stage.large]\nresources = { memory = "200Mi" }\n')
    report = project.call("run", "--jobs", "2", "--json")
    assert report.code == 1
    found = {stage["stage"]: stage["failure"] for stage in report.document["stages"]}
    assert (found["slow"]["kind"], found["slow"]["last_output"]) == ("timeout", "begun")
    assert found["slow"]["message"] == "it ran longer than its limit of 1 s"
    assert found["large"]["kind"] == "memory"
    assert found["large"]["where"] == "large.ipynb, cell 2"
    assert "its limit is 200 MiB" in found["large"]["message"]


def test_some_stages_only(project: Project) -> None:
    """A stage that is named brings what it needs, and nothing else; no bundle is thought of."""
    project.chain("a", "b", "c")
    report = project.json("run", "s1")
    assert [stage["stage"] for stage in report["stages"]] == ["s0", "s1"]
    assert project.json("runs")["runs"][0]["targets"] == ["s1"]
    answer = project.call("run", "s9", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (2, "UnknownStage")


def test_a_workspace_can_be_kept(project: Project) -> None:
    """With --keep the folder of a failed stage stays, with what it had written."""
    project.write("s.py", "open('half.txt', 'w').write('h')\nraise ValueError('no')\n")
    project.call("run")
    assert not list((project.root / ".noteship/work").rglob("half.txt"))
    err = project.call("run", "--keep").err
    [half] = (project.root / ".noteship/work").rglob("half.txt")
    assert f"note: its workspace is kept for a week: {half.parent.relative_to(project.root)}" in err


def test_data_on_another_disk(project: Project, tmp_path: Path) -> None:
    """A data folder that is a link is read and written like any other, and stays a link."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "raw.txt").write_text("1")
    (project.root / "data").symlink_to(disk)
    project.write("a.py", "open('data/a.txt', 'w').write(open('data/raw.txt').read() * 2)\n")
    project.write("b.py", "open('data/b.txt', 'w').write(open('data/a.txt').read() * 2)\n")
    assert project.states() == {"a": "executed", "b": "executed"}
    assert (disk / "b.txt").read_text() == "1111"
    assert (project.root / "data").is_symlink()
    assert project.states() == {"a": "reused", "b": "reused"}
