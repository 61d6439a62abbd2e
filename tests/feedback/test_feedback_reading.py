"""Files of labels, in every form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas
import pytest

from noteship import models, scoring
from noteship.feedback import errors, read
from noteship.feedback.reading import Labelled, Unfit

ROWS = [
    {"request": "a", "row": 0, "label": "spam"},
    {"request": "a", "row": 1, "label": "ham"},
    {"request": "b", "row": 0, "label": None},
    {"request": "c", "row": 2, "label": "spam"},
]
LABELS = [Labelled(0, "a", 0, "spam"), Labelled(1, "a", 1, "ham"), Labelled(3, "c", 2, "spam")]


def labels(path: Path, output: models.Output | None = None) -> tuple[list[Labelled], list[Unfit], int]:
    """All labels of a file, what is none, and how many rows have none."""
    pieces = list(read(path, output))
    assert all(0 <= piece.share <= 1 for piece in pieces)
    return (
        [each for piece in pieces for each in piece.labels],
        [each for piece in pieces for each in piece.unfit],
        sum(piece.unlabelled for piece in pieces),
    )


def written(folder: Path, suffix: str, rows: list[dict[str, Any]]) -> Path:
    """A file of rows, in the form that its suffix names."""
    path = folder / f"labels{suffix}"
    lines = "\n".join(json.dumps(each) for each in rows)
    if suffix == ".parquet":
        pandas.DataFrame(rows).to_parquet(path)
    elif suffix == ".csv":
        pandas.DataFrame(rows).to_csv(path, index=False)
    elif suffix == ".csv.gz":
        path.write_bytes(gzip.compress(pandas.DataFrame(rows).to_csv(index=False).encode()))
    else:
        path.write_text(json.dumps(rows) if suffix == ".json" else lines)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".csv.gz", ".jsonl", ".json"])
def test_every_form_says_the_same(suffix: str, tmp_path: Path) -> None:
    """Rows are numbered as in the file; those without a label are passed over; the first row is meant without one."""
    path = written(tmp_path, suffix, ROWS)
    assert labels(path) == (LABELS, [], 1)
    path = written(tmp_path, suffix, [{"label": each["label"], "more": 1, "request": each["request"]} for each in ROWS])
    assert {each.row for each in labels(path)[0]} == {0}


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl", ".json"])
@pytest.mark.parametrize("values", [[1, 0], [1.5, -2e30], [True, False]])
def test_labels_keep_their_types(suffix: str, values: list[Any], tmp_path: Path) -> None:
    """Whole numbers, others, and truths, also beside rows without any."""
    rows = [{"request": "a", "row": row, "label": label} for row, label in enumerate(values)]
    found, _, _ = labels(written(tmp_path, suffix, rows))
    assert [(each.label, type(each.label)) for each in found] == [(each, type(each)) for each in values]
    found, _, unlabelled = labels(written(tmp_path, suffix, [*rows, {"request": "a", "row": 2, "label": None}]))
    assert ([each.label for each in found], unlabelled) == (values, 1)


def test_texts_of_csv_are_what_the_classes_are(tmp_path: Path) -> None:
    """A text that is a class stays one; else what looks like a number or a truth is one."""
    path = tmp_path / "labels.csv"
    texts = ["1", "01", "-2.5", "1e3", "True", "false", "1_000", "nan", "1e999", "٣", "no"]
    path.write_text("request,label\n" + "".join(f"a,{text}\n" for text in texts), encoding="utf-8")
    plain = [1, 1, -2.5, 1000.0, True, False, "1_000", "nan", "1e999", "٣", "no"]
    assert [each.label for each in labels(path)[0]] == plain
    output = models.Output("label", "classification", ("1", "True", "no"))
    assert [each.label for each in labels(path, output)[0]][:6] == ["1", 1, -2.5, 1000.0, "True", False]
    numbers = models.Output("label", "classification", (0, 1))
    assert [each.label for each in labels(path, numbers)[0]] == plain


def test_what_cannot_be_a_label_is_named(tmp_path: Path) -> None:
    """With its row's number and the reason; all others are read."""
    path = tmp_path / "labels.jsonl"
    rows: list[Any] = [
        {"request": "a", "label": 1},
        {"request": 7, "label": 1},
        {"request": "", "label": 1},
        {"request": "x" * 201, "label": 1},
        {"request": "a", "row": -1, "label": 1},
        {"request": "a", "row": "one", "label": 1},
        {"request": "a", "row": True, "label": 1},
        {"request": "a", "label": ["spam"]},
        {"request": "a", "label": "x" * 20_000},
        {"request": "a", "label": 10**400},
        ["a", 0, 1],
        {"request": "a", "row": 3.0, "label": 1},
    ]
    path.write_text("\n".join([*map(json.dumps, rows), "no json"]))
    found, unfit, _ = labels(path)
    assert found == [Labelled(0, "a", 0, 1), Labelled(11, "a", 3, 1)]
    reasons = ["expected the id"] * 3 + ["expected the number of a row"] * 3 + ["expected a label"] * 3
    reasons += ["expected an object of JSON"] * 2
    for (number, each), reason in zip(enumerate(unfit, 1), reasons, strict=True):
        assert each.number == (number if number < 11 else 12)
        assert each.reason.startswith(reason)


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    """Columns, forms, and files that are not there."""
    with pytest.raises(scoring.errors.NoRows):
        labels(tmp_path / "absent.csv")
    path = tmp_path / "labels.xlsx"
    path.write_text("")
    with pytest.raises(scoring.errors.UnknownForm):
        labels(path)
    path = tmp_path / "labels.csv"
    path.write_text("id,label\na,1\n")
    with pytest.raises(errors.NoLabelColumns) as caught:
        labels(path)
    assert (caught.value.missing, caught.value.present) == (("request",), ("id", "label"))
    assert "prediction" not in str(caught.value)
    path.write_text("request,label\na,1\n")
    with pytest.raises(errors.NoLabelColumns, match=r"no column prediction(.|\n)*and `prediction`, as"):
        list(read(path, is_answered=True))
    path = tmp_path / "labels.json"
    path.write_text("{")
    with pytest.raises(scoring.errors.RowsUnreadable):
        labels(path)
    path.write_text("[]")
    assert labels(path) == ([], [], 0)


def test_halves_of_characters_are_no_text(tmp_path: Path) -> None:
    """JSON has halves of pairs of surrogates, which cannot be sent; whole pairs are characters."""
    path = tmp_path / "labels.json"
    half, whole = "\\ud83d", "\\ud83d\\ude00"
    given = [(half, "x"), ("a", half), ("a", whole), (whole, "e")]
    rows = [f'{{"request": "{request}", "label": "{label}"}}' for request, label in given]
    path.write_text(f"[{','.join(rows)}]", encoding="ascii")
    found, unfit, _ = labels(path)
    assert [(each.request, each.label) for each in found] == [("a", "\U0001f600"), ("\U0001f600", "e")]
    assert [each.reason[:16] for each in unfit] == ["expected the id ", "expected a label"]
