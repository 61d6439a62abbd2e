"""Closing windows in a store: each is decided once, whoever does it and whoever is killed."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import store_places
from monitor.streams_of_rows import PROFILE, observed, sketched
from noteship.monitor.decision import Decision
from noteship.monitor.evaluating import Evaluator, closes, settle
from noteship.monitor.pieces import Boot, Piece, Place, stamp
from noteship.monitor.rhythm import Hour, hour_of
from noteship.monitor.settings import Settings
from noteship.monitor.state import State
from noteship.monitor.windows import Windows
from noteship.monitor.writing import Writer
from noteship.store import Store

SETTINGS = Settings()
FIRST = 1_780_000_200
W = SETTINGS.window_s
PLACE = Place("local", "mail", "ab" * 32)


@pytest.fixture(params=store_places.ALL)
def windows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Windows]:
    with store_places.opened(request.param, tmp_path) as bucket:
        yield Windows(Store(bucket), PLACE)


def state_of(windows: Windows) -> State:
    ref = windows.read_state()
    return State() if ref is None else State.from_json(ref.value)


def piece(number: int, boot: str = "aa", rows: int = 300, kind: str = "unchanged", **given: Any) -> Piece:
    """What a worker says of the window with this number."""
    state = given.pop("state", None)
    made = given.pop("made", None)
    data = b""
    if rows:
        sketch = sketched(observed(rows, [number, int(boot, 16), rows], kind), f"{number} {boot}", state)
        data = sketch.to_bytes()
    return Piece(FIRST + number * W, "pod", boot, number, rows, rows, sketch=made or data, **given)


def end_of(number: int) -> float:
    """When the window with this number is due."""
    return FIRST + (number + 1) * W + 30


def evaluator(windows: Windows) -> Evaluator:
    return Evaluator(windows, PROFILE, SETTINGS)


def value_of(windows: Windows, number: int) -> dict[str, Any]:
    ref = windows.read_decision(FIRST + number * W)
    assert ref is not None
    return dict(ref.value)


def test_windows_that_are_due_are_closed(windows: Windows) -> None:
    """The pieces of two workers add up; a window under way, or in its time of grace, is left alone."""
    for number in (0, 1, 2):
        assert windows.write_piece(piece(number, "aa"))
        assert windows.write_piece(piece(number, "bb", rows=200))
    close = closes(SETTINGS)(windows, PROFILE)
    assert close(end_of(0) - 1) == []
    decisions = close(end_of(1))
    assert [(each.start, each.rows, each.members) for each in decisions] == [
        (FIRST, 500, ("pod-aa-0", "pod-bb-0")),
        (FIRST + W, 500, ("pod-aa-1", "pod-bb-1")),
    ]
    assert windows.decided() == [FIRST, FIRST + W]
    assert Decision.from_json(value_of(windows, 1)["decision"]) == decisions[1]
    assert close(end_of(1)) == []
    assert state_of(windows).upto == FIRST + W
    assert state_of(windows).witness is not None


def test_windows_without_a_service_are_no_windows(windows: Windows) -> None:
    """Where nobody wrote a piece nothing is decided; a window that a worker lived in without rows is."""
    windows.write_piece(piece(0))
    windows.write_piece(piece(7, rows=0))
    decisions = evaluator(windows).close(end_of(9))
    assert [(each.start - FIRST) // W for each in decisions] == [0, 7]
    assert decisions[1].state == "not enough data"


def test_any_number_may_close_at_once(windows: Windows) -> None:
    """Of four evaluators at the same time, each window is decided by one."""
    for number in range(5):
        windows.write_piece(piece(number))
    start = threading.Barrier(4)
    found: list[Decision] = []

    def work() -> None:
        one = evaluator(windows)
        start.wait()
        found.extend(one.close(end_of(4)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.start for each in found) == [FIRST + number * W for number in range(5)]
    assert state_of(windows).judged == 5
    assert windows.decided() == [FIRST + number * W for number in range(5)]


def test_a_decision_whose_writer_was_killed_is_written_by_the_next(windows: Windows) -> None:
    """Between the state's move and the decision's writing nothing is lost, and nothing is counted twice."""
    windows.write_piece(piece(0))
    evaluator(windows).close(end_of(0))
    written = value_of(windows, 0)
    windows.objects.delete_ref(f"{windows.prefix}decided/{stamp(FIRST)}")
    _, hour = Hour.read(windows, hour_of(FIRST))
    assert evaluator(windows).close(end_of(0)) == []
    assert value_of(windows, 0) == written
    _, again = Hour.read(windows, hour_of(FIRST))
    assert hour is not None
    assert again is not None
    assert hour.to_json() == again.to_json()
    assert hour.present.rows.sum() == 300


def test_late_pieces_are_added_to_the_totals_once(windows: Windows) -> None:
    """A piece that comes after its window was closed changes no decision; coming again, it is known."""
    one = evaluator(windows)
    windows.write_piece(piece(0))
    windows.write_piece(piece(1))
    one.close(end_of(1))
    decided, state = value_of(windows, 0), state_of(windows)
    late = piece(0, "bb", rows=70)
    for _ in range(2):
        windows.write_piece(late)
        assert one.close(end_of(1)) == []
        value = value_of(windows, 0)
        assert value["late"] == {"pieces": ["pod-bb-0"], "rows": 70, "requests": 70}
        assert value["decision"] == decided["decision"]
        assert windows.starts() == [FIRST + W]
    windows.write_piece(piece(0))
    one.close(end_of(1))
    assert value_of(windows, 0)["late"]["rows"] == 70
    assert state_of(windows).to_json() == state.to_json()


def test_a_window_of_which_all_pieces_are_late_has_totals(windows: Windows) -> None:
    """Where the store was away from a worker while others went on, its rows are counted, without a decision."""
    one = evaluator(windows)
    windows.write_piece(piece(3))
    one.close(end_of(3))
    windows.write_piece(piece(1, rows=40))
    one.close(end_of(3))
    assert value_of(windows, 1)["decision"] is None
    assert value_of(windows, 1)["late"]["rows"] == 40


def test_pieces_are_deleted_one_window_after_theirs(windows: Windows) -> None:
    """Pieces of the window that was closed last are still there; those of windows before are not."""
    one = evaluator(windows)
    for number in range(3):
        windows.write_piece(piece(number))
        one.close(end_of(number))
    one.close(end_of(2))
    assert windows.starts() == [FIRST + 2 * W]


def test_counts_are_kept_for_five_weeks(windows: Windows) -> None:
    """Five weeks later a window's counts are dropped, and its decision stays."""
    one = evaluator(windows)
    for number in (0, 1, 35 * 288):
        windows.write_piece(piece(number))
        assert len(one.close(end_of(number))) == 1
    assert [bool(value_of(windows, number)["sketch"]) for number in (0, 1, 35 * 288)] == [False, True, True]
    assert value_of(windows, 0)["decision"]["rows"] == 300


