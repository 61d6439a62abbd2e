"""What is usual at an hour of the week."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.streams_of_rows import PROFILE, observed, sketched
from noteship.monitor import errors
from noteship.monitor.evaluating import Evaluator, settle
from noteship.monitor.pieces import Piece, Place
from noteship.monitor.rhythm import Hour, hour_of, week_of
from noteship.monitor.settings import Settings
from noteship.monitor.state import State
from noteship.monitor.windows import Windows
from noteship.store import open_store

HOUR = 3_600
# Monday, 2026-06-01, midnight in UTC.
MONDAY = 1_780_272_000
WEEK = 7 * 24 * HOUR
ROWS = 1_500


def windows() -> Windows:
    return Windows(open_store("memory:", Path()), Place("local", "mail", "ab" * 32))


def test_hours_and_weeks_begin_on_monday() -> None:
    """The first hour of a week is that after Sunday's midnight, in UTC."""
    assert hour_of(MONDAY) == 0
    assert hour_of(MONDAY - 1) == 167
    assert hour_of(MONDAY + 26 * HOUR) == 26
    assert week_of(MONDAY) == week_of(MONDAY - 1) + 1


def test_a_window_is_counted_once_and_never_compared_with_its_own_week() -> None:
    """Four weeks make a reference for the fifth; the present week has no part in it."""
    place = windows()
    for week in range(4):
        for _ in range(2):
            Hour.count(place, MONDAY + week * WEEK, sketched(observed(ROWS, week, "column"), str(week)))
    _, hour = Hour.read(place, 0)
    assert hour is not None
    assert (hour.weeks, hour.present.rows.sum(), len(hour.windows)) == (3, ROWS, 4)
    now = week_of(MONDAY) + 3
    assert hour.reference(PROFILE, 0.1, 0, now) is None
    reference = hour.reference(PROFILE, 0.1, 0, now + 1)
    assert reference is not None
    assert reference.hour == 0
    moved = PROFILE.encoder.layout.features[5]
    assert moved.name == "c5"
    off = ((reference.feature_masses[5] - PROFILE.feature_masses[5]) ** 2 / PROFILE.feature_masses[5].clip(1e-9)).sum()
    assert off > 0.1
    assert hour.reference(PROFILE, 0.001, 0, now + 1) is None


def _history(rows: int, sizes: list[int] | None = None) -> Hour:
    place = windows()
    for week in range(5):
        given = observed(rows, [40, week])
        Hour.count(place, MONDAY + week * WEEK, sketched(given, str(week), None, sizes))
    _, hour = Hour.read(place, 0)
    assert hour is not None
    return hour


def test_rows_of_one_request_are_one_row_of_the_history() -> None:
    """A reference of requests of ten rows knows no more than one of a tenth of its rows, and may be none."""
    now = week_of(MONDAY) + 5
    assert _history(1_500, [10] * 150).reference(PROFILE, 0.1, 0, now) is None
    wide = _history(6_000, [2] * 3_000).reference(PROFILE, 0.1, 0, now)
    narrow = _history(3_000).reference(PROFILE, 0.1, 0, now)
    assert wide is not None and narrow is not None
    assert wide.radii == pytest.approx(narrow.radii, rel=1e-6)
    assert wide.moments.rows == narrow.moments.rows


def test_a_bin_that_the_history_has_not_seen_keeps_half_a_row() -> None:
    """Whatever share it has in the profile: an empty bin is known to be rare, not to be impossible."""
    hour = _history(3_000)
    reference = hour.reference(PROFILE, 0.1, 0, week_of(MONDAY) + 5)
    assert reference is not None
    rows = hour.past.rows.sum() + hour.present.rows.sum()
    possible = PROFILE.feature_masses > 0
    assert reference.feature_masses[possible].min() > 0.49 / (rows + 0.5 * possible.shape[1])


def test_what_cannot_be_read_is_said() -> None:
    """An hour of another version is not read."""
    with pytest.raises(errors.DamagedDecisions):
        Hour.from_json({"hour": 2})


def alarms(*, is_learned: bool, at_last: str = "unchanged") -> list[int]:
    """Alarms by week: five weeks of four windows a day, of which two are unlike the others; each is settled at once."""
    settings = Settings(window_s=6 * HOUR)
    place = windows()
    evaluator = Evaluator(place, PROFILE, settings)
    found = [0] * 5
    for number in range(5 * 28):
        start = MONDAY + number * settings.window_s
        usual = at_last if number >= 4 * 28 else "unchanged"
        given = observed(ROWS, number, "predictions" if number % 4 < 2 else usual)
        ref = place.read_state()
        sketch = sketched(given, str(number), None if ref is None else State.from_json(ref.value))
        place.write_piece(Piece(start, "pod", "aa", number, ROWS, ROWS, sketch=sketch.to_bytes()))
        decision = evaluator.close(start + settings.window_s + 60)[0]
        if decision.state == "alarm":
            found[number // 28] += 1
            settle(place, by="ada", why="the night is like that", usual_in=PROFILE if is_learned else None)
    return found


@pytest.mark.slow
def test_a_rhythm_that_is_known_does_not_ring() -> None:
    """Nights that are unlike days ring for four weeks; then history is known and they are usual, else they go on."""
    learned = alarms(is_learned=True)
    assert sum(learned[:4]) > 20
    assert learned[4] == 0
    assert alarms(is_learned=False)[4] > 5


@pytest.mark.slow
def test_what_is_not_usual_rings_beside_a_rhythm() -> None:
    """With the nights' history known, days whose correlations change ring."""
    assert alarms(is_learned=True, at_last="correlation")[4] > 5
