"""What a stage finds above its project: a link for each entry costs time, and most entries are nobody's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from execution.conftest import Bench
from noteship.notebooks.execution import neighbours


def test_what_the_code_names_is_among_the_many(bench: Bench) -> None:
    """In a folder of hundreds, what cells, modules, words or declarations name is linked, and few others."""
    above = bench.root.parent
    for number in range(200):
        (above / f"other-{number}").mkdir()
    for name in ("my data.csv", "told.csv", "module.csv"):
        (above / name).write_text("7")
    bench.write("near.py", "def get():\n    return open('../module.csv').read()")
    try:
        done = bench.cells(
            "import near, os\nprint(open('../my data.csv').read(), near.get(), len(os.listdir('..')))",
            "!cat ../tol''d.csv",
            sources=("near.py",),
            known_reads=(str(above / "told.csv"),),
        )
    finally:
        for number in range(200):
            (above / f"other-{number}").rmdir()
        for name in ("my data.csv", "told.csv", "module.csv"):
            (above / name).unlink()
    outputs = bench.outputs(done)
    data, module, count = outputs[0][0]["text"].split()
    assert (data, module) == ("7", "7")
    assert neighbours.UNNAMED <= int(count) <= neighbours.UNNAMED + 10
    assert outputs[1][0]["text"] == "7"


def test_shared_folders_show_only_what_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for temporary files, and a home, hold what is others' business."""
    for name in ("a.csv", "b.csv", "project"):
        (tmp_path / name).touch()
    assert set(neighbours.shown(tmp_path, {"a.csv"}, "project")) == {"a.csv", "b.csv"}
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(neighbours.shown(tmp_path, {"a.csv"}, "project")) == ["a.csv"]
