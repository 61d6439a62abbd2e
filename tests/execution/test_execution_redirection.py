"""Code that names folders of other machines finds the project's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from execution.conftest import Bench
from noteship.notebooks import Elsewhere
from noteship.notebooks.execution.redirection import Redirection

PROJ = Elsewhere("/home/a/proj", "", ("/home/a/proj/data/x.csv",))
DATA = Elsewhere("/data", "", ("/data/x.csv",), folder=False)
BOB = Elsewhere("C:/Users/bob", "", ("C:/Users/bob/data/x.csv",))
TILDE = Elsewhere("~/proj", "", ("~/proj/data/x.csv",))

CHANGED = {
    "a text": (PROJ, "f('/home/a/proj/x.csv')", "f('|/home/a/proj/x.csv')"),
    "the folder": (PROJ, 'B = "/home/a/proj"', 'B = "|/home/a/proj"'),
    "with values": (PROJ, "f'/home/a/proj/{n}.csv'", "f'|/home/a/proj/{n}.csv'"),
    "an address": (PROJ, "'sqlite:////home/a/proj/x.db'", "'sqlite:///|/home/a/proj/x.db'"),
    "a file's address": (PROJ, "'file:///home/a/proj/x.db'", "'file://|/home/a/proj/x.db'"),
    "a shell line": (
        PROJ,
        "!head -1 /home/a/proj/x.csv >/home/a/proj/y",
        "!head -1 |/home/a/proj/x.csv >|/home/a/proj/y",
    ),
    "a magic": (PROJ, "%cd /home/a/proj", "%cd |/home/a/proj"),
    "an option": (PROJ, "--in=/home/a/proj/x.csv", "--in=|/home/a/proj/x.csv"),
    "the query": (PROJ, "\"select * from '/home/a/proj/x.csv'\"", "\"select * from '|/home/a/proj/x.csv'\""),
    "a neighbour": (PROJ, "'/home/a/project/x' '/home/a/proj-2' '/home/a/proj.zip'", None),
    "another's": (PROJ, "'/mnt/home/a/proj/x' f'{root}/home/a/proj' 'https://h/home/a/proj'", None),
    "a composed folder": (PROJ, "join('/home/a', 'proj', 'data')", "join('|/home/a', 'proj', 'data')"),
    "with a value above": (PROJ, "f'/home/{user}/proj'", "f'|/home/{user}/proj'"),
    "only where it has to": (PROJ, "'/home/a' '/home/a/proj/data/x.csv'", "'/home/a' '|/home/a/proj/data/x.csv'"),
    "a name at the root": (
        DATA,
        "'/data/x.csv' get('/data/y') key='/data/z'",
        "'|/data/x.csv' get('/data/y') key='/data/z'",
    ),
    "a drive": (BOB, r"r'C:\Users\bob\data\x.csv'", "r'|/C:/Users/bob/data/x.csv'"),
    "a drive in a text": (BOB, r"'C:\\Users\\bob\\data\\x.csv'", "'|/C:/Users/bob/data/x.csv'"),
    "a drive with slashes": (BOB, "'c:/Users/bob/data/x.csv'", "'|/C:/Users/bob/data/x.csv'"),
    "the home": (TILDE, "expanduser('~/proj/data/x.csv')", "expanduser('|/~/proj/data/x.csv')"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_sources_are_changed(case: str) -> None:
    """A path of the other machine gets the folder before it, nothing else does, and lines stay."""
    elsewhere, source, expected = CHANGED[case]
    assert Redirection([elsewhere], "/top", [source]).text(source) == (expected or source).replace("|", "/top")


def test_what_a_cell_writes_stays() -> None:
    """A file that `%%writefile` makes is an output: it has what the author wrote."""
    redirection = Redirection([PROJ], "/top", [])
    cell = "%%writefile /home/a/proj/h.py\nB = '/home/a/proj/x'\n"
    assert redirection.cell(cell) == "%%writefile /top/home/a/proj/h.py\nB = '/home/a/proj/x'\n"


def test_a_path_without_a_piece_is_told() -> None:
    """Where no piece of a path is in the code, nothing can be changed."""
    redirection = Redirection([PROJ], "/top", ["os.sep.join(['', 'home', 'a'])"])
    assert redirection.lost == ["/home/a/proj/data/x.csv"]


SCRIPT = "open('/nowhere/p/out/y.txt', 'w').write(open('/nowhere/p/x.txt').read())\n"
NOWHERE = Elsewhere("/nowhere/p", "", ("/nowhere/p/x.txt", "/nowhere/p/out/y.txt"))


def test_reads_and_writes_are_the_projects(bench: Bench) -> None:
    """What is opened under the other path counts as the project's file, and what is written there is harvested."""
    bench.write("x.txt", "1")
    bench.write("out/old.txt", "")
    path = bench.write("job.py", SCRIPT)
    done = bench.run("job.py", elsewhere=(NOWHERE,), known_reads=("x.txt",), expected_writes=("out/y.txt",))
    assert done.failure is None
    assert done.reads == ("x.txt",)
    assert list(done.outputs) == ["out/y.txt"]
    assert done.notes == ("took /nowhere/p for the root of the project",)
    assert path.read_text() == SCRIPT


