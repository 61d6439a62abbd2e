"""Rows judged window by window by their times, without a service."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy
import pytest

from monitor.streams_of_rows import PROFILE, Stream, observed
from noteship.monitor import Observed, Predictions, Rehearsed, Settings, errors, gains, rehearse

DAY_S = 86_400
SETTINGS = Settings(window_s=DAY_S)
KINDS = ["unchanged"] * 13 + ["column"] * 4
ROWS = 400


def joined(parts: list[Observed]) -> Observed:
    """All rows, one part after the other."""
    predictions = [part.predictions for part in parts]
    probabilities = numpy.concatenate([each.probabilities for each in predictions if each.probabilities is not None])
    labels = numpy.concatenate([each.labels for each in predictions])
    work = numpy.concatenate([part.work for part in parts if part.work is not None])
    numbers = numpy.concatenate([part.numbers for part in parts])
    return Observed(numbers, (), Predictions(labels, probabilities, predictions[0].classes), work)


def days(kinds: list[str], rows: int = ROWS) -> tuple[Observed, numpy.ndarray[Any, Any]]:
    """As many rows a day of each kind, and their times."""
    parts = [observed(rows, [number, 11], kind) for number, kind in enumerate(kinds)]
    return joined(parts), 1_000 * DAY_S + numpy.arange(rows * len(kinds)) * DAY_S // rows


def words(windows: list[Rehearsed]) -> list[str]:
    """The states."""
    return [each.decision.state for each in windows]


def test_it_learns_and_then_rings_and_goes_on_ringing() -> None:
    """The states are those of a service: learning, unchanged, an alarm in the first windows of the change, and on."""
    windows = list(rehearse(PROFILE, *days(KINDS), SETTINGS))
    found = words(windows)
    assert found[:12] == ["learning"] * 12
    assert found[12] == "unchanged"
    assert found[-2:] == ["alarm", "alarm"]
    assert windows[-1].decision.since == 1_000 * DAY_S + found.index("alarm") * DAY_S
    assert [each.feature for each in windows[-1].decision.culprits] == ["c5"]
    assert sum(each.sketch.rows for each in windows) == len(KINDS) * ROWS


def test_it_decides_as_an_evaluator_does() -> None:
    """Windows of the same rows, closed one after the other, have the same states and the same budget."""
    rows, seconds = days(KINDS)
    stream = Stream(settings=SETTINGS)
    live = [stream.window(rows.part(start, start + ROWS)) for start in range(0, len(rows), ROWS)]
    found = [each.decision for each in rehearse(PROFILE, rows, seconds, SETTINGS)]
    assert [each.state for each in found] == [each.state for each in live]
    assert [each.log_budget for each in found] == [each.log_budget for each in live]


def test_evidence_is_gathered_anew_after_each_alarm() -> None:
    """With `anew` each alarm begins in its own window, and the next decision says who has settled it."""
    windows = list(rehearse(PROFILE, *days(KINDS + ["column"] * 4), SETTINGS, anew=True))
    rang = [each.decision for each in windows if each.decision.state == "alarm"]
    assert len(rang) > 2
    assert all(each.since == each.start for each in rang)
    after = windows[words(windows).index("alarm") + 1].decision
    assert "settled by the rehearsal" in after.notes[0]


def test_the_order_of_the_rows_does_not_matter() -> None:
    """Rows in another order, with other times than the order, give the same decisions; equal calls the same bytes."""
    rows, seconds = days(KINDS)
    order = numpy.random.default_rng(0).permutation(len(rows))
    plain = [each.decision.to_json() for each in rehearse(PROFILE, rows, seconds, SETTINGS)]
    assert plain == [each.decision.to_json() for each in rehearse(PROFILE, rows, seconds, SETTINGS)]
    # Seconds are all different, so that the order by time is one order.
    mixed = [each.decision.to_json() for each in rehearse(PROFILE, rows.taken(order), seconds[order], SETTINGS)]
    assert mixed == plain


def test_small_windows_wait_for_the_next() -> None:
    """Days of 90 rows say so; every third one is judged with the two before it, and has the places of all three."""
    windows = list(rehearse(PROFILE, *days(["unchanged"] * 7, rows=90), SETTINGS))
    assert words(windows) == ["not enough data", "not enough data", "learning"] * 2 + ["not enough data"]
    assert [len(each.places) for each in windows] == [90, 90, 270, 90, 90, 270, 90]
    assert windows[2].decision.judged_rows == 270


def test_windows_without_rows_are_none() -> None:
    """A gap of days has no decisions, and windows begin at multiples of their length, before 1970 too."""
    rows = observed(600, 1)
    seconds = numpy.repeat([-DAY_S // 2, 5 * DAY_S + 7], 300)
    windows = list(rehearse(PROFILE, rows, seconds, SETTINGS))
    assert [each.decision.start for each in windows] == [-DAY_S, 5 * DAY_S]


def test_times_are_as_many_as_rows() -> None:
    """Fewer times than rows are refused."""
    with pytest.raises(errors.UnfitRows, match="times"):
        list(rehearse(PROFILE, observed(10, 1), numpy.zeros(9, int), SETTINGS))


def test_rows_that_a_change_is_about_come_first() -> None:
    """Of a column that has risen, the rows with its highest values gain most, and others have no part in it."""
    windows = list(rehearse(PROFILE, *days(["column"] * 6), SETTINGS))
    decision = windows[-1].decision
    window = observed(ROWS, [5, 11], "column")
    found = gains(PROFILE, decision, window, window)
    top = numpy.argsort(-found)[:20]
    assert window.numbers[top, 5].mean() > 1.5
    assert abs(window.numbers[top, :5].mean()) < 0.3
    without = dataclasses.replace(decision, culprits=(), drives=("inputs",))
    assert len(numpy.unique(gains(PROFILE, without, window, window))) <= PROFILE.encoder.bins["inputs"]
