"""The words of the command line: which there are, and what is said of others."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from cli.projects import COMMAND, Project
from noteship import __version__
from noteship.cli.output import Output


def test_help_lists_the_verbs_and_loads_little(project: Project) -> None:
    """`noteship --help` names every verb, and loads nothing that takes long."""
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    for verb in ("new", "graph", "run", "explain", "runs", "show", "serve", "gc"):
        assert f"\n    {verb} " in done.stdout
    code = "import sys; from noteship.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted(set(sys.modules) & {'pandas', 'numpy', 'rich', 'asyncio', 'noteship.operations'}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "fact", "near"),
    [
        (["rnu"], "there is no verb 'rnu'", "run"),
        (["run", "--job", "x"], "is no whole number from 1 on", ""),
        (["run", "--jobs", "0"], "is no whole number from 1 on", ""),
        (["run", "--nonsense"], "does not know '--nonsense'", ""),
        (["run", "--bogus"], "does not know '--bogus'", ""),
        (["run", "--job", "2", "--forse"], "does not know '--forse'", "--force"),
        (["promote", "latest", "--override"], "--override is given without its REASON", ""),
        (["show"], "the following arguments are required: RUN", ""),
        (["show", "latest", "--open"], "--open and --output show the notebook of one stage", ""),
    ],
)
def test_wrong_words_are_named(project: Project, words: list[str], fact: str, near: str) -> None:
    """Wrong words end with 2, the fact, the nearest verb and what to type; with --json as one document too."""
    project.chain("a")
    if words[0] == "show":
        project.states()
    answer = project.call(*words)
    assert (answer.code, answer.out) == (2, "")
    assert fact in answer.err
    assert f"nearest: {near}" in answer.err if near else "nearest" not in answer.err
    assert "  do: noteship" in answer.err
    error = project.call(*words, "--json").document
    assert (error["exit_code"], error["error"]["kind"]) == (2, "WrongUsage")


def test_a_reader_that_goes_away_is_no_fault(project: Project) -> None:
    """`noteship graph | head -0` ends quietly."""
    project.chain(*"abcdefgh")
    process = project.start("graph", "--json")
    assert process.stdout and process.stderr
    process.stdout.close()
    assert (process.wait(30), process.stderr.read()) == (0, "")
    process.stderr.close()


def test_an_unforeseen_fault_says_that_it_is_our_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 70, the place in noteship's code, and what to do; with --json one document."""
    from noteship.operations import runs

    monkeypatch.setattr(runs, "runs", lambda *_: 1 / 0)
    answer = project.call("runs", "--json")
    assert answer.code == answer.document["exit_code"] == 70
    assert "ZeroDivisionError" in answer.err
    assert "do: report it" in answer.err


def test_a_project_that_is_not_there(project: Project) -> None:
    """A folder that does not exist is named, and the code is 2."""
    done = subprocess.run([*COMMAND, "graph", "--project", "/nowhere/at/all", "--json"], capture_output=True, text=True)
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 2
    assert "/nowhere/at/all" in done.stderr


def test_an_empty_project(project: Project) -> None:
    """A folder without notebooks can be looked at; a run of it is taken for one in the wrong folder."""
    assert project.call("graph").out == "project: 0 stages, 0 edges\n"
    assert project.call("run").code == 2
    assert project.call("runs").out == "nothing ran yet\n"
    assert project.call("show", "latest").code == 2
    assert project.call("gc").code == 0
    assert project.call("explain", "x").code == 2


def test_version() -> None:
    """The version of the command is that of the package."""
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"noteship {__version__}\n"


def test_control_characters_are_spelled_out() -> None:
    """What a stage or a store's other users wrote cannot give orders to the terminal; a document has it as JSON."""
    stdout, stderr = io.StringIO(), io.StringIO()
    output = Output(as_json=False, stdout=stdout, stderr=stderr)
    output.text("a\x1b]0;b\x07\tc\nd")
    output.aside("é\x9b1m\r")
    assert (stdout.getvalue(), stderr.getvalue()) == ("a\\x1b]0;b\\x07\tc\nd\n", "é\\x9b1m\\x0d\n")


def test_a_terminal_gets_long_lines_folded_and_a_file_gets_them_whole(project: Project) -> None:
    """Prose is folded between words at the terminal's width, commands are not; without a terminal lines are kept."""
    project.write("s.py", "open('out.txt', 'w').write(open('folder/of/some/length/gone.txt').read())\n")
    whole = project.child("run").err.splitlines()
    assert len(whole) == 3
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen([*COMMAND, "run"], cwd=project.root, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # what Linux says when the last writer has gone
        while more := os.read(ours, 4096):
            said += more
    os.close(ours)
    assert process.wait(30) == 2
    folded = said.decode().replace("\r\n", "\n").splitlines()
    assert max(map(len, folded)) <= 60
    assert folded[1].startswith("    ")
    assert " ".join(line.strip() for line in folded) == " ".join(line.strip() for line in whole)
