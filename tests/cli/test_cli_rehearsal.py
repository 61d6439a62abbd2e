"""`monitor --rows FILE --time COLUMN`: rows judged window by window by their times."""

from __future__ import annotations

from pathlib import Path

import numpy
import pandas
import pytest

from cli.projects import Project
from cli.watched_projects import bundled, rows

TIMED = ("monitor", "--time", "at", "--rows")


def timed(count: int, seed: int, *, a_day: int = 300, changed_from: int | None = None) -> pandas.DataFrame:
    """Rows with their times, so many a day, in no order; a column has risen in those from a number on."""
    frame = rows(count, seed)
    frame["at"] = pandas.Timestamp("2026-03-01") + pandas.to_timedelta(numpy.arange(count) * 86_400 // a_day, unit="s")
    if changed_from is not None:
        frame.loc[changed_from:, "c3"] += 0.6
    return frame.sample(frac=1, random_state=0)


def test_a_stream_that_changes(project: Project, tmp_path: Path) -> None:
    """10 and the window of the alarm, with what moved; every window has its decision; A is the budget by windows."""
    bundled(project)
    path, page = tmp_path / "later.parquet", tmp_path / "page.html"
    timed(5_400, 5, changed_from=3_900).to_parquet(path)
    answer = project.call(*TIMED, str(path), "--window", "1d", "--report", str(page))
    assert answer.code == 10, answer.err
    assert "◆ One alarm in the window of 2026-03-1" in answer.out
    for told in ("one in 90.0 windows of 1 day", "R, bell at 90", "2026-03-18     ◆ alarm", "column that moved     c3"):
        assert told in answer.out
    for told in ("One alarm in the window of 2026-03-1", f"rows of {path}", "the alarm goes on to the end"):
        assert told in page.read_text()
    answer = project.call(*TIMED, str(path), "--window", "1d", "--anew", "--json")
    document = answer.document
    assert (answer.code, document["verdict"], document["bell"], document["window_s"]) == (10, "alarm", 90, 86_400)
    assert [each["rows"] for each in document["windows"]] == [300] * 18
    assert document["windows"][0]["state"] == "learning"
    rang = [each["start"] for each in document["windows"] if each["state"] == "alarm"]
    assert document["alarms"] == rang
    assert len(rang) > 1 and rang[0] >= "20260314"
    assert (
        "alarms, the first in the window of 2026-03-1"
        in project.call(*TIMED, str(path), "--window", "1d", "--anew").out
    )


@pytest.mark.slow
def test_streams_that_do_not(project: Project, tmp_path: Path) -> None:
    """0 without an alarm, also where rows do not fit; 11 where all windows together are too few."""
    bundled(project)
    path = tmp_path / "same.csv"
    frame = timed(4_200, 6, a_day=150).astype({"c0": object})
    frame.iloc[0, 0] = "x"
    frame.to_csv(path, index=False)
    answer = project.call(*TIMED, str(path), "--window", "1d", "--last", "3")
    assert answer.code == 0, answer.err
    assert "● No alarm; 28 windows with rows, judged in 14 groups" in answer.out
    assert "1 row did not fit" in answer.out
    assert len(project.json(*TIMED, str(path), "--window", "1d", "--last", "3")["windows"]) == 3
    few = tmp_path / "few.jsonl"
    timed(150, 7).to_json(few, orient="records", lines=True, date_format="iso")
    answer = project.call(*TIMED, str(few))
    assert (answer.code, "× Not enough data" in answer.out) == (11, True)


def test_times_that_are_none(project: Project, tmp_path: Path) -> None:
    """A row without a time that can be read is refused with its number, and its value is not told."""
    bundled(project)
    path = tmp_path / "bad.csv"
    frame = timed(20, 8).astype({"at": str})
    numbers = (("1037664000", "got a number"), ("1999", "got a number"), ("1.5e9", "got a number"))
    for value, got in (("soon", "got text that is no date"), *numbers, ("0102-02-02", "got "), (None, "got nothing")):
        frame.iloc[7, frame.columns.get_loc("at")] = value
        frame.to_csv(path, index=False)
        answer = project.call(*TIMED, str(path))
        assert answer.code == 2
        for told in (
            f"column 'at' of {path} has no time for 1 of 20 rows",
            "row 7 (from 0)",
            got,
            "do: write times as dates",
        ):
            assert told in answer.err


def test_columns_and_windows_that_make_no_sense(project: Project, tmp_path: Path) -> None:
    """Numbers could be of any unit; a column may not be there; no budget is for windows longer than its time."""
    bundled(project)
    path = tmp_path / "rows.parquet"
    timed(20, 8).to_parquet(path)
    answer = project.call("monitor", "--rows", str(path), "--time", "c0")
    assert (answer.code, "no time for 20 of 20 rows" in answer.err) == (2, True)
    assert "got a number, and nobody has said of which unit" in answer.err
    answer = project.call(*TIMED, str(path), "--window", "10d")
    assert (answer.code, "windows of 10 days are too long for one false alarm in 90 days" in answer.err) == (2, True)
    assert 'false_alarms = "1 per 100d"' in answer.err
    answer = project.call("monitor", "--rows", str(path), "--time", "tat")
    assert (answer.code, "has no column tat" in answer.err, "nearest: at; it has" in answer.err) == (1, True, True)
    assert "do: correct --time" in answer.err
    answer = project.call("monitor", "--rows", f"{path}x", "--time", "at")
    assert (answer.code, f"there is no file {path}x" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--time", "at"], "--rows FILE --time COLUMN"),
        (["--rows", "a.csv", "--window", "1d"], "--window is for rows that are judged by their times"),
        (["--rows", "a.csv", "--anew"], "--anew is for rows that are judged by their times"),
        (["--rows", "a.csv", "--time", "at", "--window", "soon"], "'soon' is no duration in whole seconds"),
        (["--rows", "a.csv", "--time", "at", "--window", "90"], "'90' is no duration in whole seconds"),
        (["--rows", "a.csv", "--report", "a.html"], "do: --rows FILE --time COLUMN --report OUT.html"),
    ],
)
def test_words_that_go_together_only(project: Project, words: list[str], told: str) -> None:
    """Options that need others end with 2 before anything is done."""
    answer = project.call("monitor", *words)
    assert (answer.code, told in answer.err) == (2, True), answer.err
