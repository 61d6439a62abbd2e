"""Files of rows in, files of scores out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy
import pandas
import pytest

from noteship import models, scoring
from noteship.scoring import errors

ROWS = 500


@pytest.fixture
def rows() -> pandas.DataFrame:
    rng = numpy.random.default_rng(3)
    return pandas.DataFrame(
        {
            "id": [f"r{number:04}" for number in range(ROWS)],
            "district": rng.choice(["north", "south", "west"], ROWS),
            "size": rng.integers(20, 150, ROWS),
        }
    )


def write(rows: pandas.DataFrame, path: Path) -> Path:
    if path.name.endswith(".parquet"):
        rows.to_parquet(path, row_group_size=90)
    elif ".csv" in path.name:
        rows.to_csv(path, index=False)
    else:
        rows.to_json(path, orient="records", lines=True)
    return path


def read(path: Path) -> pandas.DataFrame:
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    return pandas.read_csv(path) if ".csv" in path.name else pandas.read_json(path, lines=True)


def job(source: Path, target: Path, **more: object) -> scoring.Job:
    return scoring.Job(scoring.spot(str(source)), scoring.spot(str(target)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["in.parquet", "in.csv", "in.csv.gz", "in.jsonl", "in.jsonl.gz"])
@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl", "out.csv.gz"])
def test_every_form_gives_the_same_scores(
    source: str, target: str, rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path
) -> None:
    """Whatever the rows are read from and the scores are written to, they are those of the frame."""
    asked = job(write(rows, tmp_path / source), tmp_path / target, keep=("id", "size"), part_rows=100)
    summary = scoring.run(asked, rents)
    assert (summary.rows, summary.files, summary.bad_rows) == (ROWS, 1, 0)
    found = read(tmp_path / target)
    assert list(found.columns) == ["id", "size", "prediction"]
    assert found["id"].tolist() == rows["id"].tolist()
    assert found["size"].astype(int).tolist() == rows["size"].tolist()
    assert numpy.allclose(found["prediction"], rents.predict(rows), rtol=1e-9)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source, target])


def test_probabilities_have_a_column_for_each_class(letters: models.LoadedModel, tmp_path: Path) -> None:
    """A classification's scores have the label, and the probability of each class by its name."""
    pandas.DataFrame({"text": ["dear madam", 'a "salty", snack\nwith a line', ""]}).to_csv(tmp_path / "in.csv")
    scoring.run(job(tmp_path / "in.csv", tmp_path / "out.parquet"), letters)
    found = pandas.read_parquet(tmp_path / "out.parquet")
    assert list(found.columns) == ["prediction", "probability_letter", "probability_review"]
    assert numpy.allclose(found.probability_letter + found.probability_review, 1)
    same = letters.score(pandas.read_csv(tmp_path / "in.csv", keep_default_na=False))
    assert found.prediction.tolist() == same.predictions.tolist()


def test_a_folder_is_scored_file_by_file(rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path) -> None:
    """A folder's files keep their names and forms; a later call scores what is new or was changed."""
    folder = tmp_path / "in"
    (folder / "day=1").mkdir(parents=True)
    write(rows, folder / "day=1/a.parquet")
    write(rows[:30], folder / "b.csv")
    (folder / "_SUCCESS").touch()
    (folder / "notes.txt").touch()
    assert scoring.run(job(folder, tmp_path / "out"), rents).rows == ROWS + 30
    assert len(pandas.read_parquet(tmp_path / "out/day=1/a.parquet")) == ROWS
    write(rows[:50], folder / "b.csv")
    write(rows[:5], folder / "c.jsonl")
    again = scoring.run(job(folder, tmp_path / "out"), rents)
    assert (again.rows, again.reused) == (ROWS + 55, ROWS)
    assert len(read(tmp_path / "out/b.csv")) == 50
    with pytest.raises(errors.OtherScores, match="another keep"):
        scoring.run(job(folder, tmp_path / "out", keep=("id",)), rents)


def test_a_row_that_does_not_fit_is_named(rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path) -> None:
    """The error has file, row and field; the values are not told."""
    rows["size"] = rows["size"].astype(object)
    rows.loc[217, "size"] = "large, and secret"
    rows.loc[400, "size"] = "huge"
    write(rows, tmp_path / "in.csv")
    with pytest.raises(errors.RowDoesNotFit, match="row 217") as caught:
        scoring.run(job(tmp_path / "in.csv", tmp_path / "out.csv"), rents)
    assert caught.value.field == "size"
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_bad_rows_are_set_aside(form: str, rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path) -> None:
    """With a file for bad rows the others are scored; each bad one is there with its place, reason and values."""
    rows["size"] = rows["size"].astype(object)
    rows.loc[[3, 217, 218, 499], "size"] = "large"
    source = write(rows, tmp_path / f"in.{form}")
    asked = job(source, tmp_path / "out.csv", keep=("id",), bad_rows=tmp_path / "bad.jsonl", part_rows=50)
    summary = scoring.run(asked, rents)
    assert (summary.rows, summary.bad_rows) == (ROWS, 4)
    told = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [each["row"] for each in told] == [3, 217, 218, 499]
    assert told[0] | {"values": 0} == {
        "file": str(source),
        "row": 3,
        "field": "size",
        "expected": "an integer",
        "got": "text",
        "values": 0,
    }
    assert told[0]["values"] == {"district": rows.district[3], "size": "large", "id": "r0003"}
    assert read(tmp_path / "out.csv")["id"].tolist() == rows["id"].drop([3, 217, 218, 499]).tolist()


