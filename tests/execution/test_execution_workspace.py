"""A stage sees the project's own files and its inputs, and what it writes is harvested."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from execution.conftest import Bench
from noteship.notebooks.execution import copying, workspace


def test_a_stage_gets_the_projects_files_and_just_its_inputs(bench: Bench) -> None:
    """Produced files of other stages, hidden folders, environments and caches stay out."""
    for path in (
        "data/raw.csv",
        "made.csv",
        "plots/old.png",
        ".git/config",
        "__pycache__/x.pyc",
        "env/pyvenv.cfg",
        ".env",
    ):
        bench.write(path, "1")
    source = (
        "import os\nfound = [os.path.relpath(os.path.join(d, f)) for d, _, names in os.walk('.') for f in names]\n"
        "print(sorted(path for path in found if not path.startswith('.noteship-')))"
    )
    done = bench.cells(source, produced=("made.csv", "plots/*.png", "in.csv"), inputs={"in.csv": bench.artifact("2")})
    assert eval(bench.outputs(done)[0][0]["text"]) == [".env", "data/raw.csv", "in.csv", "stage.ipynb"]


def test_the_notebook_runs_in_its_folder(bench: Bench) -> None:
    """Its own folder is the working folder that the job names, and modules are found there."""
    bench.write("deep/near.py", "X = 1")
    bench.notebook("import near, os\nprint(os.path.basename(os.getcwd()), near.X)", path="deep/stage.ipynb")
    done = bench.run("deep/stage.ipynb", cwd="deep")
    assert bench.outputs(done)[0][0]["text"] == "deep 1\n"


def test_what_lies_beside_the_project_is_found_beside_the_workspace(bench: Bench) -> None:
    """A path that climbs out of the project leads where it leads in Jupyter, and is named by its real place."""
    outside = bench.root.parent / "beside.csv"
    outside.write_text("7")
    done = bench.cells("print(open('../beside.csv').read())")
    assert done.failure is None
    assert done.reads == (str(outside),)


def test_outputs_are_new_and_changed_files(bench: Bench) -> None:
    """A changed input is an output, a file that was only read or touched is none, and leftovers are none."""
    bench.write("raw.csv", "raw")
    bench.write("touched.csv", "same")
    done = bench.cells(
        "import os\nopen('raw.csv').read()\nos.utime('touched.csv')\nopen('in.csv', 'a').write('+')",
        "os.makedirs('.hidden')\nopen('.hidden/x', 'w').close()\nopen('a.csv.lock', 'w').close()",
        "open('new.csv', 'w').write('n')",
        inputs={"in.csv": bench.artifact("in")},
        expected_writes=("in.csv", "new.csv"),
    )
    assert done.failure is None
    assert {name: bench.text(artifact) for name, artifact in done.outputs.items()} == {"in.csv": "in+", "new.csv": "n"}
    assert bench.root.joinpath("raw.csv").read_text() == "raw"


def test_an_expected_folder_is_one_artifact(bench: Bench) -> None:
    """A folder that the stage was to write is harvested whole, other files one by one."""
    done = bench.cells(
        "import os\nfor f in ('model', 'other'):\n    os.mkdir(f)\n    open(f + '/a.bin', 'w').write(f)",
        expected_writes=("model",),
    )
    assert {name: artifact.kind for name, artifact in done.outputs.items()} == {
        "model": "folder",
        "other/a.bin": "file",
    }
    assert done.notes == ("wrote other/a.bin, which was not inferred",)


def test_surprises_are_notes(bench: Bench) -> None:
    """What was inferred and not written, changed sources and deleted files are told; the project's own files stay."""
    bench.write("near.py", "X = 1")
    bench.write("raw.csv", "raw")
    done = bench.cells(
        "import os\nos.remove('raw.csv')\nopen('near.py', 'w').write('X = 2')", expected_writes=("never.csv",)
    )
    notes = "\n".join(done.notes)
    assert "did not write never.csv" in notes
    assert "changed near.py" in notes
    assert "deleted raw.csv" in notes
    assert bench.root.joinpath("near.py").read_text() == "X = 1"
    assert bench.root.joinpath("raw.csv").exists()


def test_large_files_are_linked_unless_the_stage_reads_them(bench: Bench) -> None:
    """A link costs nothing; a file that is read is a copy that the stage may damage."""
    with (bench.root / "large.bin").open("wb") as stream:
        stream.truncate(workspace.LINK_FROM_BYTES + 1)
    source = "import os\nprint(os.path.islink('large.bin'), os.path.getsize('large.bin'))"
    shares = copying.share(bench.root / "large.bin", bench.root / "shared.bin")
    linked, copied = bench.cells(source), bench.cells(source, known_reads=("large.bin",))
    size = workspace.LINK_FROM_BYTES + 1
    assert bench.outputs(linked)[0][0]["text"] == f"{not shares} {size}\n"
    assert bench.outputs(copied)[0][0]["text"] == f"False {size}\n"


def test_stored_variables_pass_between_stages(bench: Bench) -> None:
    """`%store` writes a file named %store/NAME, and a stage that gets it can read it back."""
    first = bench.cells("x = [1, 2]\n%store x")
    assert list(first.outputs) == ["%store/x"]
    second = bench.cells("%store -r x\nprint(x)", inputs=first.outputs)
    assert bench.outputs(second)[0][0]["text"] == "[1, 2]\n"


def test_workspaces_are_removed_and_failed_ones_too(bench: Bench) -> None:
    """Nothing is left of a stage once it ended."""
    bench.cells("1/0")
    bench.cells("1")
    left = [path for path in (bench.root / ".noteship" / "work" / "run").iterdir() if path.name != "lock"]
    assert left == []


