"""Decisions: what rings, what drives it, and what is no evidence."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.streams_of_rows import PROFILE, Stream, observed, plain, sketched
from noteship.monitor import errors
from noteship.monitor.deciding import Gathered, decide
from noteship.monitor.decision import Decision
from noteship.monitor.fields import Observed, Predictions
from noteship.monitor.reference import Reference
from noteship.monitor.settings import Settings
from noteship.monitor.state import State

# One alarm in a hundred windows.
OFTEN = Settings(false_alarm_s=100 * 300)


@pytest.mark.parametrize("kind", ["unchanged", "harmless", "sampled"])
def test_streams_that_stay_within_the_tolerance_do_not_ring(kind: str) -> None:
    """Thirty windows in each of four streams are learned from, then unchanged; work may be counted of a tenth."""
    for seed in range(4):
        decisions = Stream(seed).windows(30, 800, kind)
        assert {each.state for each in decisions[:12]} == {"learning"}
        assert {each.state for each in decisions[12:]} == {"unchanged"}
        assert all(each.log_total is None or each.log_total < 4 for each in decisions)


@pytest.mark.parametrize(
    ("kind", "detectors"),
    [
        ("correlation", {"inputs", "correlations"}),
        ("predictions", {"predictions"}),
        ("weights", {"joint", "correlations"}),
        ("work", {"work"}),
        ("column", {"columns"}),
    ],
)
def test_a_change_rings_and_says_where_it_is(kind: str, detectors: set[str]) -> None:
    """Within eight windows of 1,000 rows it is an alarm, driven by the detector of what changed."""
    stream = Stream(1)
    stream.windows(13, 1_000)
    decisions = stream.windows(8, 1_000, kind)
    assert decisions[-1].state == "alarm"
    assert decisions[-1].drives
    assert set(decisions[-1].drives) & detectors
    first = next(each for each in decisions if each.state == "alarm")
    assert decisions[-1].since == first.start


def test_an_alarm_names_the_column_the_bins_and_the_pair() -> None:
    """A column that moved is the culprit, with shares by bin; a correlation is named by its two columns."""
    stream = Stream(2)
    stream.windows(3, 1_000)
    decision = stream.windows(4, 1_000, "column")[-1]
    assert [each.feature for each in decision.culprits] == ["c5"]
    share = decision.culprits[0].shares[0]
    assert share.what.endswith("<= c5")
    assert share.window > 1.5 * share.reference
    other = Stream(3)
    other.windows(3, 1_000)
    decision = other.windows(4, 1_000, "correlation")[-1]
    assert decision.pairs[0].what == "c3 with c4"
    assert abs(decision.pairs[0].reference) < 0.05
    assert decision.pairs[0].window > 0.6
    assert not decision.culprits


def test_the_rule_that_moved_is_in_words() -> None:
    """Of a detector that drives an alarm, the leaf that moved most is told with its shares then and now."""
    stream = Stream(4)
    stream.windows(3, 1_000)
    decision = stream.windows(4, 1_000, "work")[-1]
    assert [("work" in each.what, each.window > 2 * each.reference) for each in decision.moved] == [(True, True)]
    assert decision.work is not None
    assert decision.work.ratio == pytest.approx(1.5, abs=0.05)


def test_what_is_shown_beside() -> None:
    """The joint distance's probability, the expected accuracy and the work are told of unchanged windows, too."""
    decision = Stream(5).windows(1, 2_000)[0]
    assert decision.joint_p is not None
    assert 1e-3 < decision.joint_p <= 1
    assert decision.accuracy is not None
    given = observed(2_000, [5, 0, 7])
    assert given.predictions.probabilities is not None
    likeliest = given.predictions.probabilities.max(axis=1)
    assert decision.accuracy.expected == pytest.approx(likeliest.mean(), abs=1e-5)
    assert decision.work is not None
    assert decision.work.ratio == pytest.approx(1.0, abs=0.05)
    assert decision.work.share == 1


def test_small_windows_are_judged_together() -> None:
    """Three windows of 60 rows are not enough data; with the fourth all 240 rows are judged."""
    stream = Stream(6)
    decisions = stream.windows(4, 60)
    assert [each.state for each in decisions] == ["not enough data"] * 3 + ["learning"]
    assert [each.judged_rows for each in decisions] == [60, 120, 180, 240]
    assert [each.windows for each in decisions] == [1, 2, 3, 4]
    assert stream.state.judged == 1
    assert [each.log_total is None for each in decisions] == [True, True, True, False]


