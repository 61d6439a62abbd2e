"""Asking all workers for their samples, and what ended workers had counted."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from noteship.supervising.channel import Collect, Sums
from noteship.supervising.member import Member
from noteship.supervising.sums import Family, Sample, labelled, summed

__all__ = ["Gathering"]

# A worker that does not answer in time is told with what it said before.
PATIENCE_S = 2.0
# What only grows: when a worker ends, its part stays in the sums, or they would seem to begin again.
GROWING = ("counter", "histogram", "summary")


@dataclass(frozen=True)
class _Scrape:
    """Who asked, by which number of its own, who has not answered, and until when that is waited for."""

    asker: int
    number: int
    missing: set[int]
    until: float


class Gathering:
    """What was asked of the workers and has not come; no sum is ever less than one that was told before."""

    def __init__(self) -> None:
        self.restarts = 0
        self._ended: list[Family] = []
        self._scrapes: dict[int, _Scrape] = {}
        self._numbers = itertools.count()

    def begin(self, members: Mapping[int, Member], asker: int, number: int) -> None:
        """Ask everybody."""
        own = next(self._numbers)
        asked = {each.number for each in members.values() if each.channel.send(Collect(own))}
        self._scrapes[own] = _Scrape(asker, number, asked, time.monotonic() + PATIENCE_S)

    def came(self, worker: int, number: int) -> None:
        """A worker has answered."""
        if number in self._scrapes:
            self._scrapes[number].missing.discard(worker)

    def lost(self, worker: int, families: Sequence[Family]) -> None:
        """A worker has ended; these it told last."""
        kept = [family for family in families if family.kind in GROWING and not family.is_own]
        self._ended = summed([self._ended, kept])
        for scrape in self._scrapes.values():
            scrape.missing.discard(worker)

    def due(self, members: Mapping[int, Member], workers: int) -> Iterator[tuple[int, Sums]]:
        """What can be told now, and to whom."""
        now = time.monotonic()
        for own, scrape in list(self._scrapes.items()):
            if not scrape.missing or now > scrape.until:
                del self._scrapes[own]
                yield scrape.asker, Sums(scrape.number, self._sums(members, workers))

    def _sums(self, members: Mapping[int, Member], workers: int) -> list[Family]:
        told = {each.number: each.families for each in members.values()}
        shared = [[family for family in families if not family.is_own] for families in told.values()]
        ready = sum(each.is_loaded for each in members.values())
        states = {"ready": ready, "starting": workers - ready}
        return [
            *summed([*shared, self._ended]),
            *labelled(told),
            _family("noteship_workers", "Worker processes by state.", "gauge", states),
            Family(
                "noteship_worker_restarts",
                "Workers that ended or hung and were replaced.",
                "counter",
                [Sample("noteship_worker_restarts_total", (), self.restarts)],
            ),
        ]


def _family(name: str, about: str, kind: str, states: Mapping[str, float]) -> Family:
    return Family(name, about, kind, [Sample(name, (("state", state),), value) for state, value in states.items()])