def test_files_written_by_absolute_paths_are_harvested(bench: Bench) -> None:
    """A notebook that writes past its workspace into the project is noticed."""
    target = bench.root / "past.csv"
    done = bench.cells(f"open({str(target)!r}, 'w').write('p')")
    assert list(done.outputs) == ["past.csv"]
    assert any("absolute path" in note for note in done.notes)


def test_the_environment_is_that_of_the_interpreter(bench: Bench) -> None:
    """`!python` is the interpreter that runs the notebook."""
    import sys

    done = bench.cells("!python -c 'import sys; print(sys.prefix)'")
    assert bench.outputs(done)[0][0]["text"].strip() == sys.prefix
    assert Path(os.environ.get("IPYTHONDIR", "none")).name != ".noteship-ipython"


def test_a_thousand_files_are_prepared(bench: Bench) -> None:
    """A workspace of a project with many small files holds each of them."""
    for number in range(1000):
        bench.write(f"many/{number % 20}/{number}.txt", "some text")
    place = workspace.Workspace.of(bench.root, bench.job(bench.notebook("1")))
    place.prepare(bench.job("stage.ipynb"), bench.objects)
    assert len(list((place.path / "many").glob("*/*.txt"))) == 1000


def test_stages_with_long_names_have_workspaces_of_their_own(bench: Bench) -> None:
    """Names that are equal for hundreds of characters do not share a folder, and no folder's name is too long."""
    job = bench.job(bench.notebook("1"))
    names = ["é" * 200 + end for end in "ab"]
    places = {workspace.Workspace.of(bench.root, replace(job, stage=name)).folder for name in names}
    assert len(places) == 2
    assert all(len(place.name) < 100 for place in places)


def test_a_linked_folder_that_stages_write_into_is_a_real_one(bench: Bench, tmp_path: Path) -> None:
    """What is written there is harvested and does not reach the link's target; other linked folders stay links."""
    for path in ("data/raw.csv", "data/made.csv", "data/deep/x.csv", "other/y.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("big")
    (tmp_path / "data" / "back").symlink_to(tmp_path / "data")
    for name in ("data", "other"):
        (bench.root / name).symlink_to(tmp_path / name)
    done = bench.cells(
        "import os\nprint([os.path.islink(p) for p in ('data', 'other', 'data/back')], sorted(os.listdir('data')))",
        "open('data/made.csv', 'w').write(open('data/raw.csv').read() + '+')",
        produced=("data/made.csv",),
        expected_writes=("data/made.csv",),
    )
    assert done.failure is None
    assert bench.outputs(done)[0][0]["text"] == "[False, True, True] ['back', 'deep', 'raw.csv']\n"
    assert {name: bench.text(artifact) for name, artifact in done.outputs.items()} == {"data/made.csv": "big+"}
    assert (tmp_path / "data" / "made.csv").read_text() == "big"


def test_patterns_reach_into_linked_folders(bench: Bench, tmp_path: Path) -> None:
    """Where a name has a hole, the folders before the hole decide."""
    (tmp_path / "plots").mkdir()
    (bench.root / "plots").symlink_to(tmp_path / "plots")
    done = bench.cells("open('plots/a.png', 'w').write('p')", produced=("plots/*.png",))
    assert list(done.outputs) == ["plots/a.png"]
    assert list((tmp_path / "plots").iterdir()) == []


def test_links_that_a_stage_makes_are_no_outputs(bench: Bench) -> None:
    """A link to a file counts as a file with its bytes; one to a folder, or to nothing, as nothing."""
    links = {"latest.csv": "a.csv", "folder": "/usr", "nowhere": "b.csv"}
    lines = "\n".join(f"os.symlink({to!r}, {name!r})" for name, to in links.items())
    done = bench.cells(f"import os\nopen('a.csv', 'w').write('x')\n{lines}")
    assert {name: (each.kind, bench.text(each)) for name, each in done.outputs.items()} == {
        "a.csv": ("file", "x"),
        "latest.csv": ("file", "x"),
    }


def test_a_write_through_a_link_to_a_large_file_fails_the_stage(bench: Bench) -> None:
    """The failure and a note name the file; where it is an expected write, the stage gets a copy."""
    large = bench.root / "large.bin"
    with large.open("wb") as stream:
        stream.truncate(workspace.LINK_FROM_BYTES + 1)
    if copying.share(large, bench.root / "shared.bin"):
        pytest.skip("this file system shares extents, so that nothing is linked")
    source = "with open('large.bin', 'r+b') as stream:\n    stream.write(b'x')"
    copied = bench.cells(source, expected_writes=("large.bin",))
    assert copied.failure is None
    with large.open("rb") as stream:
        assert stream.read(1) == b"\0"
    written = bench.cells(source)
    assert written.failure is not None
    assert "large.bin" in written.failure.message
    assert any("changed large.bin in the project's own folder" in note for note in written.notes)
    assert bench.cells("open('large.bin', 'rb').read(1)").failure is None


def test_pipes_sockets_and_looped_links_stay_out(bench: Bench) -> None:
    """What is no file cannot be copied, and would be waited for without end."""
    os.mkfifo(bench.root / "pipe")
    with socket.socket(socket.AF_UNIX) as opened:
        # Paths of sockets are short.
        folder = os.open(bench.root, os.O_RDONLY)
        opened.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)
    (bench.root / "linked").symlink_to("pipe")
    (bench.root / "device").symlink_to("/dev/zero")
    (bench.root / "loop").symlink_to("loop")
    names = ("pipe", "socket", "linked", "device", "loop")
    done = bench.cells(f"import os\nprint([os.path.lexists(name) for name in {names}])", known_reads=names)
    assert bench.outputs(done)[0][0]["text"] == f"{[False] * 5}\n"
