"""Rounds through the versions of a release, with real windows in a store, and a clock that is moved."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest

from monitor.streams_of_rows import PROFILE, observed, sketched
from monitor.test_monitor_recorder import Away, Clock
from noteship import evaluating, monitor, store
from noteship.store.bucket import Found
from noteship.store.memory import MemoryBucket

SETTINGS = monitor.Settings()
W = SETTINGS.window_s
FIRST = 1_780_000_200
OLD, NEW = "ab" * 32, "cd" * 32


@dataclass
class Absent(Away):
    """Away for reading, too."""

    def get(self, key: str) -> Found | None:
        """As the bucket, unless it is away."""
        if self.is_away:
            raise store.errors.StoreUnreachable.example()
        return super().get(key)


class Served:
    """A store with windows of two versions, and an evaluator's rounds through them."""

    def __init__(self, bucket: MemoryBucket | None = None, **given: Any) -> None:
        self.objects = store.Store(bucket or MemoryBucket())
        self.clock = Clock(float(FIRST))
        self.rounds = evaluating.Rounds(
            self.objects, SETTINGS, lambda bundle: PROFILE if bundle in (OLD, NEW) else None, clock=self.clock, **given
        )

    def windows(self, version: str = OLD, release: str = "local") -> monitor.Windows:
        return monitor.Windows(self.objects, monitor.Place(release, "mail", version))

    def write(self, number: int, version: str = OLD, kind: str = "unchanged", **given: str) -> None:
        """What a worker says of the window with this number."""
        windows = self.windows(version, **given)
        boot = monitor.Boot("pod", "aa", float(FIRST), W)
        windows.write_boot(boot)
        data = sketched(observed(300, [number, 1], kind), f"{number}").to_bytes()
        windows.write_piece(monitor.Piece(FIRST + number * W, "pod", "aa", number, 300, 300, sketch=data))

    def told(self) -> dict[tuple[str, ...], float]:
        """What Prometheus would be told, by name and labels' values."""
        return {
            (sample.name, *(value for _, value in sample.labels)): sample.value
            for family in self.rounds.families()
            for sample in family.samples
        }


def end_of(number: int) -> float:
    """When the window with this number is due."""
    return FIRST + (number + 1) * W + 30.0


def test_windows_are_closed_once_they_are_due() -> None:
    """Not before the end of the time of grace; then within a second, and once."""
    served = Served()
    served.write(0)
    served.clock.now = end_of(0) - 1
    assert served.rounds.step() == evaluating.Round(0, 0, 0)
    served.clock.now = end_of(0)
    assert served.rounds.step() == evaluating.Round(1, 0, 1)
    assert served.rounds.step().closed == 0
    served.write(1)
    served.clock.now = end_of(1)
    assert served.rounds.step().closed == 1
    assert served.windows().decided() == [FIRST, FIRST + W]
    assert served.rounds.closed == 2


def test_the_last_window_of_who_is_gone_is_closed_when_it_is_due() -> None:
    """Who left a window behind is seen to until it is closed, and seldom after that."""
    served = Served()
    served.write(0)
    served.write(1)
    [boot] = served.windows().boots()
    served.windows().write_boot(dataclasses.replace(boot, ended=end_of(0) - 10))
    served.clock.now = end_of(0)
    assert served.rounds.step().closed == 1
    served.clock.now = end_of(1)
    assert served.rounds.step().closed == 1
    assert served.windows().decided() == [FIRST, FIRST + W]
    served.write(2)
    served.windows().write_boot(dataclasses.replace(boot, ended=end_of(0) - 10))
    served.clock.now = end_of(2)
    assert served.rounds.step().closed == 0


def test_a_new_version_is_found() -> None:
    """A release that is given another bundle is followed within a minute; other releases are left alone."""
    served = Served()
    served.write(0)
    served.clock.now = end_of(0)
    served.rounds.step()
    served.write(1, NEW)
    served.write(1, OLD, release="other")
    served.clock.now = end_of(1)
    assert served.rounds.step().closed == 1
    assert served.windows(NEW).decided() == [FIRST + W]
    assert served.windows(OLD, release="other").decided() == []


