"""`noteship monitor`: how the watched versions stand, window by window; alarms settled; a page of it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from noteship import digests, monitor, reporting, store
from noteship.monitor.living import lengths
from noteship.monitor.pieces import stamp
from noteship.nearest import nearest
from noteship.operations import living
from noteship.operations.errors import Contradiction, NoAlarm, NoProfile, NothingKept, NothingWatched
from noteship.operations.naming import NAMES
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import has_bundle, profile_in, settings_of
from noteship.operations.sampled import rows_of
from noteship.operations.who import who
from noteship.operations.writing import write
from noteship.reporting.verdict import verdict

__all__ = ["Watched", "Watching", "report", "sample", "settle"]

# It takes a listing for each model, and a version that is no longer served does not come back by itself.
LOOKED_FOR_S = 60.0
# So often it is looked for rows that have been kept for long enough.
SWEEP_S = 3_600.0
# To the last windows rows may still be added: pieces come late.
STILL_OPEN = 3
# A day of windows of five minutes.
SKETCHES = 288
# An alarm that is older than the windows that are looked at is told by so many of its first ones.
BEGINNING = 12
# Those who take labels write them as often; most come within five weeks.
LABELS_S, LATE_S = 30.0, 35 * 86_400


@dataclass(frozen=True)
class Watched:
    """One version of a model as it stands.

    - names: champion, latest, or neither
    - history: the last windows that were closed
    - profile: what they are compared with; None where the store has no such bundle
    - replicas, workers: who watches it now
    - note: why its windows are not closed by who looks at them, or that its alarm was settled
    - rows: what is kept of its requests; None where nothing is
    """

    place: monitor.Place
    names: tuple[str, ...]
    history: reporting.History
    profile: monitor.Profile | None
    replicas: int
    workers: int
    note: str = ""
    rows: reporting.Rows | None = None

    @property
    def is_served(self) -> bool:
        """Whether anybody watches it now, or did until a moment ago."""
        return self.workers > 0 or not (self.history.is_silent or self.history.last is None)

    def to_json(self) -> dict[str, Any]:
        """A part of the document that `noteship monitor --json` prints."""
        history, found = self.history, reporting.realised(self.history)
        return {
            "model": self.place.model,
            "version": self.place.version,
            "names": list(self.names),
            "profile": None if self.profile is None else self.profile.digest,
            "replicas": self.replicas,
            "workers": self.workers,
            "standing": history.standing,
            "since": None if history.since is None else stamp(history.since),
            "verdict": verdict(history),
            "note": self.note,
            "kept": None if self.rows is None else self.rows.counts(),
            "realised": None if found is None else {**found.to_json(), "by_window": reporting.by_window(history)},
            "windows": [{**each.decision.to_json(), "late_rows": each.late_rows} for each in history.windows],
        }


class Watching:
    """Looks at what a release's versions are asked and answer, again and again. Windows that are due are closed.

    `bundle` is `champion`, `latest`, the start of a digest, or a model's name: without one all are looked at.
    """

    def __init__(self, opened: OpenedProject, bundle: str | None, last: int) -> None:
        self.settings = settings_of(opened)
        self._objects, self._bundle, self._last = opened.store, bundle, last
        self._versions: dict[monitor.Place, _Version] = {}
        self._looked_for = -LOOKED_FOR_S
        self._swept = -SWEEP_S
        self._seen: dict[monitor.Place, Watched] = {}

    def look(self, now: float) -> tuple[Watched, ...]:
        """How they stand, those that are served first.

        Raises NothingWatched, what `Profile.from_bytes` and `Evaluator.close` raise, and the store's errors.
        """
        is_thorough = not 0 <= now - self._looked_for < LOOKED_FOR_S
        if is_thorough:
            places = _places(self._objects, self.settings, self._bundle)
            self._sweep(places[0], now)
            for place in places:
                if place not in self._versions:
                    self._versions[place] = _Version(self._objects, place, self.settings, self._last)
        names = _names(self._objects)
        for place, version in self._versions.items():
            if is_thorough or self._seen[place].is_served:
                self._seen[place] = version.look(now, names.get(place.version, ()))
        self._looked_for = now if is_thorough else self._looked_for
        return tuple(sorted(self._seen.values(), key=_order))

    def _sweep(self, place: monitor.Place, now: float) -> None:
        """Once an hour, delete rows of the release that were kept for long enough, also where no window is closed."""
        if not 0 <= now - self._swept < SWEEP_S:
            monitor.KeptRows(self._objects, place).sweep(now - self.settings.sample_keep_s, None)
            self._swept = now


class _Version:
    def __init__(self, objects: store.Store, place: monitor.Place, settings: monitor.Settings, last: int) -> None:
        self._place, self._settings, self._last = place, settings, last
        self._objects, self._windows = objects, monitor.Windows(objects, place)
        self._profile = profile_in(objects, place.version)
        self._evaluator = None
        if self._profile is not None:
            self._evaluator = monitor.Evaluator(self._windows, self._profile, settings)
        self._starts: list[int] = []
        self._known: dict[int, reporting.Window] = {}
        self._rang: tuple[reporting.Window, ...] = ()
        self._rows: reporting.Rows | None = None
        self._kept_at: int | None = None
        self._labels: Mapping[int, monitor.Labels] = {}
        self._labels_at = -LABELS_S
        self._expected: dict[int, float | None] = {}

    def look(self, now: float, names: tuple[str, ...]) -> Watched:
        boots, heard = self._windows.boots(), self._windows.heard()
        note = self._close(lengths(boots, heard, now), now)
        history = reporting.History.of(self._read(now), self._settings, now)
        labels = self._read_labels(now)
        history = replace(history, labels=labels, expected=self._expected_of(labels), rang=self._read_rang(history))
        workers = living.living(boots, heard, history)
        replicas = len({boot.replica for boot in workers})
        note = note or self._settled(history)
        return Watched(self._place, names, history, self._profile, replicas, len(workers), note, self._kept(history))

    def _kept(self, history: reporting.History) -> reporting.Rows | None:
        """What is kept, read again when another window was closed."""
        last = None if history.last is None else history.last.start
        if last != self._kept_at and self._profile is not None:
            self._rows, self._kept_at = rows_of(self._windows, self._profile, history), last
        return self._rows

    def _close(self, served: set[int], now: float) -> str:
        """Close the windows that are due, unless some that are served are of another length than this project says."""
        others = served - {self._settings.window_s}
        if self._evaluator is None:
            if has_bundle(self._objects, self._place.version):
                return "its bundle has no profile, so it is not watched; noteship run makes it anew, or says why not"
            return "its bundle is not in the store: windows are closed by who serves it"
        if others:
            told = ", ".join(f"{each} s" for each in sorted(others))
            here = f"{self._settings.window_s} s by [monitor] here"
            return f"windows of {told}, and of {here}: they are closed by who serves it"
        try:
            self._evaluator.close(now)
        except (store.errors.StoreDenied, store.errors.StoreReadOnly):
            # Whoever may only read sees what others have decided.
            return "the store cannot be written from here: windows are closed by who serves it"
        return ""

    def _settled(self, history: reporting.History) -> str:
        """Of an alarm that was settled after the last decision."""
        ref = self._windows.read_state() if history.standing == "alarm" else None
        settled = "" if ref is None else monitor.State.from_json(ref.value).told_settled
        return f"{settled}; the next decision begins anew" if settled else ""

    def _read(self, now: float) -> list[reporting.Window]:
        """The last windows; what is known of one that no piece can come to any more is not read again."""
        starts = self._starts = self._last_starts(now)
        wanted = [start for start in starts if start not in self._known or start in starts[-STILL_OPEN:]]
        for ref in self._refs(wanted):
            window = reporting.Window.of_value(ref.value)
            if window is not None:
                self._known[window.decision.start] = window
        known = {start: self._known[start] for start in starts if start in self._known}
        # Many windows are one time line; distributions are compared of the last ones that have any.
        for start in [start for start, each in known.items() if each.decision.rows][:-SKETCHES]:
            known[start] = replace(known[start], sketch=b"")
        self._known = known
        return list(known.values())

    def _read_rang(self, history: reporting.History) -> tuple[reporting.Window, ...]:
        """The windows with which an alarm began, each read once, where they are no longer among the last ones."""
        since = None if history.last is None else history.last.since
        first = history.windows[0].decision.start if history.windows else 0
        if since is None or since >= first:
            return ()
        if not self._rang or self._rang[0].decision.start != since:
            ends = min(first, since + BEGINNING * self._settings.window_s)
            refs = map(self._windows.read_decision, range(since, ends, self._settings.window_s))
            found = (reporting.Window.of_value(ref.value) for ref in refs if ref is not None)
            self._rang = tuple(each for each in found if each is not None)
        return self._rang

    def _read_labels(self, now: float) -> Mapping[int, monitor.Labels]:
        """Those of the last windows for which any came, however long ago these were; more may come at any time."""
        if not 0 <= now - self._labels_at < LABELS_S:
            recently = max(0, int(now) - LATE_S)
            self._labels = monitor.read_labels(self._windows, self._last, recently)
            if not self._labels:
                self._labels = monitor.read_labels(self._windows, self._last)
            self._labels_at = now
        return self._labels

    def _expected_of(self, labels: Mapping[int, monitor.Labels]) -> Mapping[int, float]:
        """What was expected of windows that are no longer among the last ones, each read once."""
        for start in labels:
            if start not in self._known and start not in self._expected:
                ref = self._windows.read_decision(start)
                window = None if ref is None else reporting.Window.of_value(ref.value)
                accuracy = None if window is None else window.decision.accuracy
                self._expected[start] = None if accuracy is None else accuracy.expected
        return {start: each for start, each in self._expected.items() if each is not None}

    def _last_starts(self, now: float) -> list[int]:
        """Of which windows there are decisions; not all names are listed where a service has run for months."""
        known = self._starts
        if known:
            since = known[-STILL_OPEN:][0]
            return [*(start for start in known if start < since), *self._windows.decided(since)][-self._last :]
        # Twice as far back as there would be so many, had nothing been silent.
        recent = self._windows.decided(max(0, int(now) - 2 * self._last * self._settings.window_s))
        return (recent if len(recent) >= self._last else self._windows.decided())[-self._last :]

    def _refs(self, wanted: Sequence[int]) -> Iterator[store.Ref]:
        """The decisions; many at once where there are many, which then are the last."""
        if len(wanted) > STILL_OPEN:
            yield from self._windows.decisions(wanted[0])
            return
        for start in wanted:
            ref = self._windows.read_decision(start)
            if ref is not None:
                yield ref


def settle(opened: OpenedProject, bundle: str | None, why: str, *, is_usual: bool) -> monitor.Place:
    """Settle the alarm that rings, of the version that is named or else of the only one.

    `is_usual`: its windows count as usual ones for their hours of the week.
    Raises NothingWatched, NoAlarm, NoProfile, and Contradiction where several ring.
    """
    settings = settings_of(opened)
    ringing = []
    for place in _places(opened.store, settings, bundle):
        ref = monitor.Windows(opened.store, place).read_state()
        if ref is not None and monitor.State.from_json(ref.value).since is not None:
            ringing.append(place)
    if not ringing:
        raise NoAlarm(settings.release, bundle or "")
    if len(ringing) > 1:
        listed = ", ".join(f"{place.model} {digests.short(place.version)}" for place in ringing)
        raise Contradiction(f"alarms of several versions ring: {listed}", "name the one that is settled", "--settle")
    [place] = ringing
    profile = profile_in(opened.store, place.version) if is_usual else None
    if is_usual and profile is None:
        raise NoProfile(place.model, digests.short(place.version))
    monitor.settle(monitor.Windows(opened.store, place), by=who(), why=why, usual_in=profile)
    return place


def sample(opened: OpenedProject, bundle: str | None, last: int, now: float) -> Watched:
    """One version whose rows are kept: the first that is served. Raises NothingKept, and what `look` raises."""
    watching = Watching(opened, bundle, last)
    watched = watching.look(now)[0]
    if watched.rows is None:
        raise NothingKept(watched.place.model, is_asked=watching.settings.sample > 0)
    return watched


def report(opened: OpenedProject, bundle: str | None, last: int, target: Path, now: float) -> Watched:
    """Write the page of one version: of the first that is served. Raises what `look` and `reporting.page` raise."""
    watched = Watching(opened, bundle, last).look(now)[0]
    name, version = watched.place.model, watched.place.version
    if watched.profile is None:
        raise NoProfile(name, digests.short(version))
    page = reporting.page(name, watched.profile, watched.history, version=version, rows=watched.rows)
    write(target, page)
    return watched


def _places(objects: store.Store, settings: monitor.Settings, bundle: str | None) -> list[monitor.Place]:
    """What is watched under the project's release, and is meant by the name. Raises NothingWatched."""
    every = monitor.places(objects)
    ours = [place for place in every if place.release == settings.release]
    if bundle in NAMES:
        ref = objects.read_ref(f"names/{bundle}")
        meant = [place for place in ours if ref is not None and place.version == ref.value["digest"]]
    else:
        meant = [place for place in ours if not bundle or place.model == bundle or place.version.startswith(bundle)]
    if not meant:
        others = {place.release for place in every} - {settings.release}
        known = {place.model for place in ours} | {digests.short(place.version) for place in ours}
        near = nearest(bundle, sorted(known)) if bundle else ""
        # Where nothing is watched, no name would do.
        raise NothingWatched(settings.release, (bundle or "") if ours else "", near, tuple(sorted(others)))
    return meant


def _names(objects: store.Store) -> Mapping[str, tuple[str, ...]]:
    """What digests are called."""
    found: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        ref = objects.read_ref(f"names/{name}")
        if ref is not None:
            digest = ref.value["digest"]
            found[digest] = (*found.get(digest, ()), name)
    return found


def _order(watched: Watched) -> tuple[bool, bool, str, float]:
    end = watched.history.end
    return not watched.is_served, "champion" not in watched.names, watched.place.model, -end
