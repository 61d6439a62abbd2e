"""Closes windows: whoever does, each is decided once."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from noteship import store
from noteship.monitor import errors
from noteship.monitor.calls import Calls
from noteship.monitor.deciding import Gathered, decide
from noteship.monitor.decision import Decision
from noteship.monitor.keeping import KeptRows
from noteship.monitor.pieces import Boot, Piece, grace_s, stamp, start_of
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference
from noteship.monitor.rhythm import Hour, hour_of, week_of
from noteship.monitor.settings import Settings
from noteship.monitor.state import State
from noteship.monitor.windows import Found, Windows

__all__ = ["Evaluator", "closes", "gather", "settle"]

# What boots that have ended, or are silent, are still good for: to be looked at.
BOOT_KEPT_S = 86_400.0
# A window's counts are kept for five weeks, to be looked at, or to be said to be usual; its decision for ever.
COUNTS_KEPT_S = 35 * 86_400
# So often it is looked for rows that have been kept for long enough.
SWEEP_S = 3_600.0
# Pieces that are told of one by one.
MOST_TOLD = 5


class Evaluator:
    """Closes the windows of one version that are due. Any number may do so at once, in any process.

    A window is decided by moving the state by compare-and-swap; who loses goes on from the winner's. The decision is
    written after that, from the state: where its writer was killed in between, the next evaluator writes it. Pieces
    that come after their window was closed are added to its totals, each once, and never decided.
    """

    def __init__(self, windows: Windows, profile: Profile, settings: Settings) -> None:
        self._windows, self._profile, self._settings = windows, profile, settings
        self._reference = Reference.of_profile(profile, settings.tolerance)
        self._usual: dict[tuple[int, int], Reference | None] = {}
        self._asked = (-1, -1)
        self._written = -1
        self._kept, self._swept = KeptRows(windows.objects, windows.place), -SWEEP_S

    def close(self, now: float) -> list[Decision]:
        """Close all windows that ended before `now`, seconds since 1970, less the grace; those that were decided here.

        Cost: about 5 ms a window, however many rows it had. Raises DamagedDecisions, and what the store raises.
        """
        ref, state = self._read()
        starts = self._windows.starts()
        self._count_late(state, starts)
        notes = self._of_the_future(starts, now)
        decisions = []
        # What somebody has said to be usual since counts for all who decide.
        self._usual = {}
        for start in starts:
            while self._is_due(start, now) and (state.upto is None or start > state.upto):
                after, decision = self._decide(state, start, notes)
                try:
                    ref = self._windows.write_state(after.to_json(), ref)
                except store.errors.RefMoved:
                    ref, state = self._read()
                    continue
                state = after
                self._write_last(state)
                self._thin(start - COUNTS_KEPT_S)
                decisions.append(decision)
        self._sweep(now, state)
        return decisions

    def _sweep(self, now: float, state: State) -> None:
        """Once an hour, delete rows that were kept for long enough; also where none are kept any more."""
        if not 0 <= now - self._swept < SWEEP_S:
            self._kept.sweep(now - self._settings.sample_keep_s, state.upto)
            self._swept = now

    def _read(self) -> tuple[store.Ref | None, State]:
        """The state, after the decision that it holds is written."""
        ref = self._windows.read_state()
        state = State() if ref is None else State.from_json(ref.value)
        self._write_last(state)
        return ref, state

    def _is_due(self, start: int, now: float) -> bool:
        seconds = self._settings.window_s
        return start + seconds + grace_s(seconds) <= now

    def _of_the_future(self, starts: Sequence[int], now: float) -> list[str]:
        ahead = [stamp(start) for start in starts if start > now + self._settings.window_s]
        return [f"windows of the future, from {ahead[0]}: the clock of who wrote them is ahead"] if ahead else []

    def _decide(self, state: State, start: int, notes: Sequence[str]) -> tuple[State, Decision]:
        found = self._windows.pieces(start)
        gathered = gather(self._profile, found, start)
        missing, silent = self._missing(state, start, found.pieces)
        gathered = dataclasses.replace(gathered, missing=missing, notes=(*gathered.notes, *notes))
        references = self._reference_at(start), self._reference_at(start + self._settings.window_s)
        state, decision = decide(self._profile, self._settings, state, gathered, references)
        last = {
            "decision": decision.to_json(),
            "sketch": base64.b64encode(gathered.sketch.to_bytes()).decode("ascii"),
            "calls": sum((piece.calls for piece in found.pieces), Calls()).to_json(),
            "pieces": [*sorted(piece.name for piece in found.pieces), *found.unreadable],
            "late": {"pieces": [], "rows": 0, "requests": 0},
        }
        return dataclasses.replace(state, silent=silent, last=last), decision

    def _missing(self, state: State, start: int, pieces: Sequence[Piece]) -> tuple[tuple[str, ...], dict[str, int]]:
        """Replicas that say nothing of this window and had said something of the one before; all boots that do not."""
        told = {piece.boot_name for piece in pieces}
        silent: dict[str, int] = {}
        missing = []
        for boot in self._windows.boots():
            first = state.silent.get(boot.name, start)
            if self._is_over(boot, start, first):
                self._windows.forget_boot(boot)
            elif boot.name not in told and self._lived(boot, start):
                silent[boot.name] = first
                if boot.name not in state.silent:
                    missing.append(boot.replica)
        return tuple(missing), silent

    def _lived(self, boot: Boot, start: int) -> bool:
        end = start + self._settings.window_s
        is_alive = boot.started < end and (boot.ended is None or boot.ended > start)
        return is_alive and boot.seconds == self._settings.window_s

    def _is_over(self, boot: Boot, start: int, silent_since: int) -> bool:
        return (start if boot.ended is None else boot.ended) < start - BOOT_KEPT_S or silent_since < start - BOOT_KEPT_S

    def _reference_at(self, start: int) -> Reference:
        """What is usual at that hour of the week, where there is enough history, else the profile."""
        hour, week = hour_of(start), week_of(start)
        if (hour, week) not in self._usual:
            _, known = Hour.read(self._windows, hour)
            usual = None if known is None else known.reference(self._profile, self._settings.tolerance, hour, week)
            # Of a week, only what is usual in this hour and the next is asked for.
            self._usual = {key: each for key, each in self._usual.items() if key == self._asked}
            self._usual[hour, week] = usual
        self._asked = hour, week
        return self._usual[hour, week] or self._reference

    def _write_last(self, state: State) -> None:
        """The decision of the window that was closed last, and its rows as usual ones, unless they are there."""
        if state.upto is None or state.last is None or state.upto == self._written:
            return
        if self._windows.read_decision(state.upto) is None:
            if state.last["decision"]["state"] != "alarm":
                sketch = self._profile.read_sketch(base64.b64decode(state.last["sketch"]))
                Hour.count(self._windows, state.upto, sketch)
            # Where somebody else has just written it, it is the same.
            with contextlib.suppress(store.errors.RefMoved):
                self._windows.write_decision(state.upto, state.last, None)
        self._written = state.upto
        if self._settings.sample:
            self._kept.merge(state.upto)

    def _thin(self, moment: int) -> None:
        """Drop the counts of the window that began then."""
        start = start_of(moment, self._settings.window_s)
        ref = self._windows.read_decision(start)
        if ref is not None and ref.value["sketch"]:
            with contextlib.suppress(store.errors.RefMoved):
                self._windows.write_decision(start, ref.value | {"sketch": ""}, ref)

    def _count_late(self, state: State, starts: Sequence[int]) -> None:
        """Of all windows before the last: count pieces that came after they were closed, and delete the pieces."""
        for start in starts:
            if state.upto is not None and start < state.upto:
                self._add_late(start)

    def _add_late(self, start: int) -> None:
        found = self._windows.pieces(start)
        while True:
            ref = self._windows.read_decision(start)
            value = _undecided() if ref is None else ref.value
            known = {*value["pieces"], *value["late"]["pieces"]}
            new = [piece for piece in found.pieces if piece.name not in known]
            try:
                if new:
                    self._windows.write_decision(start, value | {"late": _added(value["late"], new)}, ref)
            except store.errors.RefMoved:
                continue
            break
        for name in [*(piece.name for piece in found.pieces), *found.unreadable]:
            self._windows.delete_piece(start, name)


def gather(profile: Profile, found: Found, start: int) -> Gathered:
    """The pieces of a window, added up; what cannot be added is told."""
    sketch = profile.sketch()
    members, refused, lost = [], [], 0
    for piece in sorted(found.pieces, key=lambda piece: piece.name):
        lost += piece.lost
        try:
            if piece.sketch:
                sketch = sketch + profile.read_sketch(piece.sketch)
        except (errors.OtherEncoding, errors.DamagedSketch) as error:
            refused.append(f"{piece.name} was not counted: {error.parts().fact}")
            continue
        members.append(piece.name)
    notes = refused + [f"{name} was not counted: it cannot be read" for name in found.unreadable]
    if len(notes) > MOST_TOLD:
        notes = [*notes[:MOST_TOLD], f"{len(notes) - MOST_TOLD} more were not counted"]
    if lost:
        notes.append(f"{lost} rows were answered and not counted")
    return Gathered(start, sketch, tuple(members), notes=tuple(notes))


def _undecided() -> dict[str, Any]:
    """Of a window of which no piece came in time."""
    return {"decision": None, "sketch": "", "pieces": [], "late": {"pieces": [], "rows": 0, "requests": 0}}


def _added(late: dict[str, Any], new: Sequence[Piece]) -> dict[str, Any]:
    return {
        "pieces": sorted([*late["pieces"], *(piece.name for piece in new)]),
        "rows": late["rows"] + sum(piece.rows for piece in new),
        "requests": late["requests"] + sum(piece.requests for piece in new),
    }


def closes(settings: Settings) -> Callable[[Windows, Profile], Callable[[float], list[Decision]]]:
    """What closes the windows of a version, for who writes them."""
    return lambda windows, profile: Evaluator(windows, profile, settings).close


def settle(windows: Windows, *, by: str, why: str, usual_in: Profile | None = None) -> bool:
    """Settle an alarm: evidence is gathered anew, and the next decision tells who did so; False where none rings.

    With the profile given as `usual_in`, the windows of the alarm count as usual ones for their hours of the week: it
    was a rhythm of which there was no history.
    """
    while True:
        ref = windows.read_state()
        state = State() if ref is None else State.from_json(ref.value)
        if state.since is None:
            return False
        settled = {"by": by, "why": why, "usual": usual_in is not None}
        anew = dataclasses.replace(state, since=None, log_r={}, weighed=0, settled=settled)
        if usual_in is not None:
            _count_as_usual(windows, usual_in, state.since)
        try:
            windows.write_state(anew.to_json(), ref)
        except store.errors.RefMoved:
            continue
        return True


def _count_as_usual(windows: Windows, profile: Profile, since: int) -> None:
    for start in windows.decided(since):
        ref = windows.read_decision(start)
        if ref is not None and ref.value["sketch"]:
            Hour.count(windows, start, profile.read_sketch(base64.b64decode(ref.value["sketch"])))