def test_empty_windows_say_nothing() -> None:
    """Windows without rows are not enough data, change no evidence, and keep no sketch."""
    stream = Stream(7)
    stream.windows(1, 500)
    before = dict(stream.state.log_r)
    decision = stream.judge(Gathered(300, PROFILE.sketch()))
    assert decision.state == "not enough data"
    assert (stream.state.log_r, stream.state.waiting) == (before, b"")
    assert decision.accuracy is None
    assert decision.work is None


def test_rows_of_a_request_that_are_alike_do_not_ring() -> None:
    """Requests of twenty equal rows count as a twentieth, before and after that is known."""
    stream = Stream(8, OFTEN)
    decisions = []
    for window in range(20):
        single = observed(300, [8, window])
        repeated = single.taken(numpy.repeat(numpy.arange(300), 20))
        decisions.append(stream.window(repeated, [20] * 300))
    assert "alarm" not in {each.state for each in decisions}
    assert decisions[0].effect == 20
    assert decisions[-1].effect == pytest.approx(20, rel=0.05)


def test_rows_of_a_request_that_are_independent_count_fully_once_that_is_known() -> None:
    """Requests of twenty independent rows count as a twentieth at first, and nearly fully after twelve windows."""
    stream = Stream(9)
    decisions = [stream.window(observed(6_000, [9, window]), [20] * 300) for window in range(14)]
    assert decisions[0].effect == 20
    assert decisions[-1].effect < 1.3


def test_work_that_is_always_the_same_says_nothing_of_the_rows() -> None:
    """Where every row takes the same work it is not known how alike rows are in it; the others are known."""
    stream = Stream(16)
    for window in range(14):
        given = observed(4_000, [16, window])
        same = Observed(given.numbers, given.others, given.predictions, numpy.full(4_000, 400.0))
        decision = stream.window(same, [20] * 200)
    assert decision.effect < 2
    assert decision.judged_rows == 4_000


def test_a_request_larger_than_any_before_is_not_trusted() -> None:
    """After windows of requests of one row, the rows of one large request all count as the same."""
    stream = Stream(10)
    stream.windows(13, 500)
    decision = stream.window(observed(500, 77, "column"), [500])
    assert decision.state == "not enough data"
    assert decision.effect == 500


def test_what_is_known_of_small_requests_says_nothing_of_a_larger_one() -> None:
    """Among requests of two independent rows, the rows of the first large one beyond two count as the same."""
    stream = Stream(13)
    for window in range(13):
        stream.window(observed(800, [13, window]), [2] * 400)
    sizes = [*[2] * 400, 500]
    size = sum(each**2 for each in sizes) / sum(sizes)
    same = observed(1, [13, 77]).taken(numpy.zeros(500, int))
    rows = observed(800, [13, 78])
    joined = numpy.concatenate([rows.numbers, same.numbers])
    assert rows.work is not None and same.work is not None
    assert rows.predictions.probabilities is not None and same.predictions.probabilities is not None
    predictions = Predictions(
        numpy.concatenate([rows.predictions.labels, same.predictions.labels]),
        numpy.concatenate([rows.predictions.probabilities, same.predictions.probabilities]),
        rows.predictions.classes,
    )
    given = Observed(joined, (), predictions, numpy.concatenate([rows.work, same.work]))
    decision = stream.window(given, sizes)
    assert decision.effect > size - 1.01
    assert decision.state == "not enough data"


def test_rows_of_two_hours_with_two_references_are_not_judged_together() -> None:
    """What waits to be judged belongs to its hour: when another reference's hour begins, it is let go, and said."""
    profile = Reference.of_profile(PROFILE, 0.1)
    hour = dataclasses.replace(profile, hour=3)
    state, states = State(), []
    for window, reference in enumerate([profile, profile, hour, hour, hour, hour]):
        sketch = sketched(observed(60, [14, window]), f"w {window}", state)
        state, decision = decide(PROFILE, Settings(), state, Gathered(300 * window, sketch), (reference, reference))
        states.append((decision.judged_rows, decision.windows, decision.state))
    assert states[:2] == [(60, 1, "not enough data"), (120, 2, "not enough data")]
    assert states[2:] == [(60, 1, states[0][2]), (120, 2, states[0][2]), (180, 3, states[0][2]), (240, 4, "learning")]


