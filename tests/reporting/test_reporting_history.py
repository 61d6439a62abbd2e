"""What follows from a history: the standing, since when, what is compared, and what is shown together."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest

from noteship import monitor, reporting
from noteship.monitor.decision import Culprit, Share
from noteship.reporting.marks import MOST_MARKS, gaps, marks
from noteship.reporting.tables import facts
from noteship.reporting.verdict import verdict
from reporting.told import SECONDS, START, decision, history

MOVED = (Culprit("size", "input", 20.0, (Share("3 <= size", 0.02, 0.09),)),)


@pytest.mark.parametrize(
    ("states", "later_s", "told"),
    [
        (["learning"], 60, "Learning since 2026-11-23 02:20 UTC: too little was seen"),
        (["learning", "unchanged"], 60, "Unchanged since 2026-11-23 02:25 UTC: within the tolerance"),
        (["unchanged", "unchanged"], 60, "Unchanged since 2026-11-23 02:20 UTC"),
        (["unchanged", "changing"], 60, "Changing since 2026-11-23 02:25 UTC, and not an alarm yet: single columns"),
        (["unchanged", "not enough data"], 60, "Not enough data since 2026-11-23 02:25 UTC: 20 rows are too few"),
        (["unchanged"], 7_200, "Nothing heard since 2026-11-23 02:25 UTC, 2 hours ago; the last window before was: un"),
        ([], 0, "No window was closed yet"),
    ],
)
def test_the_verdict_has_the_state_and_its_beginning(states: list[Any], later_s: float, told: str) -> None:
    """In words, for each state; silence is never health."""
    more: dict[str, Any] = {"drives": ("columns",), "culprits": MOVED}
    decisions = [decision(place, each, **more if each == "changing" else {}) for place, each in enumerate(states)]
    assert verdict(history(decisions, later_s)).startswith(told)


@pytest.mark.parametrize(
    ("rows", "effect", "told"),
    [
        (0, 1.0, "no rows came."),
        (1, 1.0, "1 row is too few to be judged, and will be with the next ones."),
        (20, 1.0, "20 rows are too few to be judged, and will be with the next ones."),
        (5_000, 50.0, "5,000 rows, which say as much as 100 independent ones, are too few to be judged, and will be"),
        (64, 64.0, "64 rows, which say as much as 1 independent one, are too few to be judged, and will be"),
    ],
)
def test_why_rows_are_not_judged_is_said(rows: int, effect: float, told: str) -> None:
    """There are none, few, or many that are alike within their requests."""
    few = decision(0, "not enough data", rows=rows, judged_rows=rows, effect=effect)
    assert verdict(history([few])).startswith(f"Not enough data since 2026-11-23 02:20 UTC: {told}")


def test_a_detector_of_a_newer_version_is_shown_by_its_name() -> None:
    """In the verdict, and where it is said what the evidence comes from."""
    told = history([decision(0, "changing", drives=("seasons <b>",))])
    assert "not an alarm yet: “seasons <b>” has moved." in verdict(told)
    assert "<dt>it comes from</dt><dd><small>seasons &lt;b&gt;</small>" in facts(told)


def test_what_the_evidence_comes_from_is_told_through_small_windows() -> None:
    """Of an alarm it is what rang; without evidence it is nothing in particular."""
    rang = decision(0, "alarm", since=START, drives=("work", "columns"))
    small = decision(1, "alarm", since=START, rows=3, judged_rows=3, log_total=None, joint_p=None)
    assert "<dd><small>work; single columns</small>" in facts(history([rang, small]))
    assert "<dd><small>nothing in particular</small>" in facts(history([decision(0)]))


def test_an_alarm_stays_one_through_small_windows_and_silence() -> None:
    """Its reason is the last that was found; that nothing was heard since is added."""
    since = START + SECONDS
    decisions = [
        decision(0),
        decision(1, "alarm", since=since, drives=("columns",), culprits=MOVED),
        decision(2, "alarm", since=since),
        decision(3, "alarm", since=since, rows=3, log_total=None, joint_p=None),
    ]
    told = history(decisions, later_s=7_200)
    assert told.standing == "alarm"
    assert told.explained == decisions[1]
    assert verdict(told) == (
        "Alarm since 2026-11-23 02:25 UTC, for 15 minutes: single columns have moved, “size” most of all: “3 <= size” "
        "holds for 9.0 % of the rows, and for 2.0 % in the reference. Nothing was heard since 2026-11-23 02:40 UTC."
    )


def test_an_alarm_is_drawn_through_windows_without_rows() -> None:
    """At the height that its evidence had, or at the bell where that is not known; before it they are what they are."""
    quiet = {"rows": 0, "log_total": None, "joint_p": None}
    decisions = [
        decision(0, "not enough data"),
        decision(1, "alarm", since=START + SECONDS, log_total=12.0, drives=("columns",)),
        *(decision(place, "alarm", since=START + SECONDS, **quiet) for place in (2, 3)),
    ]
    drawn = marks(history(decisions))[0]
    assert [each.state for each in drawn] == ["not enough data", "alarm", "alarm", "alarm"]
    assert [each.log_r for each in drawn] == [None, 12.0, 12.0, 12.0]
    assert [round(each.log_r or 0, 2) for each in marks(history(decisions[2:]))[0]] == [10.16, 10.16]


def test_rows_are_told_of_what_is_compared() -> None:
    """Not of the last window alone, which may have none; a chance of one is a share like any other."""
    told = history([decision(0, joint_p=1.0), decision(1, "not enough data", rows=0, requests=0)])
    windows = [reporting.Window(told.decisions[0], b"sketch"), reporting.Window(told.decisions[1])]
    assert "<dd>1,000<small>of the last window that had rows; 0 in the last one</small>" in facts(
        reporting.History.of(windows, monitor.Settings(), told.now)
    )
    one = reporting.History.of(windows[:1], monitor.Settings(), told.now)
    assert "<dt>rows compared</dt><dd>1,000<small>in 500 requests of the last window</small>" in facts(one)
    assert "<dt>chance</dt><dd>100 %<small>" in facts(one)


def test_what_moved_before_an_alarm_was_settled_is_not_told_after() -> None:
    """A window that was judged since and has no drives ends it."""
    decisions = [decision(0, "changing", drives=("columns",), culprits=MOVED), decision(1)]
    assert history(decisions).explained is None
    assert history([*decisions[:1], decision(1, "not enough data")]).explained == decisions[0]


def test_windows_that_are_compared_have_enough_rows_and_none_is_before_the_alarm() -> None:
    """The latest ones, back to a thousand rows."""
    windows = [reporting.Window(decision(place, rows=400), b"sketch") for place in range(6)]
    told = reporting.History.of(windows, monitor.Settings(), START)
    assert [each.decision.start for each in told.compared] == [START + place * SECONDS for place in (3, 4, 5)]
    since = START + 4 * SECONDS
    windows = [
        dataclasses.replace(each, decision=dataclasses.replace(each.decision, state="alarm", since=since))
        if each.decision.start >= since
        else each
        for each in windows
    ]
    told = reporting.History.of(reversed(windows), monitor.Settings(), START)
    assert [each.decision.start for each in told.compared] == [since, since + SECONDS]


def test_gaps_are_where_no_window_was_closed() -> None:
    """Between two of them, and at the end where windows that ended would have been closed."""
    decisions = [decision(place) for place in (0, 1, 5)]
    assert gaps(history(decisions)) == [(START + 2 * SECONDS, START + 5 * SECONDS)]
    assert gaps(history(decisions, 3_600))[1] == (START + 6 * SECONDS, START + 6 * SECONDS + 3_600)


def test_of_windows_that_share_a_mark_the_worst_is_shown() -> None:
    """With the rows of all, the highest evidence, and no more marks than a page has room for."""
    decisions = [decision(place) for place in range(2 * MOST_MARKS + 1)]
    decisions[4] = decision(4, "changing", log_total=6.0)
    decisions[5] = decision(5, "not enough data")
    shown, size = marks(history(decisions))
    assert size == 3
    assert len(shown) <= MOST_MARKS
    assert (shown[1].state, shown[1].log_r, shown[1].rows) == ("changing", 6.0, 2_020)
    assert sum(each.rows for each in shown) == sum(each.rows for each in decisions)
    assert shown[-1].end == decisions[-1].start + SECONDS
    # None reaches over a gap.
    shown, _ = marks(history([*decisions[:1_000], *decisions[1_400:]]))
    assert max(each.end - each.start for each in shown) == 2 * SECONDS


def test_a_window_is_read_as_it_was_written() -> None:
    """From the store's value: the decision, the sketch, late rows; one that was never decided is none."""
    late = {"pieces": ["a"], "rows": 7, "requests": 3}
    value = {"decision": decision(0).to_json(), "sketch": base64.b64encode(b"abc").decode(), "late": late}
    assert reporting.Window.of_value(value) == reporting.Window(decision(0), b"abc", 7)
    assert reporting.Window.of_value(value | {"decision": None}) is None