def test_the_executed_notebook_shows_its_own_source(bench: Bench) -> None:
    """Cells are shown as they were written, and a failure names the path that they name."""
    bench.write("x.txt", "1\n")
    source = "!cat /nowhere/p/x.txt"
    missing = "open('/nowhere/p/gone.txt')"
    done = bench.cells(source, missing, elsewhere=(NOWHERE,))
    cells = bench.record(done)["cells"]
    assert [cell["source"] for cell in cells] == [source, missing]
    assert cells[0]["outputs"][0]["text"].strip() == "1"
    assert done.failure is not None
    assert "'/nowhere/p/gone.txt'" in done.failure.message
    assert done.wanted == ("gone.txt",)


def test_settings_and_modules_name_folders_too(bench: Bench) -> None:
    """What code imports and what it reads its settings from are changed in the workspace alone."""
    bench.write("x.txt", "1")
    settings = bench.write("conf.json", '{"in": "/nowhere/p/x.txt"}')
    bench.write("places.py", "OUT = '/nowhere/p/out/y.txt'\n")
    bench.write(
        "job.py",
        "import json, os, places\nos.makedirs(os.path.dirname(places.OUT))\n"
        "open(places.OUT, 'w').write(open(json.load(open('conf.json'))['in']).read())\n",
    )
    done = bench.run("job.py", elsewhere=(NOWHERE,), sources=("places.py",), known_reads=("conf.json", "x.txt"))
    assert done.failure is None
    assert (done.reads, list(done.outputs)) == (("conf.json", "x.txt"), ["out/y.txt"])
    assert settings.read_text() == '{"in": "/nowhere/p/x.txt"}'


def test_settings_that_a_stage_changes_or_copies(bench: Bench) -> None:
    """Texts that it leaves name the paths that its code has, never the workspace; others are as they were."""
    windows = '{"in": "C:\\\\p\\\\x.txt"}'
    bench.write("x.txt", "1")
    bench.write("conf.json", '{"in": "/nowhere/p/x.txt"}')
    bench.write("kept/windows.json", windows)
    bench.write(
        "job.py",
        "import json, shutil\nconf = json.load(open('conf.json'))\nconf['size'] = len(open(conf['in']).read())\n"
        "json.dump(conf, open('conf.json', 'w'))\nshutil.copy('conf.json', 'kept/used.txt')\n"
        "print(open(json.load(open('kept/windows.json'))['in']).name)\n",
    )
    done = bench.run(
        "job.py",
        elsewhere=(NOWHERE, Elsewhere("C:/p", "", ("C:/p/x.txt",))),
        known_reads=("conf.json", "kept/windows.json", "x.txt"),
        expected_writes=("conf.json", "kept"),
    )
    assert done.failure is None, done.failure
    text = '{"in": "/nowhere/p/x.txt", "size": 1}'
    assert bench.text(done.outputs["conf.json"]) == text
    files = bench.objects.read_tree(done.outputs["kept"].digest).files
    assert {name: bench.objects.get_bytes(leaf.digest).decode() for name, leaf in files.items()} == {
        "used.txt": text,
        "windows.json": windows,
    }
    assert bench.text(done.record) == "C:/p/x.txt\n"


