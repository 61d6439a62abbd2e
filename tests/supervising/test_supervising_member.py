from __future__ import annotations

import pickle
import time
from collections.abc import Iterator

import pytest

from noteship.supervising import member as members
from noteship.supervising.member import Member


class Sleeping:
    """A worker's work that takes a minute when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[float]]:
        return time.sleep, (60.0,)


@pytest.fixture
def sleeping() -> Iterator[Member]:
    """A process that says nothing."""
    member = Member(0, pickle.dumps(Sleeping()), {})
    member.is_loaded = True
    yield member
    member.kill()
    member.ended()


def test_who_was_told_to_load_may_be_silent_for_longer(sleeping: Member) -> None:
    """A worker that is silent for eleven seconds hangs, and one that loads does so after two minutes."""
    sleeping.heard = time.monotonic() - members.SILENT_S - 1
    assert "its event loop has hung for 11 seconds" in sleeping.hangs(30)
    assert sleeping.hangs(30, is_loading=True) == ""
    sleeping.heard -= members.LOADING_SILENT_S
    assert "its event loop has hung" in sleeping.hangs(30, is_loading=True)


def test_who_was_killed_hangs_no_more(sleeping: Member) -> None:
    """It is said once of a worker that it is killed; then it ends."""
    sleeping.heard = 0.0
    assert not sleeping.has_ended
    sleeping.kill()
    assert sleeping.hangs(30) == ""
    while not sleeping.has_ended:
        time.sleep(0.01)
    assert sleeping.ended() == "it was ended by SIGKILL"