def test_lines_that_are_no_objects_are_bad_rows(rents: models.LoadedModel, tmp_path: Path) -> None:
    """A line that is not JSON, or no object, is a row that does not fit; blank lines are none."""
    good = json.dumps({"size": 40, "district": "north"})
    (tmp_path / "in.jsonl").write_text(f"{good}\n\n{{broken\n[1, 2]\n{good}\n")
    asked = job(tmp_path / "in.jsonl", tmp_path / "out.jsonl", bad_rows=tmp_path / "bad")
    assert scoring.run(asked, rents).bad_rows == 2
    assert len(read(tmp_path / "out.jsonl")) == 2


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_no_rows_give_no_scores(form: str, rents: models.LoadedModel, tmp_path: Path) -> None:
    """A file without rows has scores without rows, under the same columns."""
    empty = pandas.DataFrame({"size": pandas.Series(dtype="int64"), "district": pandas.Series(dtype=object)})
    write(empty, tmp_path / f"in.{form}")
    asked = job(tmp_path / f"in.{form}", tmp_path / "out.csv", keep=("size",))
    assert scoring.run(asked, rents).rows == 0
    assert (tmp_path / "out.csv").read_text() == "size,prediction\n"


def test_what_cannot_be_is_said(rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path) -> None:
    """Wrong paths, forms and columns are errors with their cause, and leave nothing behind."""
    source = write(rows, tmp_path / "in.csv")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "in.xlsx").touch()
    with pytest.raises(errors.NoRows):
        scoring.run(job(tmp_path / "none.csv", tmp_path / "out.csv"), rents)
    with pytest.raises(errors.UnknownForm):
        job(tmp_path / "in.xlsx", tmp_path / "out.csv")
    with pytest.raises(errors.MissingTarget, match="folder"):
        scoring.run(job(tmp_path, tmp_path / "out.csv"), rents)
    with pytest.raises(errors.MissingTarget, match="written over"):
        scoring.run(job(source, source), rents)
    with pytest.raises(errors.NoSuchColumn, match=r"no column key(.|\n)*do: correct --keep"):
        scoring.run(job(source, tmp_path / "out.csv", keep=("key",)), rents)
    with pytest.raises(errors.NameTaken):
        scoring.run(job(source, tmp_path / "out.csv", keep=("prediction",)), rents)
    with pytest.raises(errors.RowsUnreadable, match="ArrowInvalid"):
        scoring.run(job(tmp_path / "torn.parquet", tmp_path / "out.csv"), rents)
    assert not (tmp_path / "out.csv").exists()


def test_a_model_that_fails_is_said_without_values(
    rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path
) -> None:
    """What the steps raise is told by its kind and the rows' numbers."""

    class Failing(models.LoadedModel):
        def score_encoded(self, frame: pandas.DataFrame) -> models.Scores:
            raise ValueError(f"a secret: {frame.iloc[0, 0]}")

    failing = Failing("rents", rents.digest, rents.scorer)
    with pytest.raises(errors.ScoringFailed, match="rows 0 to 499") as caught:
        scoring.run(job(write(rows, tmp_path / "in.csv"), tmp_path / "out.csv"), failing)
    assert "secret" not in str(caught.value)


def test_packed_scores_of_equal_rows_are_equal_bytes(
    rows: pandas.DataFrame, rents: models.LoadedModel, tmp_path: Path
) -> None:
    """gzip holds no time and no name."""
    source = write(rows, tmp_path / "in.csv")
    for name in ("a.csv.gz", "b.csv.gz"):
        scoring.run(job(source, tmp_path / name), rents)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).startswith(b"prediction\n")


@pytest.mark.parametrize("text", ["size,district\n40,north,x\n", "size,district\n40,north\n40,north,x\n"])
def test_rows_longer_than_the_header_are_not_moved(text: str, rents: models.LoadedModel, tmp_path: Path) -> None:
    """A field too many is an error, not another column's value."""
    (tmp_path / "in.csv").write_text(text)
    with pytest.raises(errors.RowsUnreadable, match="fields"):
        scoring.run(job(tmp_path / "in.csv", tmp_path / "out.csv"), rents)


@pytest.mark.parametrize(
    ("text", "size"),
    [("40", 40), (" 40", 40), ("4_0", None), ("40.0", 40), ("40.5", None), ("1e2", 100), ("", None), ("inf", None)],
)
def test_numbers_of_csv_are_what_they_look_like(
    text: str, size: int | None, rents: models.LoadedModel, tmp_path: Path
) -> None:
    """What is no whole number in a file is none here, whatever Python would read of it."""
    (tmp_path / "in.csv").write_text(f"size,district\n{text},north\n")
    asked = job(tmp_path / "in.csv", tmp_path / "out.csv", bad_rows=tmp_path / "bad.jsonl")
    assert scoring.run(asked, rents).bad_rows == int(size is None)
    if size is not None:
        frame = pandas.DataFrame({"size": [size], "district": ["north"]})
        assert numpy.allclose(read(tmp_path / "out.csv").prediction, rents.predict(frame))


def test_addresses_of_buckets_are_files_or_folders() -> None:
    """An address that ends in a form's suffix is a file, any other one a folder; nothing is asked yet."""
    assert scoring.spot("s3://team-a/reviews/today.csv.gz").name == "today.csv.gz"
    assert scoring.spot("s3://team-a/today.parquet").name == "today.parquet"
    folder = scoring.spot("s3://team-a/reviews/")
    assert folder.name is None
    assert folder.shown("a.csv") == "s3://team-a/reviews/a.csv"
