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
from noteship.operations.naming import named
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


@pytest.mark.slow
def test_a_bundle_holds_what_the_run_made(letters: Project) -> None:
    """A step that is replaced in the folder meanwhile is not in the bundle: its digest is the one of the lineage."""
    bundle = made(letters, lambda: letters.write("out/model.joblib", "another's"))
    assert letters.text("out/model.joblib") == "another's"
    description = described(letters, bundle.digest)
    outputs = description["lineage"]["stages"][-1]["outputs"]
    assert description["steps"][-1]["digest"] == outputs["out/model.joblib"]


@pytest.mark.slow
def test_a_bundle_is_not_made_of_data_that_the_run_did_not_read(letters: Project) -> None:
    """Rows that change meanwhile are said, and no bundle is named; the next run makes it."""
    with pytest.raises(errors.InputChanged, match=r"rows\.csv"):
        made(letters, lambda: letters.write("rows.csv", ROWS + "1,1,no\n"))
    assert list(OpenedProject.at(letters.root).store.refs("bundle")) == []
    assert not made(letters).again


@pytest.mark.slow
@pytest.mark.parametrize("place", ["../../rows.csv", "{root}/../../rows.csv"])
def test_a_bundle_of_rows_beside_the_project(letters: Project, place: str) -> None:
    """Rows need not be in the project."""
    place = place.format(root=letters.root)
    letters.write(place, ROWS)
    letters.write("noteship.toml", SERVICE.replace("rows.csv", place))
    assert made(letters).summary["signature"]["inputs"][0]["name"] == "x"


@pytest.mark.slow
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


@pytest.mark.parametrize("setting", ["steps", "data", "reproduces"])
@pytest.mark.slow
def test_a_bundle_is_not_made_of_what_an_earlier_run_left(letters: Project, setting: str) -> None:
    """A file that no stage writes any more is refused with what its maker writes now; the user's own file is not."""
    letters.write("first.py", "import shutil\nshutil.copy('rows.csv', 'copied.csv')\n")
    letters.write("noteship.toml", SERVICE.replace('"rows.csv"', '"copied.csv"'))
    made(letters)
    letters.write("first.py", "import shutil\nshutil.copy('rows.csv', 'copy.csv')\n")
    named = {
        "steps": SERVICE.replace("helpers:doubled", "copied.csv"),
        "data": SERVICE.replace('"rows.csv"', '"copied.csv"'),
        "reproduces": SERVICE + 'reproduces = ["copied.csv"]\n',
    }
    letters.write("noteship.toml", named[setting])
    with pytest.raises(errors.LeftOver) as told:
        made(letters)
    assert told.value.parts().fact.startswith(f"[service] {setting} names copied.csv, which first made in an earlier")
    assert told.value.parts().nearest == "first now writes copy.csv"
    (letters.root / "first.py").unlink()
    with pytest.raises(errors.LeftOver, match="there is no stage first any more"):
        made(letters)
    if setting == "data":
        letters.write("copied.csv", ROWS + "1,1,no\n")
        assert not made(letters).again


@pytest.mark.slow
def test_two_runs_that_make_one_bundle_at_once(letters: Project) -> None:
    """Who comes second takes what the first one made and told of it."""
    first: list[Made] = []

    def other() -> None:
        first.append(made(letters))
        objects = OpenedProject.at(letters.root).store
        (name,) = objects.refs("bundle-keys/")
        known = objects.read_ref(name)
        assert known is not None
        told = known.value["summary"] | {"checks": ["the first one's"]}
        objects.write_ref(name, known.value | {"summary": told}, expected=known)

    second = made(letters, other)
    assert (second.digest, second.again) == (first[0].digest, False)
    assert second.summary["checks"] == ["the first one's"]


@pytest.mark.slow
def test_what_keeps_a_project_without_a_bundle(letters: Project) -> None:
    """Where there is a [service], it is said how the last run went, not that there should be one."""
    assert "nothing ran" in told_by_name(letters)
    letters.write("train.py", "raise SystemExit(1)\n" + TRAIN)
    assert letters.call("run").code == 1
    assert f"its last run failed\n  at: run {letters.json('runs')['runs'][0]['run']}" in told_by_name(letters)
    letters.write("train.py", TRAIN)
    assert letters.call("run", "train").code == 0
    assert "its last run was of some stages only" in told_by_name(letters)
    letters.write("noteship.toml", "")
    assert "with a [service]" in told_by_name(letters)


def told_by_name(project: Project) -> str:
    with pytest.raises(errors.NoBundle) as told:
        named(OpenedProject.at(project.root), None)
    return str(told.value)