def test_what_was_decided_is_told_while_it_is_of_now() -> None:
    """The families that a service tells, with the same labels; of a version that nobody serves any more, no longer."""
    served = Served()
    served.write(0)
    served.clock.now = end_of(0)
    served.rounds.step()
    found = served.told()
    assert found["noteship_window_state", "local", "mail", OLD, "learning"] == 1.0
    assert found["noteship_window_rows", "local", "mail", OLD] == 300.0
    assert found["noteship_evaluator_windows_closed_total", "local"] == 1.0
    assert found["noteship_evaluator_ready", "local"] == 1.0
    served.clock.now = end_of(6)
    served.rounds.step()
    assert not any(name.startswith("noteship_window_") for name, *_ in served.told())


def test_a_store_that_is_away_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The rounds are not ready, say once why, and close everything when it is back; nothing is decided twice."""
    bucket = Absent()
    served = Served(bucket)
    for number in range(3):
        served.write(number)
    served.clock.now = end_of(0)
    served.rounds.step()
    assert served.rounds.is_ready
    bucket.is_away = True
    with caplog.at_level(logging.WARNING):
        for number in range(40):
            served.clock.now = end_of(1) + number
            served.rounds.step()
    assert not served.rounds.is_ready
    assert served.rounds.is_alive(60)
    assert len([each for each in caplog.records if "are not closed" in each.message]) == 1
    # Tried again each quarter of a minute, not each second.
    assert 2 <= served.rounds.failures <= 4
    bucket.is_away = False
    served.clock.now = end_of(2)
    assert served.rounds.step().closed == 2
    assert served.rounds.is_ready
    assert served.windows().decided() == [FIRST, FIRST + W, FIRST + 2 * W]


def test_versions_without_a_profile_are_left_to_others(caplog: pytest.LogCaptureFixture) -> None:
    """A bundle that the store does not have is no failure, and hinders no other version."""
    served = Served()
    served.write(0, "ee" * 32)
    served.write(0, NEW)
    served.clock.now = end_of(0)
    with caplog.at_level(logging.WARNING):
        assert served.rounds.step() == evaluating.Round(1, 0, 1)
    assert "no profile" in caplog.text
    assert served.windows("ee" * 32).decided() == []


def test_windows_of_another_length_are_left_to_who_serves_them() -> None:
    """Where a worker that lives counts in windows of another length, nothing of its version is closed here."""
    served = Served()
    served.write(0)
    boot = monitor.Boot("pod", "bb", end_of(0), 60)
    served.windows().write_boot(boot)
    served.clock.now = end_of(0) + 1
    assert served.rounds.step() == evaluating.Round(0, 0, 0)
    served.windows().write_boot(dataclasses.replace(boot, ended=end_of(0) + 2))
    served.clock.now = end_of(1)
    assert served.rounds.step().closed == 1


def test_several_evaluators_decide_once() -> None:
    """Two at once, as while one takes over from another: each window has one decision, with all its rows."""
    served = Served()
    for number in range(6):
        served.write(number)
    served.clock.now = end_of(5)
    other = evaluating.Rounds(served.objects, SETTINGS, lambda _: PROFILE, clock=served.clock)
    threads = [threading.Thread(target=each.step) for each in (served.rounds, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert served.rounds.closed + other.closed == 6
    assert len(served.windows().decided()) == 6


def test_chores_are_done_once_an_hour() -> None:
    """At the beginning and then each hour; one that fails hinders neither windows nor the next ones."""
    done: list[float] = []

    def failing(now: float) -> None:
        raise store.errors.StoreUnreachable.example()

    served = Served(chores=(failing, done.append))
    for seconds in (0, 10, 3_599, 3_600, 3_700):
        served.clock.now = FIRST + seconds
        served.rounds.step()
    assert done == [FIRST, FIRST + 3_600]
    assert served.rounds.failures == 2


def test_rounds_end_when_they_are_stopped() -> None:
    """At once, also in the pause between two of them."""
    served, stop = Served(), threading.Event()
    thread = threading.Thread(target=served.rounds.run, args=(stop,))
    thread.start()
    begun = time.monotonic()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 2
