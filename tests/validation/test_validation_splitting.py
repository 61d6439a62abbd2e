"""Rows are parted as it was asked, always alike, and what cannot be parted says why."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship.validation import errors
from noteship.validation.holdout import Holdout
from noteship.validation.splitting import alike, check, split


def by_time(share: float = 0.2) -> Holdout:
    return Holdout(share, "time", "date")


def by_group(share: float = 0.2) -> Holdout:
    return Holdout(share, "group", "sender")


@settings(max_examples=30)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=80), st.floats(0.01, 0.5), st.integers(0, 3))
def test_each_class_has_its_share(labels: list[str], share: float, seed: int) -> None:
    """Up to a row or so, and of two rows or more at least one is on either side; every row is on one."""
    answers = pandas.Series(labels)
    parts = split(answers.to_frame("label"), answers, Holdout(share), seed)
    assert sorted([*parts.train, *parts.held]) == list(range(len(labels)))
    for label, rows in answers.value_counts().items():
        held = int((answers.iloc[parts.held] == label).sum())
        assert held == 0 if rows == 1 else 1 <= held < rows
        assert abs(held - rows * share) <= 1
    again = split(answers.to_frame("label"), answers, Holdout(share), seed)
    assert (again.held == parts.held).all()


def test_the_seed_says_which_rows() -> None:
    """Another seed holds other rows out; answers that are numbers are not stratified."""
    frame = pandas.DataFrame({"x": range(100)})
    first, second = (split(frame, None, Holdout(0.25), seed).held for seed in (0, 1))
    assert len(first) == len(second) == 25 and set(first) != set(second)


@pytest.mark.parametrize("kind", ["times", "texts", "years", "zones"])
def test_the_last_rows_are_held_out(kind: str) -> None:
    """Whatever order they lie in; rows of one moment are on one side."""
    days = pandas.Series(pandas.date_range("2026-01-01", periods=50, freq="D").repeat(2))
    column: Any = {
        "times": days,
        "texts": days.dt.strftime("%Y-%m-%d"),
        "years": days.dt.day_of_year,
        "zones": days.dt.tz_localize("UTC"),
    }[kind]
    frame = pandas.DataFrame({"date": column, "number": range(100)}).sample(frac=1, random_state=1)
    frame = frame.reset_index(drop=True)
    parts = split(frame, None, by_time(0.19), 0)
    assert frame.number.iloc[parts.train].max() < frame.number.iloc[parts.held].min()
    assert len(parts.held) == 20 and parts.boundary is not None


def test_missing_times_are_counted() -> None:
    """Those that are not there, and those that are no times."""
    frame = pandas.DataFrame({"date": ["2026-01-01", None, "soon", "2026-01-02", None]})
    with pytest.raises(errors.MissingTimes) as caught:
        split(frame, None, by_time(), 0)
    assert (caught.value.missing, caught.value.unreadable, caught.value.rows) == (2, 1, 5)
    with pytest.raises(errors.TiedTimes):
        split(pandas.DataFrame({"date": [2020] * 30}), None, by_time(), 0)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 12), min_size=30, max_size=200), st.integers(0, 3))
def test_no_group_is_on_both_sides(groups: list[int], seed: int) -> None:
    """And no more rows are held out than a tenth more than asked for."""
    frame = pandas.DataFrame({"sender": groups})
    try:
        parts = split(frame, None, by_group(), seed)
    except errors.GroupTooLarge as error:
        assert error.smallest > 0.22 * len(groups)
        return
    sides = [set(frame.sender.iloc[each]) for each in (parts.train, parts.held)]
    assert not sides[0] & sides[1] and len(parts.held) <= 0.22 * len(groups)
    assert parts.groups == (len(sides[1]), frame.sender.nunique())


def test_rows_without_a_group_are_one() -> None:
    """They may be of one sender, so they are on one side."""
    frame = pandas.DataFrame({"sender": [None] * 10 + [f"s{number}" for number in range(90)]})
    for seed in range(20):
        held = split(frame, None, by_group(), seed).held
        assert sum(place < 10 for place in held) in (0, 10)


def test_a_column_that_is_not_there() -> None:
    """The nearest name is told."""
    with pytest.raises(errors.NoHoldoutColumn, match="nearest: date"):
        split(pandas.DataFrame({"date": [1], "x": [2]}), None, Holdout(0.2, "time", "dat"), 0)


def test_parts_that_tell_nothing() -> None:
    """Too few rows, or one class alone, in either part."""
    many, one = pandas.Series(["a", "b"] * 20), pandas.Series(["a"] * 40)
    check(many, many, classes=True)
    check(one, one, classes=False)
    for train, held, part in ((one, many, "training"), (many, one, "held-out")):
        with pytest.raises(errors.OneClass, match=f"40 rows of the {part} part are 'a'"):
            check(train, held, classes=True)
    with pytest.raises(errors.TooFewRows, match="held-out part has 3 rows"):
        check(many, many.head(3), classes=True)


def test_rows_that_are_alike() -> None:
    """Numbers of other types, and missing values, are alike; texts and numbers are not."""
    first = pandas.DataFrame({"x": [1, 2, 3], "t": ["a", None, "c"]})
    second = pandas.DataFrame({"x": [2.0, 1.0], "t": [None, "b"]})
    assert [each.tolist() for each in alike(first, second)] == [[False, True, False], [True, False]]
    assert not numpy.any(alike(pandas.DataFrame({"x": ["1"]}), pandas.DataFrame({"x": [1]})))


@pytest.mark.parametrize(
    ("text", "holdout"),
    [
        ("0.3", Holdout(0.3)),
        ("time:date", Holdout(0.2, "time", "date")),
        ("group:a:b", Holdout(0.2, "group", "a:b")),
        ("group:sender:0.3", Holdout(0.3, "group", "sender")),
        ("data/test.parquet", Holdout(by="file", file="data/test.parquet")),
    ],
)
def test_a_word_says_a_holdout(text: str, holdout: Holdout) -> None:
    """As the command line takes it; and what is written of it is read as the same."""
    assert Holdout.parse(text) == holdout == Holdout.read(holdout.to_json())


@pytest.mark.parametrize(
    "value",
    [0, 0.6, True, "0.2", [], {"share": 0.2, "by": "time"}, {"by": "luck"}, {"file": ""}, {"column": "x"},
     {"share": 2}, {"share": 0.2, "more": 1}],
)  # fmt: skip
def test_what_is_no_holdout(value: object) -> None:
    """What was expected is told."""
    with pytest.raises(ValueError, match="share"):
        Holdout.read(value)


def test_groups_that_are_too_large_are_told() -> None:
    """One with a third of the rows can never be among a fifth of them."""
    frame = pandas.DataFrame({"sender": ["large"] * 100 + [f"s{number}" for number in range(200)]})
    parts = split(frame, None, by_group(), 0)
    assert parts.largest == 66 and parts.too_large == (1, 100)


def test_what_to_do_is_by_how_rows_are_held_out() -> None:
    """Another column is no remedy for a file, nor for a share of each class alike."""
    of = {by: errors.OneClass("held-out", 300, "0", by).parts() for by in ("file", "time", "share")}
    assert of["file"].remedy == "give another file, with rows of two classes or more" and not of["file"].nearest
    assert "by another column" in of["time"].remedy and of["time"].nearest.startswith("rows that are held out by time")
    assert "another" not in of["share"].remedy
    assert "a file with more rows" in errors.TooFewRows("held-out", 3, 20, "file").parts().remedy


@pytest.mark.parametrize(("old", "held"), [(80, 20), (85, 15), (65, 35), (90, 10)])
def test_rows_of_one_moment_stay_together(old: int, held: int) -> None:
    """About the share that was asked for is held out where a moment has many rows; its rows are on one side."""
    frame = pandas.DataFrame({"when": ["2024-01-01"] * held + ["2023-01-01"] * old})
    parts = split(frame, None, Holdout(by="time", column="when"), 0)
    assert list(parts.held) == list(range(held))
    assert parts.boundary is not None and parts.boundary.startswith("2024-01-01")


@pytest.mark.parametrize(("old", "held"), [(10, 90), (59, 41), (91, 9), (0, 100)])
def test_too_many_rows_of_one_moment_are_an_error(old: int, held: int) -> None:
    """Where no boundary holds out about the share that was asked for, the moment is named with its rows."""
    frame = pandas.DataFrame({"when": ["2023-01-01"] * old + ["2024-01-01"] * held})
    with pytest.raises(errors.TiedTimes, match=f"{max(old, held)} of 100 are of 202"):
        split(frame, None, Holdout(by="time", column="when"), 0)


def test_the_nearest_moment_is_the_boundary() -> None:
    """Of years with as many rows each, the one whose rows come nearest to the share."""
    frame = pandas.DataFrame({"year": [2020 + n // 30 for n in range(210)]})
    parts = split(frame, None, Holdout(0.3, "time", "year"), 0)
    assert (len(parts.held), parts.boundary) == (60, "2025")
