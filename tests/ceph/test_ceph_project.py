from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.projects import Project
from contracts import store_places

pytestmark = pytest.mark.ceph


@pytest.fixture
def address() -> Iterator[str]:
    """An address below which nothing is yet."""
    with store_places.on_gateway() as bucket:
        yield bucket.url


def chain(root: Path, address: str) -> Project:
    project = Project(root)
    project.notebook("01-make", "open('a.txt', 'w').write('one')")
    project.notebook("02-use", "text = open('a.txt').read()", "open('b.txt', 'w').write(text * 2)")
    (root / "noteship.toml").write_text(f'[store]\nurl = "{address}"\n')
    return project


def test_two_checkouts_share_one_cache(tmp_path: Path, address: str) -> None:
    """What one checkout has made over a bucket, another reuses: nothing runs, and the files are there."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = chain(tmp_path / "one", address).json("run")
    assert {stage["state"] for stage in first["stages"]} == {"executed"}
    second = chain(tmp_path / "two", address)
    assert {stage["state"] for stage in second.json("run")["stages"]} == {"reused"}
    assert (tmp_path / "two/b.txt").read_text() == "oneone"
    assert not (tmp_path / "two/.noteship/store").exists()
    assert len(second.json("runs")["runs"]) == 2


def test_a_checkout_that_is_lost_loses_nothing(tmp_path: Path, address: str) -> None:
    """With the folder gone, ledger and artifacts are still in the bucket, and gc frees none of what is young."""
    (tmp_path / "one").mkdir()
    run = chain(tmp_path / "one", address).json("run")["run"]
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    again = chain(tmp_path / "one", address)
    assert again.json("show", run)["state"] == "done"
    assert again.json("gc")["objects"] == 0
    assert {stage["state"] for stage in again.json("run")["stages"]} == {"reused"}
