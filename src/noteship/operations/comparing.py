"""The windows of a canary and of the stable version from the store, and what is decided of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noteship import monitor
from noteship.monitor.comparing import Pair, Side
from noteship.monitor.evaluating import gather
from noteship.monitor.pieces import grace_s, stamped
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import profile_in, settings_of

__all__ = ["Compared", "Comparing", "terms_of"]


def terms_of(opened: OpenedProject) -> monitor.Terms:
    """What `[canary]` says."""
    told = opened.settings.canary
    return monitor.Terms(
        told.predictions,
        told.failures,
        told.slower,
        told.work,
        false=told.false_withdrawals,
        missed=told.missed,
        soonest_s=told.soonest_s,
    )


@dataclass(frozen=True)
class Compared:
    """Two releases of one project, with their bundles; `since` when the canary came up, in seconds since 1970."""

    release: str
    bundle: str
    canary: str
    canary_bundle: str
    since: float


class Comparing:
    """Looks again and again: windows that were closed are read once."""

    def __init__(self, opened: OpenedProject, compared: Compared) -> None:
        self._objects, self._compared = opened.store, compared
        self.terms, self.settings = terms_of(opened), settings_of(opened)
        model = opened.name
        self._stable = monitor.Windows(self._objects, monitor.Place(compared.release, model, compared.bundle))
        own = monitor.Place(compared.canary, model, compared.canary_bundle)
        self._calls = monitor.Windows(self._objects, own)
        self._encoded = monitor.Windows(self._objects, own.beside(compared.bundle))
        self.profile = profile_in(self._objects, compared.bundle)
        self._pairs: dict[int, Pair] = {}

    def look(self, now: float) -> monitor.Verdict:
        """What is decided by now. Raises the store's errors."""
        if self.profile is None:
            return monitor.Verdict("go on", "the store has no profile of the stable bundle, so nothing can be compared")
        window_s = self.settings.window_s
        last = now - window_s - grace_s(window_s)
        known = max(self._pairs, default=int(self._compared.since) - 1)
        sides = [dict(self._sides(windows, known, last)) for windows in (self._stable, self._encoded, self._calls)]
        for start in sorted(sides[0].keys() & (sides[1].keys() | sides[2].keys())):
            stable = Side.of(*sides[0][start])
            encoded, calls = sides[1].get(start, (self.profile.sketch(),))[0], sides[2].get(start)
            canary = Side.of(encoded, calls[1] if calls else monitor.Calls())
            if stable.requests or stable.calls:
                self._pairs[start] = Pair(start, stable, canary)
        pairs = [self._pairs[start] for start in sorted(self._pairs)]
        return monitor.compare(pairs, self.terms, window_s, self.profile.moments.values)

    def moved(self, verdict: monitor.Verdict) -> dict[str, str]:
        """Where laws are off most, as rules, by what was compared."""
        if self.profile is None:
            return {}
        rule = self.profile.encoder.rule
        places = {each.what: each.bin for each in verdict.findings if each.bin is not None}
        return {what: " and ".join(rule(what, place)) or "all rows" for what, place in places.items()}

    def _sides(
        self, windows: monitor.Windows, known: int, last: float
    ) -> Iterator[tuple[int, tuple[monitor.Sketch, monitor.Calls]]]:
        """By the start of a window after the last that is known, and that is over: what is kept of it."""
        decided = {}
        for ref in windows.decisions(known + 1):
            start = stamped(ref.name.rpartition("/")[2])
            decided[start] = self._of_decision(windows, ref.value)
        for start in windows.starts():
            if known < start <= last and start not in decided:
                yield start, self._of_pieces(windows, start)
        yield from ((start, each) for start, each in decided.items() if known < start <= last)

    def _of_decision(self, windows: monitor.Windows, value: Mapping[str, Any]) -> tuple[monitor.Sketch, monitor.Calls]:
        return self._sketch(windows, base64.b64decode(value["sketch"])), monitor.Calls.from_json(value.get("calls"))

    def _of_pieces(self, windows: monitor.Windows, start: int) -> tuple[monitor.Sketch, monitor.Calls]:
        assert self.profile is not None
        found = windows.pieces(start)
        calls = sum((piece.calls for piece in found.pieces), monitor.Calls())
        if windows is self._calls:
            return self.profile.sketch(), calls
        return gather(self.profile, found, start).sketch, calls

    def _sketch(self, windows: monitor.Windows, data: bytes) -> monitor.Sketch:
        """Of the canary's own windows, in its own encoding, only the calls count."""
        assert self.profile is not None
        return self.profile.read_sketch(data) if data and windows is not self._calls else self.profile.sketch()
