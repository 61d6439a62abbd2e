"""Rows with a time, judged window by window as a service's would have been: without a store and a clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy

from noteship.monitor import errors
from noteship.monitor.betting import PairBet
from noteship.monitor.deciding import Gathered, decide
from noteship.monitor.decision import Decision
from noteship.monitor.fields import Observed
from noteship.monitor.judging import sketched
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.state import State
from noteship.monitor.streams import Array

__all__ = ["Rehearsal", "Rehearsed", "rehearse"]

SETTLED = {"by": "the rehearsal", "why": "each alarm is told, and evidence is gathered anew"}


class Rehearsal:
    """One evaluator of one stream: windows are decided in their order, and each is compared with the profile.

    bet: with which the rows of the next window are to be counted.
    """

    def __init__(self, profile: Profile, settings: Settings) -> None:
        self._profile, self._settings, self._state = profile, settings, State()
        reference = Reference.of_profile(profile, settings.tolerance)
        self._references = reference, reference
        self.bet: PairBet | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the last window was too small, and is judged together with the next."""
        return bool(self._state.waiting)

    def close(self, start: int, sketch: Sketch) -> Decision:
        """Decide the window that began at `start`, in seconds since 1970. Cost: about 2 ms."""
        gathered = Gathered(start, sketch)
        self._state, decision = decide(self._profile, self._settings, self._state, gathered, self._references)
        witness = self._state.witness
        self.bet = None if witness is None else PairBet(witness, self._profile.encoder.layout.dimensions)
        return decision

    def settle(self) -> None:
        """Gather evidence anew, as after an alarm that somebody has settled; the next decision says so."""
        self._state = dataclasses.replace(self._state, since=None, log_r={}, weighed=0, settled=SETTLED)


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """A window of a rehearsal.

    - decision, sketch: as live
    - places: of the rows that were judged, those of small windows before it among them; of a small window, its own
    """

    decision: Decision
    sketch: Sketch
    places: Array


def rehearse(
    profile: Profile, observed: Observed, seconds: Array, settings: Settings, *, anew: bool = False
) -> Iterator[Rehearsed]:
    """Judge rows in the order of their times, in windows of `settings.window_s`; each row is a request of its own.

    An alarm goes on to the end, as it would where nobody settles it. With `anew` each is settled at once, so that the
    next one is told as well. A window without rows is none, as when nobody served. Every window is compared with the
    profile: hours of the week have no history here.

    Parameters: seconds since 1970 by row, (n,), whole.
    Guarantee: equal arguments give equal decisions. Raises UnfitRows.
    """
    if len(seconds) != len(observed):
        raise errors.UnfitRows("the times are not as many as the rows")
    order = numpy.argsort(seconds, kind="stable")
    starts = seconds[order] // settings.window_s * settings.window_s
    rehearsal = Rehearsal(profile, settings)
    waiting: list[Array] = []
    for places in numpy.split(order, numpy.flatnonzero(numpy.diff(starts)) + 1):
        start = int(seconds[places[0]] // settings.window_s * settings.window_s)
        sketch = sketched(profile, observed.taken(places), str(start), rehearsal.bet)
        decision = rehearsal.close(start, sketch)
        waiting.append(places)
        if rehearsal.is_waiting:
            yield Rehearsed(decision, sketch, places)
            continue
        yield Rehearsed(decision, sketch, numpy.concatenate(waiting))
        waiting = []
        if anew and decision.state == "alarm":
            rehearsal.settle()
