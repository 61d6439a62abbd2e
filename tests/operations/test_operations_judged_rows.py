"""The rows that a validation reads are those that its answer is kept under."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.projects import Project
from noteship import digests, files
from noteship.operations import errors
from noteship.operations.naming import named
from noteship.operations.opened import OpenedProject
from noteship.operations.validate import asked_of
from noteship.validation.asking import JudgeRequest
from operations.judged_bundles import bundle_of

ROWS = b"x,label\n1,a\n"


def asked(project: Project, folder: Path, **lineage: object) -> JudgeRequest:
    """What is asked of a bundle with this lineage."""
    opened = OpenedProject.at(project.root)
    bundle_of(opened, json.dumps({"name": folder.name, "lineage": lineage}))
    folder.mkdir()
    return asked_of(opened, named(opened, "latest"), folder)


def of_rows(path: str) -> dict[str, str]:
    return {"path": path, "digest": digests.of_bytes(ROWS), "target": "label"}


def test_the_rows_are_copied_before_they_are_judged(project: Project, tmp_path: Path) -> None:
    """Who saves the file afterwards changes no judgement."""
    (project.root / "rows.csv").write_bytes(ROWS)
    place = Path(asked(project, tmp_path / "asked", data=of_rows("rows.csv")).data)
    assert place.is_relative_to(tmp_path / "asked") and place.name == "rows.csv" and place.read_bytes() == ROWS


def test_rows_that_change_meanwhile_are_not_judged(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy has to be of the bytes that the answer would be kept under; held-out ones, too."""
    (project.root / "rows.csv").write_bytes(ROWS)
    (project.root / "held.csv").write_bytes(ROWS + b"2,b\n")
    project.write("noteship.toml", '[validate]\nholdout = { file = "held.csv" }\n')
    copied = files.copy

    def saved_meanwhile(source: Path, target: Path) -> None:
        if source.name == saved:
            source.write_bytes(b"x,label\n")
        copied(source, target)

    monkeypatch.setattr(files, "copy", saved_meanwhile)
    for saved in ("held.csv", "rows.csv"):
        with pytest.raises(errors.RowsChanged, match=saved):
            asked(project, tmp_path / saved, data=of_rows("rows.csv"))


def test_a_bundle_without_a_note_of_its_rows(project: Project, tmp_path: Path) -> None:
    """An earlier version made it, and a run makes it anew; where rows have no right answers, these are to be named."""
    with pytest.raises(errors.MadeEarlier) as caught:
        asked(project, tmp_path / "a")
    assert "earlier version" in str(caught.value) and "noteship run" in caught.value.parts().remedy
    with pytest.raises(errors.NoTarget):
        asked(project, tmp_path / "b", data={**of_rows("rows.csv"), "target": None})
