"""Bad input of every kind, as the command line tells it: the code, four parts, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.projects import COMMAND, Project
from noteship import digests

PARTS = {"kind", "fact", "where", "nearest", "remedy"}


def refused(project: Project, *words: str, code: int = 2) -> dict[str, str]:
    """The fault of a call that is refused, the same in text and as a document."""
    told, answer = project.call(*words), project.call(*words, "--json")
    assert (told.code, answer.code, told.out) == (code, code, ""), answer.err
    document = answer.document
    assert document["exit_code"] == code
    error: dict[str, str] = document["error"]
    assert error.keys() == PARTS
    assert told.err.startswith(f"error: {error['fact']}\n")
    for label, part in (("at", "where"), ("nearest", "nearest"), ("do", "remedy")):
        if error[part]:
            assert f"\n  {label}: {error[part].splitlines()[0]}" in told.err
    assert error["remedy"]
    return error


@pytest.mark.parametrize(
    ("text", "says", "where"),
    [
        ("{ not JSON", "bad.ipynb is not", "bad.ipynb"),
        ("", "bad.ipynb is not", "bad.ipynb"),
        ("[1, 2]", "bad.ipynb is not", "bad.ipynb"),
        ("R", "bad.ipynb", "bad.ipynb"),
        ("syntax", "bad.ipynb does not parse", "bad.ipynb, cell 2, line 1: for x in"),
        ("python 2", "bad.ipynb does not parse", "this looks like Python 2"),
    ],
)
def test_a_notebook_that_cannot_be_read(project: Project, text: str, says: str, where: str) -> None:
    """It is told in the graph and at the end of a run, whose code is 1; everything else stands and runs."""
    project.chain("a", "b")
    if text == "R":
        project.notebook("bad", "x <- 3", language="R")
    elif text == "syntax":
        project.notebook("bad", "x = 3", "for x in")
    elif text == "python 2":
        project.notebook("bad", "print 'x'")
    else:
        project.write("bad.ipynb", text)
    shown = project.call("graph")
    assert shown.code == 0
    assert f"bad  (bad.ipynb)\n  fault: {says}" in shown.out
    assert project.json("graph")["stages"][0]["fault"].startswith(says)

    answer = project.call("run")
    assert answer.code == 1
    assert f"error: {says}" in answer.err
    assert where in answer.err
    assert "not run, as it cannot be read: bad.ipynb" in answer.out
    document = project.call("run", "--json").document
    assert document["state"] == "failed"
    assert document["faults"][0]["stage"] == "bad"
    assert document["faults"][0]["error"].keys() == PARTS
    assert document["faults"][0]["error"]["fact"].startswith(says)
    assert project.text("f1.txt") == "ab"

    # Asked for by name, the fault is what is said.
    for words in (["run", "bad"], ["explain", "bad"], ["run", "bad.ipynb"]):
        assert refused(project, *words, code=1)["fact"].startswith(says)
    assert project.call("graph", "bad").code == 0
    assert project.call("run", "s1").code == 0


def test_an_unreadable_notebook_may_be_why_an_input_is_missing(project: Project) -> None:
    """A missing input beside a notebook that cannot be read names that notebook's fault as the nearest cause."""
    project.notebook("01-make", "open('a.txt', 'w').write('1'", "x")
    project.write("b.py", "open('b.txt', 'w').write(open('a.txt').read())\n")
    error = refused(project, "run")
    assert error["fact"].startswith("stage 'b' reads a.txt, which is not in the project")
    assert error["nearest"].startswith("01-make.ipynb does not parse: ")
    assert error["where"] == "b.py, line 1"


def test_a_cycle(project: Project) -> None:
    """A cycle is told file by file; `graph` shows it without a fault."""
    for one, other in ("ab", "ba"):
        project.write(f"{one}.py", f"open('{one}.txt', 'w').write(open('{other}.txt').read())\n")
    error = refused(project, "run")
    assert error["fact"] == "the stages a, b need each other's files"
    assert sorted(error["where"].splitlines()) == ["a writes a.txt, which b reads", "b writes b.txt, which a reads"]
    assert '"!' in error["remedy"]
    shown = project.call("graph")
    assert shown.code == 0
    assert "cycle: " in shown.out
    # What the remedy says helps.
    project.write("a.txt", "1")
    section, line = error["remedy"].partition("[")[2].partition("] ")[::2]
    project.write("noteship.toml", f"[{section}]\n{line}\n")
    assert project.call("graph").out.count("cycle") == 0


