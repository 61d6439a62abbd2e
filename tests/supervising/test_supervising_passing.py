from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from noteship.supervising import passing as passings
from noteship.supervising.channel import Channel, Obey, Order, Passed
from noteship.supervising.passing import Passing

Ends = dict[int, tuple[Channel, Channel]]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Two workers' channels, both ends of each."""
    pairs = {}
    for number in range(2):
        here, there = Channel.pair()
        pairs[number] = (here, Channel(socket.socket(fileno=there.detach())))
    yield pairs
    for here, there in pairs.values():
        here.close()
        there.close()


def begin(passing: Passing, ends: Ends, order: Order) -> Passed | None:
    return passing.begin({number: here for number, (here, _) in ends.items()}, 0, order)


def test_an_order_is_answered_when_all_have_obeyed(ends: Ends) -> None:
    """Everybody is told; the first fault is the answer, and nothing is kept of what was only prepared."""
    passing = Passing()
    assert begin(passing, ends, Order("prepare", 1, b"plan", is_kept=False, number=7)) is None
    assert [there.receive() for _, there in ends.values()] == [Obey(0, "prepare", b"plan")] * 2
    passing.came(0, 0, b"")
    assert list(passing.due()) == []
    passing.came(1, 0, b"no room")
    assert list(passing.due()) == [(0, Passed(7, b"no room"), set())]
    assert passing.kept is None
    assert list(passing.due()) == []


def test_what_is_kept_is_done_by_all_who_stay(ends: Ends) -> None:
    """A worker that cannot do what is kept is to be replaced by one that begins with it."""
    passing = Passing()
    begin(passing, ends, Order("apply", 1, b"plan", is_kept=True))
    assert passing.kept == b"plan"
    passing.came(0, 0, b"")
    passing.came(1, 0, b"no room")
    assert list(passing.due()) == [(0, Passed(0, b""), {1})]


def test_an_order_that_follows_nothing_comes_too_late(ends: Ends) -> None:
    """Of two changes of the same state the second is refused, and nobody is told."""
    passing = Passing()
    begin(passing, ends, Order("apply", 1, b"plan", is_kept=True))
    for _, there in ends.values():
        there.receive()
    assert begin(passing, ends, Order("apply", 1, b"other", is_kept=True, number=3)) == Passed(3, None)
    assert passing.kept == b"plan"
    assert [there.receive() for _, there in ends.values()] == [None, None]


def test_a_worker_that_has_ended_is_not_waited_for(ends: Ends) -> None:
    """The one in its place has begun with what is kept."""
    passing = Passing()
    begin(passing, ends, Order("apply", 1, b"plan", is_kept=True))
    passing.came(0, 0, b"")
    passing.lost(1)
    assert list(passing.due()) == [(0, Passed(0, b""), set())]


def statuses(passing: Passing) -> list[int]:
    """What can be told now."""
    return [json.loads(passed.fault or b"[200]")[0] for _, passed, _ in passing.due()]


def test_what_a_worker_did_not_live_to_prepare_is_not_agreed_on(ends: Ends) -> None:
    """An order that is not kept fails with the worker that ends before it has done it, and only then."""
    passing = Passing()
    begin(passing, ends, Order("prepare", 1, b"plan", is_kept=False))
    passing.came(0, 0, b"")
    passing.lost(1)
    assert statuses(passing) == [503]
    begin(passing, ends, Order("prepare", 1, b"plan", is_kept=False))
    passing.came(1, 1, b"")
    passing.lost(1)
    assert passing.obeying == {0}
    passing.came(0, 1, b"")
    assert passing.obeying == set()
    assert statuses(passing) == [200]


def test_who_cannot_be_told_has_not_prepared(ends: Ends) -> None:
    """A worker whose channel takes nothing counts as one that could not."""
    passing = Passing()
    ends[1][1].close()
    begin(passing, ends, Order("prepare", 1, b"plan", is_kept=False))
    passing.came(0, 0, b"")
    assert statuses(passing) == [503]


def test_what_is_not_prepared_in_time_is_not_agreed_on(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the patience is over, who has not answered has not agreed."""
    monkeypatch.setattr(passings, "PATIENCE_S", -1)
    passing = Passing()
    begin(passing, ends, Order("prepare", 1, b"plan", is_kept=False))
    passing.came(0, 0, b"")
    assert statuses(passing) == [504]