def test_a_worker_that_says_nothing_is_missed(windows: Windows) -> None:
    """A boot that lives and has no piece is named, once; one that ended before, or was not yet there, is not."""
    one = evaluator(windows)
    boots = [Boot("gone", "aa", FIRST, W), Boot("here", "bb", FIRST, W), Boot("new", "cc", FIRST + 3 * W, W)]
    for boot in (*boots, Boot("over", "dd", FIRST - W, W, ended=FIRST)):
        windows.write_boot(boot)
    windows.write_piece(dataclasses.replace(piece(0, "aa"), replica="gone"))
    for number in range(3):
        windows.write_piece(dataclasses.replace(piece(number, "bb"), replica="here"))
    decisions = one.close(end_of(2))
    assert [each.missing for each in decisions] == [(), ("gone",), ()]
    windows.write_piece(dataclasses.replace(piece(400, "bb"), replica="here"))
    one.close(end_of(400))
    assert [boot.replica for boot in windows.boots()] == ["here", "new"]


def test_windows_of_the_future_wait(windows: Windows) -> None:
    """Pieces of a clock that is ahead are left alone and told of; when their time has come, they count."""
    one = evaluator(windows)
    windows.write_piece(piece(0))
    windows.write_piece(piece(50, "bb"))
    decision = one.close(end_of(0))[0]
    assert any("of the future" in note for note in decision.notes)
    assert decision.rows == 300
    windows.write_piece(piece(1))
    assert len(one.close(end_of(1))) == 1
    assert [each.rows for each in one.close(end_of(50))] == [300]