def test_names_that_are_filled_in(bench: Bench) -> None:
    """A path that is a format stays one, also for a stage in a folder."""
    bench.write("x.txt", "1")
    bench.write("sub/job.py", "open('/nowhere/p/out/%s.txt' % 'y', 'w').write(open('/nowhere/p/%s.txt' % 'x').read())")
    done = bench.run("sub/job.py", elsewhere=(NOWHERE,))
    assert done.failure is None, done.failure
    assert list(done.outputs) == ["out/y.txt"]
    assert done.notes[:1] == ("took /nowhere/p for the root of the project",)
    assert not any("cannot take" in note for note in done.notes)


def test_a_project_in_a_folder_with_a_quote() -> None:
    """A path that cannot stand within the texts of the code is not put there, and all that it would be for is told."""
    redirection = Redirection([PROJ], "/it's", ["f('/home/a/proj/data/x.csv')"])
    assert (redirection.possible, redirection.lost) == (False, ["/home/a/proj/data/x.csv"])
    assert redirection.text("f('/home/a/proj/data/x.csv')") == "f('/home/a/proj/data/x.csv')"


def test_folders_of_this_machine(bench: Bench, tmp_path: Path) -> None:
    """What is there and is made by no stage is left alone; beside what a stage makes, it can still be seen."""
    (tmp_path / "x.txt").write_text("theirs")
    (tmp_path / "more.txt").write_text("more")
    bench.write("x.txt", "ours")
    bench.write(
        "job.py", f"open('out.txt', 'w').write(open('{tmp_path}/x.txt').read() + open('{tmp_path}/more.txt').read())"
    )
    there = Elsewhere(str(tmp_path), "", (f"{tmp_path}/x.txt",))
    done = bench.run("job.py", elsewhere=(there,))
    assert bench.text(done.outputs["out.txt"]) == "theirsmore"
    assert done.reads == (f"{tmp_path}/more.txt", f"{tmp_path}/x.txt")
    done = bench.run("job.py", elsewhere=(there,), produced=("x.txt",), inputs={"x.txt": bench.artifact("made")})
    assert bench.text(done.outputs["out.txt"]) == "mademore"
    assert done.reads == (f"{tmp_path}/more.txt", "x.txt")
    assert (tmp_path / "x.txt").read_text() == "theirs"


def test_the_projects_own_absolute_path_is_the_workspace(bench: Bench) -> None:
    """On its author's machine, too, a stage works on its copies."""
    bench.write("x.txt", "1")
    bench.write("job.py", f"open('{bench.root}/y.txt', 'w').write(open('{bench.root}/x.txt').read())")
    own = Elsewhere(str(bench.root), "", (f"{bench.root}/x.txt", f"{bench.root}/y.txt"))
    done = bench.run("job.py", elsewhere=(own,))
    assert (done.reads, list(done.outputs)) == (("x.txt",), ["y.txt"])
    assert not (bench.root / "y.txt").exists()


