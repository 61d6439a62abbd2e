"""Passing on what one worker wants all of them to do, and remembering it for those that start later."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from noteship.supervising.channel import Channel, Obey, Order, Passed

__all__ = ["Passing"]

# Whoever has not done by then what it was told is given up; the asker itself gives up a little later.
PATIENCE_S = 290.0
# As workers say what is wrong: a status and a message.
LOST = b'[503, "a worker ended while it loaded the bundle; nothing was changed"]'
LATE = b'[504, "not every worker has loaded it in time; nothing was changed"]'


@dataclass
class _Passed:
    """An order that was passed on: who has not answered, until when that is waited for, and the first fault."""

    asker: int
    order: Order
    missing: set[int]
    until: float
    fault: bytes = b""
    unfit: set[int] = field(default_factory=set)


class Passing:
    """Orders under way.

    Guarantee: one that is kept reaches every worker, and who cannot do it is to be replaced; one that is not kept
    counts as done only when everybody who was there has done it.
    """

    def __init__(self) -> None:
        self.kept: bytes | None = None
        self._revision = 0
        self._orders: dict[int, _Passed] = {}
        self._numbers = itertools.count()

    @property
    def obeying(self) -> set[int]:
        """The workers that have not yet done what they were told."""
        return {worker for passed in self._orders.values() for worker in passed.missing}

    def begin(self, channels: Mapping[int, Channel], asker: int, order: Order) -> Passed | None:
        """Tell every worker, by its channel; what is returned is to be told the asker, who has come too late."""
        if order.revision != self._revision + 1:
            return Passed(order.number, None)
        if order.is_kept:
            self._revision, self.kept = order.revision, order.payload
        own = next(self._numbers)
        told = Obey(own, order.stage, order.payload)
        asked = {number for number, channel in channels.items() if channel.send(told)}
        passed = _Passed(asker, order, asked, time.monotonic() + PATIENCE_S)
        passed.unfit = set(channels) - asked
        if passed.unfit:
            passed.fault = LOST
        self._orders[own] = passed
        return None

    def came(self, worker: int, number: int, fault: bytes) -> None:
        """A worker has done it, or says why not."""
        passed = self._orders.get(number)
        if passed is not None:
            passed.missing.discard(worker)
            passed.fault = passed.fault or fault
            if fault:
                passed.unfit.add(worker)

    def lost(self, worker: int) -> None:
        """A worker has ended; the one in its place begins with what is kept."""
        for passed in self._orders.values():
            if worker in passed.missing:
                passed.fault = passed.fault or LOST
            passed.missing.discard(worker)
            passed.unfit.discard(worker)

    def due(self) -> Iterator[tuple[int, Passed, set[int]]]:
        """What can be told now, to whom, and which workers are to be replaced."""
        now = time.monotonic()
        for own, passed in list(self._orders.items()):
            if passed.missing and now <= passed.until:
                continue
            del self._orders[own]
            unfit = (passed.unfit | passed.missing) if passed.order.is_kept else set()
            # What is kept is done by all that are left, and those that come.
            late = LATE if passed.missing else b""
            fault = b"" if passed.order.is_kept else passed.fault or late
            yield passed.asker, Passed(passed.order.number, fault), unfit
