"""Rows that a real service keeps where it is asked to: over HTTP, by several workers, with labels that come later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pandas
import pytest

from noteship import collecting, ingestion
from noteship.ingestion.origin import Watch
from noteship.operations.collected import CollectedOrigin
from noteship.operations.opened import OpenedProject

from .served import rents_bundle
from .started import keep, started
from .watched import with_profile

MARK = "m-a-r-k"
ROWS = [[20 + 3 * number, ["north", "south"][number % 2]] for number in range(40)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle with a profile, over a number and a category."""
    return with_profile(rents_bundle(tmp_path_factory.mktemp("made")), ROWS)


def project(root: Path, bundle: Path, settings: str) -> OpenedProject:
    """A project whose latest bundle it is, which writes every second."""
    (root / "noteship.toml").write_text(f'[monitor]\nwindow = "1s"\n{settings}')
    opened = OpenedProject.at(root)
    keep(opened, bundle, "rents", "latest")
    return opened


def until(done: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.1)


def shelf_of(opened: OpenedProject) -> collecting.Shelf:
    return collecting.Shelf(opened.store, collecting.Place("local", "rents"))


def collected(opened: OpenedProject, folder: Path, **period: object) -> pandas.DataFrame:
    """What `from = "collected:local"` brings."""
    source = ingestion.Source("data.x", ingestion.parsed("collected:local"), "x.parquet", **period)  # type: ignore[arg-type]
    CollectedOrigin(opened.store, source).fetch(folder / "x.parquet", None, Watch("x"))
    return pandas.read_parquet(folder / "x.parquet")


@pytest.mark.slow
def test_rows_of_all_workers_are_kept_with_labels_that_come_later(bundle: Path, tmp_path: Path) -> None:
    """Each row that was answered once, with the answer and, where it came, the label; metrics count them."""
    opened = project(tmp_path, bundle, "[collect]\nshare = 1.0\n")
    with started(tmp_path, "--workers", "2") as one:
        requests = []
        for number in range(60):
            answer = httpx.post(f"{one.url}/predict", json=[[number, "north"], [number, MARK]], timeout=20)
            requests.append(answer.headers["X-Request-Id"])
        told = [{"request": each, "row": 1, "label": 100.5} for each in requests[:10]]
        assert httpx.post(f"{one.url}/feedback", json=told, timeout=20).json()["accepted"] == 10
        until(lambda: len(list(shelf_of(opened).pieces("labels"))))
        time.sleep(2)
        metrics = httpx.get(f"{one.url}/metrics").text
        _, said = one.end()
    table = collected(opened, tmp_path)
    assert sorted(zip(table.request, table.row, strict=True)) == sorted(
        (each, row) for each in requests for row in (0, 1)
    )
    assert sorted(table["size"]) == sorted([*range(60)] * 2)
    labelled = table[table.label.notna()]
    assert set(labelled.request) == set(requests[:10]) and set(labelled.row) == {1} and set(labelled.label) == {100.5}
    assert table.prediction.notna().all() and table.time.is_monotonic_increasing
    assert 'noteship_collected_rows_total{release="local"} 120.0' in metrics
    replicas = {piece.boot for piece, _ in shelf_of(opened).pieces("rows")}
    assert len(replicas) == 2
    assert MARK not in said


@pytest.mark.slow
def test_a_share_is_kept_without_what_is_left_out(bundle: Path, tmp_path: Path) -> None:
    """Requests are kept whole or not at all, about as many as were asked for; a column is nowhere on disk."""
    opened = project(tmp_path, bundle, '[collect]\nshare = 0.3\nleave_out = ["district"]\n')
    with started(tmp_path) as one, httpx.Client(base_url=one.url, timeout=20) as client:
        for number in range(400):
            client.post("/predict", json=[[number, MARK], [number, MARK]])
        one.end()
    table = collected(opened, tmp_path)
    counts = table.groupby("request").size()
    assert set(counts) == {2}
    # Five standard deviations of a binomial of 400 with 0.3.
    assert abs(len(counts) - 120) < 46
    assert "district" not in table.columns
    files = [path for path in (tmp_path / ".noteship").rglob("*") if path.is_file() and "objects" not in path.parts]
    assert not [path for path in files if MARK.encode() in path.read_bytes()]


@pytest.mark.slow
def test_a_killed_worker_loses_what_it_held_and_no_more(bundle: Path, tmp_path: Path) -> None:
    """What was written before stays, once; the one that takes its place goes on, and labels for it are joined."""
    opened = project(tmp_path, bundle, "[collect]\nshare = 1.0\n")
    with started(tmp_path, "--workers", "2") as one:

        def ask(numbers: range) -> list[str]:
            found = []
            for number in numbers:
                answer = httpx.post(f"{one.url}/predict", json=[[number, "north"]], timeout=20)
                assert answer.status_code == 200
                found.append(answer.headers["X-Request-Id"])
            return found

        before = ask(range(40))
        until(lambda: sum(1 for _ in shelf_of(opened).pieces("rows")) >= 2)
        time.sleep(2)
        written = collected(opened, tmp_path)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(one.process.pid)], capture_output=True, text=True)
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        after: list[str] = []
        # Until the worker that took its place has written, too.
        ends = time.monotonic() + 120
        while len({piece.boot for piece, _ in shelf_of(opened).pieces("rows")}) < 3:
            assert time.monotonic() < ends
            after += ask(range(100, 104))
            time.sleep(0.2)
        one.end()
    table = collected(opened, tmp_path)
    assert table.request.is_unique
    assert set(written.request) == set(before) <= set(table.request)
    assert set(after) <= set(table.request)


@pytest.mark.slow
def test_nothing_is_kept_unless_it_is_asked_for(bundle: Path, tmp_path: Path) -> None:
    """By default, and where nothing is watched, no row is in the store, and nothing that writes Parquet is loaded."""
    opened = project(tmp_path, bundle, "")
    with started(tmp_path) as one:
        httpx.post(f"{one.url}/predict", json=[[1, MARK]], timeout=20)
        time.sleep(2)
        maps = Path(f"/proc/{one.process.pid}/maps").read_text()
        metrics = httpx.get(f"{one.url}/metrics").text
        one.end()
    assert collecting.places(opened.store) == []
    # pandas itself loads pyarrow where it is there; what writes and reads Parquet it does not.
    assert "/pyarrow/_parquet." not in maps
    assert "noteship_collected" not in metrics
    (tmp_path / "noteship.toml").write_text('[monitor]\nwindow = "1s"\n[collect]\nshare = 1.0\n')
    with started(tmp_path, "--no-monitor") as one:
        httpx.post(f"{one.url}/predict", json=[[1, MARK]], timeout=20)
        one.end()
    assert collecting.places(opened.store) == []


@pytest.mark.slow
def test_a_name_that_is_no_column_keeps_the_service_from_starting(bundle: Path, tmp_path: Path) -> None:
    """Else what was meant would be kept."""
    project(tmp_path, bundle, '[collect]\nshare = 0.1\nleave_out = ["distrikt"]\n')
    words = [sys.executable, "-m", "noteship", "serve", "--project", str(tmp_path), "--port", "0", "--log", "text"]
    found = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert "it has district" in found.stderr
