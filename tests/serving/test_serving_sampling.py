"""Rows of requests that a real service keeps where it is asked to, and never else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from noteship import monitor
from noteship.operations.monitor import sample
from noteship.operations.opened import OpenedProject
from noteship.operations.shelf import Shelf

from .served import rents_bundle
from .started import keep, started
from .watched import with_profile

# In no other test, and in none of the reference's rows.
MARK, SIZE = "m-a-r-k", 8_675_309
ROWS = [[20 + 3 * number, ["north", "south"][number % 2]] for number in range(40)]
ASKED = [[SIZE, MARK], [21, "north"]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle with a profile, over a number and a category."""
    return with_profile(rents_bundle(tmp_path_factory.mktemp("made")), ROWS)


def project(root: Path, bundle: Path, settings: str) -> OpenedProject:
    """A project whose latest bundle it is, with windows of a second."""
    (root / "noteship.toml").write_text(f'[monitor]\nwindow = "1s"\n{settings}')
    opened = OpenedProject.at(root)
    keep(opened, bundle, "rents", "latest")
    return opened


def until(done: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.1)


def holds(folder: Path, text: str | int) -> list[str]:
    """Files in which a text stands."""
    return [path.name for path in folder.rglob("*") if path.is_file() and str(text).encode() in path.read_bytes()]


@pytest.mark.slow
def test_a_service_keeps_rows_without_what_is_left_out(bundle: Path, tmp_path: Path) -> None:
    """Of what was asked, rows are shown with their answers and ids; a column that is left out is nowhere on disk."""
    opened = project(tmp_path, bundle, 'sample = 3\nleave_out = ["district"]\n')
    with started(tmp_path) as one:
        answers = [httpx.post(f"{one.url}/predict", json=ASKED, timeout=20) for _ in range(8)]
        place = monitor.Place("local", "rents", opened.store.read_ref("names/latest").value["digest"])
        windows, kept = monitor.Windows(opened.store, place), monitor.KeptRows(opened.store, place)
        until(lambda: kept.starts() and windows.decided()[-1:] >= kept.starts()[-1:])
        _, said = one.end()
    found = sample(opened, None, 100, time.time()).rows
    assert found is not None
    assert found.left_out == ("district",)
    rows = found.before.rows
    assert 0 < found.before.requests <= 3
    assert {row.request for row in rows} <= {answer.headers["X-Request-Id"] for answer in answers}
    assert sorted({row.row.inputs["size"] for row in rows}) == [21, SIZE]
    predicted = dict(zip([SIZE, 21], answers[0].json()["predictions"], strict=True))
    assert all(row.row.prediction == pytest.approx(predicted[row.row.inputs["size"]]) for row in rows)
    assert holds(tmp_path, SIZE)
    assert holds(tmp_path, MARK) == []
    assert str(SIZE) not in said


@pytest.mark.slow
def test_by_default_no_row_is_on_disk(bundle: Path, tmp_path: Path) -> None:
    """A service that watches keeps no value of any row, and there is nothing to be shown."""
    opened = project(tmp_path, bundle, "")
    with started(tmp_path) as one:
        assert httpx.post(f"{one.url}/predict", json=ASKED, timeout=20).status_code == 200
        one.end()
    assert monitor.places(opened.store)
    assert holds(tmp_path, SIZE) == holds(tmp_path, MARK) == []
    assert list(opened.store.refs("samples/")) == []


def test_a_service_does_not_begin_with_a_name_that_fits_no_column(bundle: Path, tmp_path: Path) -> None:
    """What was meant to be left out would be kept: the error says which name is nearest."""
    opened = project(tmp_path, bundle, 'sample = 3\nleave_out = ["distrikt"]\n')
    shelf = Shelf(opened, frozenset(), allow_pickle=False, is_watched=True)
    with pytest.raises(monitor.errors.UnknownColumn) as caught:
        shelf.load(shelf.find("latest"))
    assert (caught.value.column, caught.value.model, caught.value.near) == ("distrikt", "rents", "district")
