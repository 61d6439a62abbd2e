"""A bundle is the run's, whatever happens to the project's folder and to the store meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from cli.projects import Project
from noteship import workflow
from noteship.digests import Digest
from noteship.operations import errors, trusted
from noteship.operations.bundle import Made
from noteship.operations.opened import OpenedProject
from noteship.operations.run import CellProgress, RunRequest, run

ROWS = "x,y,label\n" + "".join(f"{n % 7},{n % 3},{'yes' if n % 7 > 3 else 'no'}\n" for n in range(60))
TRAIN = """
import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from helpers import doubled

rows = pd.read_csv("rows.csv")
strength = 1.0
model = LogisticRegression(C=strength).fit(doubled(rows[["x", "y"]]), rows["label"])
joblib.dump(model, "out/model.joblib")
"""
HELPERS = "def doubled(rows):\n    return rows * 2\n"
SERVICE = """
[service]
steps = ["helpers:doubled", "out/model.joblib"]
data = "rows.csv"
inputs = ["x", "y"]
target = "label"
"""


@dataclass
class Meanwhile:
    """Does something when the bundle begins to be made."""

    act: Callable[[], object]

    def event(self, event: workflow.Event) -> None:
        del event

    def cell(self, at: CellProgress) -> None:
        del at

    def say(self, line: str) -> None:
        assert line == "making the bundle"
        self.act()


def made(project: Project, act: Callable[[], object] = lambda: None) -> Made:
    @contextmanager
    def listen(graph: workflow.Graph) -> Iterator[Meanwhile]:
        del graph
        yield Meanwhile(act)

    report = run(OpenedProject.at(project.root), RunRequest(), listen)
    assert report.made is not None
    return report.made


def described(project: Project, digest: str) -> Any:
    objects = OpenedProject.at(project.root).store
    return json.loads(objects.get_bytes(objects.read_tree(Digest(digest)).files["bundle.json"].digest))


@pytest.fixture
def letters(project: Project) -> Project:
    """A project with a model and a function of its own."""
    project.write("rows.csv", ROWS)
    project.write("helpers.py", HELPERS)
    project.write("train.py", TRAIN)
    project.write("noteship.toml", SERVICE)
    (project.root / "out").mkdir()
    return project


def test_a_bundle_holds_what_the_run_made(letters: Project) -> None:
    """A step that is replaced in the folder meanwhile is not in the bundle: its digest is the one of the lineage."""
    bundle = made(letters, lambda: letters.write("out/model.joblib", "another's"))
    assert letters.text("out/model.joblib") == "another's"
    description = described(letters, bundle.digest)
    outputs = description["lineage"]["stages"][-1]["outputs"]
    assert description["steps"][-1]["digest"] == outputs["out/model.joblib"]


def test_a_bundle_is_not_made_of_data_that_the_run_did_not_read(letters: Project) -> None:
    """Rows that change meanwhile are said, and no bundle is named; the next run makes it."""
    with pytest.raises(errors.InputChanged, match=r"rows\.csv"):
        made(letters, lambda: letters.write("rows.csv", ROWS + "1,1,no\n"))
    assert list(OpenedProject.at(letters.root).store.refs("bundle")) == []
    assert not made(letters).again


@pytest.mark.parametrize("place", ["../../rows.csv", "{root}/../../rows.csv"])
def test_a_bundle_of_rows_beside_the_project(letters: Project, place: str) -> None:
    """Rows need not be in the project."""
    place = place.format(root=letters.root)
    letters.write(place, ROWS)
    letters.write("noteship.toml", SERVICE.replace("rows.csv", place))
    assert made(letters).summary["signature"]["inputs"][0]["name"] == "x"


def test_a_bundle_is_trusted_where_it_was_made(letters: Project) -> None:
    """It is noted once; one that others put under its name, with source of their own, is made again instead."""
    own = made(letters)
    assert made(letters).again
    assert letters.text(".noteship/trusted") == f"{own.digest}\n"
    objects = OpenedProject.at(letters.root).store
    (name,) = objects.refs("bundle-keys/")
    known = objects.read_ref(name)
    assert known is not None
    foreign = letters.write("elsewhere/source/helpers.py", "print('foreign')\n").parent.parent
    objects.write_ref(name, known.value | {"digest": objects.put_folder(foreign)}, expected=known)
    again = made(letters)
    assert (again.digest, again.again) == (own.digest, False)
    assert not trusted.holds(letters.root, "ab" * 32)