def test_a_missing_input(project: Project) -> None:
    """A file that nobody makes is refused before anything runs, with its place and the nearest that there is."""
    project.write("a.py", "open('data/feature.csv', 'w').write('1')\n")
    project.notebook("b", "import pandas as pd", "x = 1\npd.read_csv('data/features.csv')")
    error = refused(project, "run")
    assert error["fact"] == "stage 'b' reads data/features.csv, which is not in the project and which no stage writes"
    assert error["where"] == "b.ipynb, cell 2, line 2"
    assert error["nearest"] == "data/feature.csv, written by a"
    assert project.json("runs")["runs"] == []
    assert "not there, and no stage writes it" in project.call("graph").out


def test_a_file_that_was_to_be_written(project: Project) -> None:
    """A stage that ends well without a file that another reads has failed; the nearest that it wrote is named."""
    project.write("a.py", "import os\nopen('features.txt', 'w').write('1')\nos.system('mv features.txt feature.txt')\n")
    project.write("b.py", "open('b.txt', 'w').write(open('features.txt').read())\n")
    project.write("noteship.toml", '[stage.a]\nwrites = ["features.txt"]\n')
    answer = project.call("run")
    assert answer.code == 1
    assert "error: stage 'a' ended without writing features.txt, which b reads\n  at: " in answer.err
    assert "\n  nearest: feature.txt, which it wrote\n  do: correct the path" in answer.err
    document = project.call("run", "--json").document
    failure = document["stages"][0]["failure"]
    assert failure["kind"] == "output"
    assert failure["nearest"] == "feature.txt, which it wrote"
    assert failure["remedy"].startswith("correct the path")


@pytest.mark.parametrize(
    ("text", "fact", "where", "nearest"),
    [
        ("[service]\nstep = ['m']\n", "step", "line 2", "service.steps"),
        ("[projet]\nname = 'x'\n", "projet", "line 1", "project"),
        ("[stage.s0]\nread = ['x']\n", "read", "line 2", "stage.s0.reads"),
        ("[run]\njobs = 0\n", "jobs", "line 2", ""),
        ("[stage.s0]\nparams = { text = 2024-01-01 }\n", "params", "line 2", ""),
        ("[stage.s00]\nreads = ['x']\n", "s00", "noteship.toml", "s0"),
        ("[project\n", "noteship.toml", "", ""),
    ],
)
def test_what_noteship_toml_must_not_say(project: Project, text: str, fact: str, where: str, nearest: str) -> None:
    """A key or a value that is none is told with its line and the nearest known key, before anything else happens."""
    project.chain("a")
    project.write("noteship.toml", text)
    for verb in ("run", "graph"):
        error = refused(project, verb)
        assert fact in error["fact"]
        assert where in error["where"] + error["fact"]
        assert nearest in error["nearest"]


def test_a_file_changed_by_hand(project: Project) -> None:
    """It stops the run before anything is lost; --replace sets it aside, and deleting it helps as well."""
    project.chain("a", "b")
    assert project.call("run").code == 0
    project.write("f0.txt", "mine")
    error = refused(project, "run", code=1)
    assert error["fact"] == "f0.txt, which stage 's0' makes, was changed by hand since"
    assert "--replace" in error["remedy"]
    assert project.text("f0.txt") == "mine"
    answer = project.call("run", "--replace")
    assert answer.code == 0
    assert "note: f0.txt was there before; it is now .noteship/replaced/" in answer.err
    assert project.text("f0.txt") == "a"
    assert [path.read_text() for path in (project.root / ".noteship/replaced").rglob("f0.txt")] == ["mine"]
    (project.root / "f1.txt").unlink()
    assert set(project.states().values()) == {"reused"}
    assert project.text("f1.txt") == "ab"


def test_a_file_from_before_noteship(project: Project) -> None:
    """What lay there before the first run is set aside and never lost."""
    project.chain("a")
    project.write("f0.txt", "precious")
    answer = project.call("run")
    assert answer.code == 0
    aside = answer.err.partition("it is now ")[2].split()[0]
    assert (project.text("f0.txt"), project.text(aside)) == ("a", "precious")


# The store.