def test_folders_within_others_and_single_files(bench: Bench) -> None:
    """A folder of a folder may be another one of the project's, and a file that is replaced is still found."""
    bench.write("x.txt", "1")
    bench.write("raw/y.txt", "2")
    bench.write("sub/keep.txt", "")
    bench.write(
        "job.py",
        "import os\na = open('/nowhere/p/x.txt').read() + open('/nowhere/p/data/y.txt').read()\n"
        "open('/nowhere/p/new.txt', 'w').write(a)\n"
        "open('/elsewhere/t/part', 'w').write(a)\n"
        "os.replace('/elsewhere/t/part', os.path.join('/elsewhere/t', 'z.txt'))\n"
        "print(sorted(os.listdir('/nowhere/p/data')))\nopen(os.path.join('/elsewhere/t', 'stray.txt'), 'w')\n",
    )
    elsewhere = (
        Elsewhere("/nowhere/p", "", ("/nowhere/p/x.txt",)),
        Elsewhere("/nowhere/p/data", "raw", ("/nowhere/p/data/y.txt",)),
        Elsewhere("/elsewhere/t/z.txt", "sub/z.txt", ("/elsewhere/t/z.txt",), folder=False),
        Elsewhere("/elsewhere/t/part", "part", ("/elsewhere/t/part",), folder=False),
    )
    done = bench.run("job.py", elsewhere=elsewhere)
    assert done.failure is None, done.failure
    assert done.reads == ("raw/y.txt", "x.txt")
    assert {path: bench.text(made) for path, made in done.outputs.items()} == {"new.txt": "12", "sub/z.txt": "12"}
    assert "wrote /elsewhere/t/stray.txt, which is no place in the project: it is not kept" in done.notes
    assert bench.text(done.record) == "['y.txt']\n"


def test_paths_that_climb_out_of_the_project(bench: Bench) -> None:
    """A folder that is beside the root on another machine, and in the project here, is found beside the copy."""
    bench.write("input/x.txt", "1")
    bench.write("job.py", "open('../output/y.txt', 'w').write(open('../input/x.txt').read())")
    elsewhere = (
        Elsewhere("../input", "input", ("../input/x.txt",)),
        Elsewhere("../output", "results", ("../output/y.txt",)),
    )
    done = bench.run("job.py", elsewhere=elsewhere)
    assert done.failure is None, done.failure
    assert (done.reads, list(done.outputs)) == (("input/x.txt",), ["results/y.txt"])


def test_what_lies_above_is_not_written_by_a_stage_that_makes_it_here(bench: Bench) -> None:
    """Beside what this machine has in the folder, a file of the project's own is made new, never through a link."""
    above = bench.root.parent / "above"
    (above / "sub").mkdir(parents=True)
    for name in ("raw.txt", "x.txt", "sub/y.txt", "sub/raw.txt"):
        (above / name).write_text("old")
    bench.write(
        "job.py",
        "text = open('../above/raw.txt').read() + open('../above/sub/raw.txt').read()\n"
        "for name in ('x.txt', 'sub/y.txt'):\n    open('../above/' + name, 'w').write(text)",
    )
    elsewhere = (Elsewhere("../above", "above", ("../above/x.txt", "../above/sub/y.txt")),)
    done = bench.run("job.py", elsewhere=elsewhere, produced=("above/x.txt", "above/sub/y.txt"))
    assert done.failure is None, done.failure
    assert {path: bench.text(made) for path, made in done.outputs.items()} == {
        "above/sub/y.txt": "oldold",
        "above/x.txt": "oldold",
    }
    assert (above / "x.txt").read_text() + (above / "sub/y.txt").read_text() == "oldold"


def test_names_joined_with_backslashes(bench: Bench) -> None:
    """What code puts together as on Windows is found and collected, too."""
    bench.write("data/x.txt", "1")
    bench.write(
        "job.py",
        "base = 'C:\\\\Users\\\\bob'\ntext = open(base + '\\\\data\\\\x.txt').read()\n"
        "open(base + '\\\\data\\\\y.txt', 'w').write(text)",
    )
    files = ("C:/Users/bob/data/x.txt", "C:/Users/bob/data/y.txt")
    done = bench.run("job.py", elsewhere=(Elsewhere("C:/Users/bob", "", files),))
    assert done.failure is None, done.failure
    assert (done.reads, list(done.outputs)) == (("data/x.txt",), ["data/y.txt"])
