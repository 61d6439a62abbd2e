"""Scoring that is killed, and goes on; with memory that does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy
import pandas
import pytest

from contracts import store_places
from noteship import models, scoring
from noteship.scoring.places import BucketPlace, FolderPlace, Place
from serving.served import rents_bundle

PROCESS = Path(__file__).with_name("scoring_process.py")


def many(count: int) -> pandas.DataFrame:
    rng = numpy.random.default_rng(4)
    return pandas.DataFrame({"size": rng.integers(20, 150, count), "district": rng.choice(["north", "south"], count)})


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_what_was_scored_is_not_scored_again(form: str, rents: models.LoadedModel, tmp_path: Path) -> None:
    """A call that ended early left parts; the same call goes on after them, and the file is as if in one go."""
    rows = many(40_000)
    source, target = tmp_path / f"in.{form}", tmp_path / "out.csv"
    {
        "parquet": lambda: rows.to_parquet(source, row_group_size=12_000),
        "csv": lambda: rows.to_csv(source, index=False),
        "jsonl": lambda: rows.to_json(source, orient="records", lines=True),
    }[form]()
    job = scoring.Job(scoring.spot(str(source)), scoring.spot(str(target)), keep=("size",), part_rows=8192)

    def interrupting(at: scoring.Progress) -> None:
        if at.rows > 20_000:
            raise Interrupted

    with pytest.raises(Interrupted):
        scoring.run(job, rents, interrupting)
    assert not target.exists()
    summary = scoring.run(job, rents)
    assert summary.rows == 40_000
    assert 8192 <= summary.reused <= 20_000
    found = pandas.read_csv(target)
    assert found["size"].tolist() == rows["size"].tolist()
    assert numpy.allclose(found.prediction, rents.predict(rows))
    assert not (tmp_path / "out.csv.parts").exists()


def test_another_call_does_not_go_on_with_these_parts(rents: models.LoadedModel, tmp_path: Path) -> None:
    """Parts of another input or another model count for nothing."""
    rows = many(20_000)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    rows.to_csv(source, index=False)
    job = scoring.Job(scoring.spot(str(source)), scoring.spot(str(target)), part_rows=8192)

    def interrupting(at: scoring.Progress) -> None:
        if at.rows > 10_000:
            raise Interrupted

    with pytest.raises(Interrupted):
        scoring.run(job, rents, interrupting)
    with pytest.raises(Interrupted):
        scoring.run(job, models.LoadedModel("other", "cd" * 32, rents.scorer), interrupting)
    rows[:9000].to_csv(source, index=False)
    assert scoring.run(job, models.LoadedModel("other", "cd" * 32, rents.scorer)).reused == 0
    assert len(pandas.read_csv(target)) == 9000


@pytest.mark.slow
def test_a_killed_process_leaves_what_the_next_goes_on_with(tmp_path: Path) -> None:
    """SIGKILL twice: no scores are there but as parts, and in the end each row is scored once."""
    bundle = rents_bundle(tmp_path)
    rows = many(120_000)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    rows.to_csv(source, index=False)
    command = [sys.executable, str(PROCESS), str(bundle), str(source), str(target)]
    for number in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            time.sleep(0.15 + 0.1 * number)
            process.kill()
        assert not target.exists()
    model = models.LoadedModel("rents", "ab" * 32, models.load(models.read(bundle), models.Trust()))
    summary = scoring.run(scoring.Job(scoring.spot(str(source)), scoring.spot(str(target)), part_rows=8192), model)
    assert summary.rows == len(rows)
    assert summary.reused > 0
    assert len(pandas.read_csv(target)) == len(rows)
    assert numpy.allclose(pandas.read_csv(target).prediction, model.predict(rows))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(rents: models.LoadedModel, tmp_path: Path) -> None:
    """Three times the rows take no more memory."""
    peaks = []
    for count in (15_000, 45_000):
        rows = many(count).assign(note="x" * 200)
        rows.to_csv(tmp_path / f"{count}.csv", index=False)
        job = scoring.Job(
            scoring.spot(str(tmp_path / f"{count}.csv")),
            scoring.spot(str(tmp_path / "out.csv")),
            keep=("note",),
            part_rows=8192,
        )
        tracemalloc.start()
        scoring.run(job, rents)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


@pytest.fixture(params=[*store_places.ALL, "here"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "here":
        return FolderPlace(tmp_path / "place")
    opened = store_places.opened(request.param, tmp_path / "place")
    bucket = opened.__enter__()
    request.addfinalizer(lambda: opened.__exit__(None, None, None))
    return BucketPlace(bucket)


def test_places_keep_files(place: Place) -> None:
    """Every kind of place finds, reads, replaces and removes files alike, and brings them here."""
    assert place.read("a/b.csv") is None
    assert place.find("a/b.csv") is None
    place.write("a/b.csv", [b"x", b"yz"])
    place.write("a/c.csv", [b""])
    place.write("d.csv", [b"q"])
    before = place.find("a/b.csv")
    assert before is not None
    assert (before.name, before.size_bytes) == ("a/b.csv", 3)
    assert [found.name for found in place.found()] == ["a/b.csv", "a/c.csv", "d.csv"]
    with place.local("a/b.csv") as path:
        assert path.read_bytes() == b"xyz"
    place.write("d.csv", [b"new"])
    assert place.read("d.csv") == b"new"
    place.remove("d.csv")
    place.remove("a/")
    assert list(place.found()) == []


def test_rows_and_scores_in_places(place: Place, rents: models.LoadedModel, tmp_path: Path) -> None:
    """Rows of any place are scored into any other, and a second call finds all of it done."""
    rows = many(3000)
    place.write("day=1/a.csv", [rows.to_csv(index=False).encode()])
    place.write("b.parquet", [rows.to_parquet(index=False)])
    place.write("_SUCCESS", [b""])
    here = scoring.Spot("here", FolderPlace(tmp_path / "scores"))
    scoring.run(scoring.Job(scoring.Spot("there", place), here, part_rows=1000), rents)
    assert len(pandas.read_parquet(tmp_path / "scores/b.parquet")) == 3000
    back = scoring.Job(here, scoring.Spot("back", place))
    rows.to_csv(tmp_path / "scores/day=1/a.csv", index=False)
    rows.to_parquet(tmp_path / "scores/b.parquet")
    assert scoring.run(back, rents).reused == 0
    assert scoring.run(back, rents).reused == 6000
    assert (place.read("day=1/a.csv") or b"").startswith(b"prediction\n")