def test_pieces_that_cannot_be_added_are_told(windows: Windows) -> None:
    """Another profile's, damaged and unreadable pieces are not counted; the others are, and the notes say which."""
    other = piece(0, "cc", made=sketched(observed(100, 1), "z").to_bytes().replace(PROFILE.digest.encode(), b"0" * 64))
    windows.write_piece(piece(0, "aa", lost=3))
    windows.write_piece(other)
    windows.write_piece(piece(0, "dd", made=b"nothing"))
    windows.objects.write_ref(f"{windows.prefix}windows/{stamp(FIRST)}/pod-ee-0", {"format": 99}, expected=None)
    decision = evaluator(windows).close(end_of(0))[0]
    assert decision.members == ("pod-aa-0",)
    assert decision.rows == 300
    told = "\n".join(decision.notes)
    for expected in ("pod-cc-0", "pod-dd-0", "pod-ee-0", "3 rows were answered and not counted"):
        assert expected in told
    evaluator(windows).close(end_of(0))
    assert value_of(windows, 0)["late"]["rows"] == 0


def test_an_alarm_stays_until_it_is_settled(windows: Windows) -> None:
    """It rings on after what changed has gone; settled, it begins anew, and the next decision says by whom."""
    one = evaluator(windows)
    assert not settle(windows, by="ada", why="nothing rang")
    for number, kind in enumerate([*["unchanged"] * 2, *["column"] * 4, "unchanged"]):
        windows.write_piece(piece(number, rows=1_000, kind=kind, state=state_of(windows)))
        decision = one.close(end_of(number))[0]
    assert (decision.state, decision.since is not None) == ("alarm", True)
    assert settle(windows, by="ada", why="a campaign")
    assert not settle(windows, by="ada", why="twice")
    windows.write_piece(piece(7, rows=1_000, state=state_of(windows)))
    decision = one.close(end_of(7))[0]
    assert decision.state == "learning"
    assert decision.since is None
    assert "settled by ada: a campaign" in decision.notes
    windows.write_piece(piece(8, rows=1_000, state=state_of(windows)))
    assert one.close(end_of(8))[0].notes == ()


def test_an_alarm_that_was_usual_is_told_as_one(windows: Windows) -> None:
    """The next decision says that its windows count as usual ones."""
    one = evaluator(windows)
    for number in range(2):
        windows.write_piece(piece(number, rows=3_000, kind="work"))
        decision = one.close(end_of(number))[0]
    assert decision.state == "alarm"
    assert settle(windows, by="ada", why="a sale", usual_in=PROFILE)
    windows.write_piece(piece(2))
    assert "settled by ada: a sale, and its windows are usual ones" in one.close(end_of(2))[0].notes


def test_workers_bet_on_what_was_decided(windows: Windows) -> None:
    """Two workers write, one of them closes, both take the witness; a correlation that begins then rings."""
    now = [float(FIRST)]
    writers = [
        Writer(windows.objects, SETTINGS, closes(SETTINGS), clock=lambda: now[0], replica=name) for name in ("a", "b")
    ]
    recorders = [writer.begin("mail", PLACE.version, PROFILE) for writer in writers]
    for number in range(8):
        for side, recorder in enumerate(recorders):
            given = observed(500, [number, side, 9], "correlation" if number > 2 else "unchanged")
            ids = [f"{number} {side} {place}" for place in range(500)]
            recorder.add(now[0] + 1, given, ids, [1] * 500)
        now[0] = FIRST + (number + 1) * W + 1
        for _ in range(2):
            for writer in writers:
                writer.step()
            now[0] += 70
    decisions = [Decision.from_json(value_of(windows, number)["decision"]) for number in range(8)]
    assert [(each.rows, each.missing) for each in decisions] == [(1_000, ())] * 8
    assert "correlations" not in decisions[0].log_e
    assert all("correlations" in each.log_e for each in decisions[2:])
    assert (decisions[2].state, decisions[-1].state) == ("learning", "alarm")
    assert "correlations" in decisions[-1].drives