def test_what_is_let_go_is_said() -> None:
    """The decision tells how many rows were not judged."""
    profile = Reference.of_profile(PROFILE, 0.1)
    state = State()
    for window, hour in enumerate([None, 3]):
        reference = dataclasses.replace(profile, hour=hour)
        sketch = sketched(observed(60, [15, window]), f"w {window}", state)
        state, decision = decide(PROFILE, Settings(), state, Gathered(300 * window, sketch), (reference, reference))
        state = State.from_json(json.loads(json.dumps(state.to_json())))
    assert any("60 rows before it were too few" in note for note in decision.notes)


def test_bets_that_nobody_published_do_not_count() -> None:
    """Sums of a witness that is not of this state are left out."""
    stream, other = Stream(11), Stream(12)
    stream.windows(2, 500)
    other.windows(2, 500)
    foreign = sketched(observed(500, 1), "x", other.state)
    assert "correlations" not in stream.judge(Gathered(600, foreign)).log_e
    assert "correlations" in stream.windows(1, 500)[0].log_e


def _parts(given: Observed, state: State) -> list[Gathered]:
    edges = itertools.pairwise([0, 100, 350, 400, 600])
    return [Gathered(900, sketched(given.part(start, end), f"part {start}", state)) for start, end in edges]


@given(st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_merging_does_not_matter(order: list[int]) -> None:
    """Pieces added in any order give the same counts, and the same evidence up to rounding."""
    stream = Stream(13)
    stream.windows(3, 600)
    before, start = stream.state, stream.start
    parts = _parts(observed(600, 99, "column"), before)
    decisions = []
    for places in (range(4), order):
        sketch = PROFILE.sketch()
        for place in places:
            sketch = sketch + parts[place].sketch
        stream.state, stream.start = before, start
        decisions.append(stream.judge(Gathered(start, sketch)))
    assert plain(decisions[0]) == plain(decisions[1])
    for one, other in zip(decisions[0].log_e.values(), decisions[1].log_e.values(), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_the_same_window_decided_twice_gives_the_same_bytes() -> None:
    """From a state that was written and read, decision and next state are what they are from the state itself."""
    stream = Stream(14)
    stream.windows(3, 600)
    stream.windows(1, 50)
    written = json.dumps(stream.state.to_json())
    gathered = Gathered(stream.start, sketched(observed(700, 5, "correlation"), "y", stream.state))
    decision = stream.judge(gathered)
    after = json.dumps(stream.state.to_json())
    stream.state = State.from_json(json.loads(written))
    again = stream.judge(gathered)
    assert json.dumps(again.to_json()) == json.dumps(decision.to_json())
    assert json.dumps(stream.state.to_json()) == after


def test_a_decision_is_read_as_it_was_written() -> None:
    """JSON and back change nothing, of an alarm with all that it tells."""
    stream = Stream(15)
    stream.windows(3, 1_000)
    decision = dataclasses.replace(stream.windows(4, 1_000, "column")[-1], members=("a",), notes=("b",), missing=("c",))
    assert decision.culprits
    assert Decision.from_json(json.loads(json.dumps(decision.to_json()))) == decision


def test_what_cannot_be_read_is_said() -> None:
    """A decision or a state of another version, or with a part that is missing, is no decision and no state."""
    stream = Stream(16)
    decision = stream.windows(1, 300)[0].to_json()
    state = stream.state.to_json()
    for value in (decision | {"decision": 2}, decision | {"start": "x"}, {}):
        with pytest.raises(errors.DamagedDecisions):
            Decision.from_json(value)
    for value in (state | {"state": 2}, state | {"memory": {}}, {}):
        with pytest.raises(errors.DamagedDecisions):
            State.from_json(value)


def test_the_state_is_small() -> None:
    """What is written after each window is less than 32 KB for six columns."""
    stream = Stream(17)
    stream.windows(3, 500)
    assert len(json.dumps(stream.state.to_json())) < 32_768
