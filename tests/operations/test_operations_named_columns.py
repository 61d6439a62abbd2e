"""Names of columns that there are not: told before anything is loaded, and where they are said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

from noteship.operations.named_columns import check_columns
from noteship.validation import errors
from noteship.validation.asking import JudgeRequest, Packed
from noteship.validation.holdout import Holdout

ROWS = pandas.DataFrame({"text": ["a"], "sender": ["b"], "date": ["2026-01-01"]})


def _asked(path: Path, **more: Any) -> JudgeRequest:
    return JudgeRequest(Packed("", ""), str(path), "label", **{"holdout": Holdout(), **more})


@pytest.mark.parametrize("form", ["parquet", "feather", "csv"])
def test_columns_are_looked_up_in_the_file(tmp_path: Path, form: str) -> None:
    """What is misspelt is told from the file's own names; what is there passes."""
    path = tmp_path / f"rows.{form}"
    ROWS.to_csv(path, index=False) if form == "csv" else getattr(ROWS, f"to_{form}")(path)
    check_columns(_asked(path, holdout=Holdout(by="time", column="date"), slices=("sender", "text")))
    with pytest.raises(errors.NoHoldoutColumn, match="nearest: date"):
        check_columns(_asked(path, holdout=Holdout(by="time", column="dat")))
    with pytest.raises(errors.UnknownSlice, match="nearest: sender"):
        check_columns(_asked(path, slices=("sendr",)))


def test_slices_are_of_the_held_out_file(tmp_path: Path) -> None:
    """Where rows come from a file of their own, its columns count."""
    ROWS.to_parquet(tmp_path / "rows.parquet")
    ROWS.drop(columns="sender").to_parquet(tmp_path / "held.parquet")
    with pytest.raises(errors.UnknownSlice):
        check_columns(_asked(tmp_path / "rows.parquet", held=str(tmp_path / "held.parquet"), slices=("sender",)))


def test_who_reads_the_rows_has_the_last_word(tmp_path: Path) -> None:
    """Pickles are not opened here, what cannot be read is told later, and pandas numbers equal names."""
    (tmp_path / "rows.sav").write_bytes(b"")
    (tmp_path / "rows.parquet").write_bytes(b"no table")
    (tmp_path / "rows.csv").write_text("a,a\n1,2\n")
    for name in ("rows.sav", "rows.parquet", "rows.csv", "gone.csv"):
        check_columns(_asked(tmp_path / name, slices=("a.1",)))
