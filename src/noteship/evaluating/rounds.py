"""Rounds through the versions of a release: of each, the windows that are due are closed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from noteship import digests, monitor, store, supervising
from noteship.errors import NoteshipError, cut
from noteship.evaluating import decided
from noteship.monitor.living import lengths
from noteship.monitor.pieces import grace_s, stamp, start_of

__all__ = ["Round", "Rounds"]

LOG = logging.getLogger(__name__)
# Versions are looked for so often, or once a window where these are shorter: it takes a listing for each model.
LOOKED_FOR_S = 60.0
# Of a version that nobody serves there may be late pieces, and it may be served again.
IDLE_S = 600.0
# What failed is tried again after so long, or a window where these are shorter.
AGAIN_S = 15.0
# So often it looks whether it is time, and several times a window.
LOOK_S, LOOKS = 1.0, 5
# What was decided is told for so many windows; then it is of another time.
TOLD = 4
# What is done beside the windows, such as deleting what was kept for long enough.
CHORES_S = 3_600.0

Chore = Callable[[float], object]


@dataclass(frozen=True)
class Round:
    """What one round came to: windows that were closed, versions that failed, and versions that are told of."""

    closed: int
    failed: int
    told: int


@dataclass(eq=False)
class _Version:
    """A version as it was found last.

    - asked: the window in which it was last seen to
    - is_awaited: whether there are windows to close: somebody lives who writes them, or some were left
    - again: when what failed is to be tried again; trouble: what is in the way, as it was last logged
    """

    windows: monitor.Windows
    evaluator: monitor.Evaluator | None = None
    asked: int | None = None
    is_awaited: bool = True
    decision: monitor.Decision | None = None
    again: float | None = None
    trouble: str = ""


class Rounds:
    """Closes the windows of every version of a release that are due, again and again; new versions are found.

    Guarantee: what fails for one version, or while the store is away, ends nothing; the next round goes on from there,
    as windows that were not closed stay due. Others may close windows, too: each is decided once.

    - profile_of: of the bundle with this digest; None where the store has none
    - chores: done once an hour, each given the moment
    """

    def __init__(
        self,
        objects: store.Store,
        settings: monitor.Settings,
        profile_of: Callable[[str], monitor.Profile | None],
        *,
        chores: Sequence[Chore] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.closed = self.failures = 0
        self._objects, self._settings, self._profile_of = objects, settings, profile_of
        self._chores, self._chores_at = chores, -CHORES_S
        self._clock = clock
        self._versions: dict[monitor.Place, _Version] = {}
        self._looked_for = -LOOKED_FOR_S
        self._trouble = ""
        self._health = _Health()

    def run(self, stop: threading.Event) -> None:
        """Round after round, until it is stopped."""
        pause_s = min(LOOK_S, self._settings.window_s / LOOKS)
        while not stop.is_set():
            self.step()
            stop.wait(pause_s)

    def step(self) -> Round:
        """One round. Cost: nothing where no window is due, but for a look for new versions once a minute."""
        now = self._clock()
        self._health.begun()
        closed, failures = self.closed, self.failures
        self._find(now)
        for version in self._versions.values():
            if self._is_due(version, now):
                self._see_to(version, now)
        self._do_chores(now)
        is_good = not self._trouble and all(version.again is None for version in self._versions.values())
        self._health.ended(is_good=is_good)
        return Round(self.closed - closed, self.failures - failures, sum(1 for _ in self._told(now)))

    def is_alive(self, within_s: float) -> bool:
        """Whether a round has begun a moment ago: one that hangs is none."""
        return self._health.is_alive(within_s)

    @property
    def is_ready(self) -> bool:
        """Whether the last round did all that was to be done."""
        return self._health.is_good

    def families(self) -> list[supervising.Family]:
        """What was decided last of each version that is served, and how the rounds went; for Prometheus."""
        release = (("release", self._settings.release),)
        told = [
            decided.Closed(
                (*release, ("model", windows.place.model), ("version", windows.place.version)), each, seconds
            )
            for windows, each, seconds in self._told(self._clock())
        ]
        return [
            *decided.families(told),
            _counter(
                "noteship_evaluator_windows_closed", "Windows that the evaluator has closed.", release, self.closed
            ),
            _counter(
                "noteship_evaluator_failures",
                "Times that it could not look for versions, or close the windows of one.",
                release,
                self.failures,
            ),
            supervising.Family(
                "noteship_evaluator_ready",
                "1 where the last round did all that was to be done, else 0.",
                "gauge",
                [supervising.Sample("noteship_evaluator_ready", release, float(self.is_ready))],
            ),
        ]

    def _told(self, now: float) -> Iterator[tuple[monitor.Windows, monitor.Decision, int]]:
        seconds = self._settings.window_s
        for version in list(self._versions.values()):
            each = version.decision
            if each is not None and now - each.start < (TOLD + 1) * seconds:
                yield version.windows, each, seconds

    def _find(self, now: float) -> None:
        """Look for versions where it is time."""
        every = AGAIN_S if self._trouble else LOOKED_FOR_S
        if 0 <= now - self._looked_for < min(every, self._settings.window_s):
            return
        self._looked_for = now
        try:
            found = [place for place in monitor.places(self._objects) if place.release == self._settings.release]
        except Exception as error:
            what = f"versions of {self._settings.release} cannot be looked for"
            self._trouble = self._failed(error, self._trouble, what)
            return
        self._trouble = ""
        for place in found:
            if place not in self._versions:
                LOG.info("watching %s %s", cut(place.model, 100), digests.short(place.version))
                self._versions[place] = _Version(monitor.Windows(self._objects, place))

    def _is_due(self, version: _Version, now: float) -> bool:
        seconds = self._settings.window_s
        if version.again is not None:
            # A clock that was set back makes nobody wait for longer.
            return not 0 < version.again - now <= AGAIN_S
        if version.asked is None:
            return True
        start = start_of(now, seconds)
        wait = seconds if version.is_awaited else max(IDLE_S, seconds)
        return start >= version.asked + wait and now >= start + grace_s(seconds)

    def _see_to(self, version: _Version, now: float) -> None:
        """Close what is due."""
        seconds = self._settings.window_s
        start = start_of(now, seconds)
        place = version.windows.place
        try:
            version.trouble = self._close(version, now)
        except Exception as error:
            what = f"windows of {cut(place.model, 100)} {digests.short(place.version)} are not closed"
            version.trouble = self._failed(error, version.trouble, what)
            version.again = now + min(AGAIN_S, seconds)
            return
        version.again = None
        # Within the time of grace the window before is yet to be closed.
        version.asked = start if now >= start + grace_s(seconds) else start - seconds

    def _close(self, version: _Version, now: float) -> str:
        """Close windows that are due; what is in the way of it, where that is no failure."""
        windows = version.windows
        served = lengths(windows.boots(), windows.heard(), now)
        version.is_awaited = bool(served)
        if version.evaluator is None:
            profile = self._profile_of(windows.place.version)
            if profile is None:
                return self._noted(version, "the store has no profile of its bundle: who serves it closes its windows")
            version.evaluator = monitor.Evaluator(windows, profile, self._settings)
        others = served - {self._settings.window_s}
        if others:
            told = ", ".join(f"{each} s" for each in sorted(others))
            return self._noted(version, f"windows of {told} are served, too: who serves them closes them")
        for decision in version.evaluator.close(now):
            self.closed += 1
            level = logging.WARNING if decision.state == "alarm" else logging.INFO
            LOG.log(level, "%s, window %s: %s", cut(windows.place.model, 100), stamp(decision.start), decision.state)
        version.decision = _last(windows)
        version.is_awaited |= _has_left(windows)
        return ""

    def _noted(self, version: _Version, reason: str) -> str:
        place = version.windows.place
        if version.trouble != reason:
            LOG.warning("%s %s: %s", cut(place.model, 100), digests.short(place.version), reason)
        return reason

    def _do_chores(self, now: float) -> None:
        if 0 <= now - self._chores_at < CHORES_S:
            return
        self._chores_at = now
        for chore in self._chores:
            try:
                chore(now)
            except Exception as error:
                self._failed(error, "", "what was kept for long enough was not deleted")

    def _failed(self, error: Exception, before: str, what: str) -> str:
        """What went wrong, which is counted each time and logged once."""
        self.failures += 1
        said = str(error.parts().fact) if isinstance(error, NoteshipError) else type(error).__name__
        if said != before:
            LOG.warning("%s: %s", what, said)
        return said


@dataclass(eq=False)
class _Health:
    """When rounds began, by a clock that is never set."""

    is_good: bool = False
    _begun: float = field(default_factory=time.monotonic)

    def begun(self) -> None:
        self._begun = time.monotonic()

    def ended(self, *, is_good: bool) -> None:
        self.is_good = is_good

    def is_alive(self, within_s: float) -> bool:
        return time.monotonic() - self._begun <= within_s


def _has_left(windows: monitor.Windows) -> bool:
    """Whether who served it left pieces of a window that is yet to be closed."""
    starts = windows.starts()
    return bool(starts) and not set(starts) <= set(windows.decided(starts[0]))


def _last(windows: monitor.Windows) -> monitor.Decision | None:
    """What was decided last, by whomever."""
    state = windows.read_state()
    last = None if state is None else state.value.get("last")
    return None if last is None else monitor.Decision.from_json(last["decision"])


def _counter(name: str, about: str, labels: tuple[tuple[str, str], ...], value: int) -> supervising.Family:
    return supervising.Family(name, about, "counter", [supervising.Sample(f"{name}_total", labels, float(value))])