def test_a_damaged_object_is_made_again(project: Project) -> None:
    """An output that is damaged in the store is found when it is needed, set aside, and made again in the same run."""
    project.chain("a", "b")
    assert project.call("run").code == 0
    digest = digests.of_bytes(b"a")
    found = [each for each in (project.root / ".noteship/store").rglob("*") if each.name.endswith(digest[-40:])]
    assert found
    for each in found:
        each.chmod(0o644)
        each.write_bytes(b"X")
    project.write("s1.py", "open('f1.txt', 'w').write(open('f0.txt').read() + 'new')\n")
    (project.root / "f0.txt").unlink()
    answer = project.call("run")
    assert answer.code == 0, answer.err
    assert "is damaged: its bytes have another digest" in answer.err
    assert "what is damaged in the store was set aside, and is made again" in answer.err
    assert (project.text("f0.txt"), project.text("f1.txt")) == ("a", "anew")
    assert set(project.states().values()) == {"reused"}
    assert list((project.root / ".noteship/store").rglob("damaged/*"))


def test_a_lost_object_is_made_again(project: Project) -> None:
    """An output that is gone from the store makes its stage run again, and the reason says so."""
    project.chain("a", "b")
    assert project.call("run").code == 0
    digest = digests.of_bytes(b"a")
    for each in (project.root / ".noteship/store").rglob("*"):
        if each.name.endswith(digest[-40:]):
            each.unlink()
    assert "s0 would run: its output f0.txt is lost or damaged in the store" in project.call("explain", "s0").out
    assert project.states() == {"s0": "executed", "s1": "reused"}


def without_override() -> None:
    """Let root be bound by the permissions of files, as everybody else is."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) == 0  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


def bound(project: Project, *words: str, **environment: str) -> Any:
    """The command line without root's right to write everywhere."""
    done = subprocess.run(
        [*COMMAND, *words, "--project", str(project.root), "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        preexec_fn=without_override,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_store_that_is_read_only(project: Project, tmp_path: Path) -> None:
    """A store that cannot be written ends with 3, the place and what to do."""
    project.chain("a")
    (tmp_path / "store").mkdir(mode=0o555)
    project.write("noteship.toml", f'[store]\nurl = "{tmp_path}/store"\n')
    code, document, err = bound(project, "run")
    assert (code, document["error"]["kind"]) == (3, "StoreReadOnly"), err
    assert str(tmp_path / "store") in document["error"]["where"]
    assert bound(project, "graph")[0] == 0


def test_a_project_that_is_read_only(project: Project) -> None:
    """A project in which nothing can be written can be looked at, and a run says what is missing."""
    project.chain("a")
    project.root.chmod(0o555)
    try:
        code, document, err = bound(project, "graph")
        assert (code, [stage["name"] for stage in document["stages"]]) == (0, ["s0"]), err
        code, document, err = bound(project, "run")
        assert (code, document["exit_code"]) == (3, 3), err
        assert "error" in document
    finally:
        project.root.chmod(0o755)


def test_a_store_that_does_not_answer(project: Project) -> None:
    """A store that is not there ends with 3 and names the endpoint, without the secret."""
    project.chain("a")
    project.write("noteship.toml", '[store]\nurl = "s3://team/mail"\n')
    answer = project.child(
        "run",
        "--json",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="ada",
        AWS_SECRET_ACCESS_KEY="engine",
        AWS_ALLOW_HTTP="true",
    )
    assert (answer.code, answer.document["error"]["kind"]) == (3, "StoreUnreachable")
    assert "engine" not in answer.out + answer.err
    assert answer.document["error"]["remedy"]


def test_a_store_whose_address_is_none(project: Project) -> None:
    """An address that names no kind of store ends with 2 and the nearest kind."""
    project.chain("a")
    project.write("noteship.toml", '[store]\nurl = "s4://team/mail"\n')
    assert refused(project, "run")["nearest"] == "s3"


def test_an_output_that_cannot_be_put_in_place(project: Project) -> None:
    """A folder where a stage's file is to go fails that stage alone, with the place."""
    project.chain("a")
    project.write("other.py", "open('o.txt', 'w').write('1')\n")
    project.write("noteship.toml", '[stage.s0]\nwrites = ["f0.txt"]\n')
    (project.root / "f0.txt/inside").mkdir(parents=True)
    answer = project.call("run")
    assert answer.code in (0, 1), answer.err
    assert project.text("o.txt") == "1"
