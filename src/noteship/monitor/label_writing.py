"""Labels that came for predictions, by the windows of these, in the store beside what was decided of them."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from noteship import store
from noteship.monitor.label_keeping import NAME
from noteship.monitor.labels import Judgement, Kind, Labels
from noteship.monitor.pieces import stamp, stamped
from noteship.monitor.windows import Windows

__all__ = ["LabelWriter", "read_labels"]

LOG = logging.getLogger(__name__)
# More windows than anybody has.
MANY = 1 << 40
# Windows whose counts are kept here: a day of windows of five minutes. Those of others are read when labels come.
KEPT = 288
# Windows that are held until they are written: two weeks of windows of five minutes. Each takes two kilobytes
# of memory, and of twenty classes at most ninety.
HELD = 4_032
# Labels that are held one by one, since adding two counts of many classes takes as long as counting so many.
TOGETHER = 64


@dataclass(eq=False)
class _Window:
    """The labels of one window: those that were counted here, and those that wait to be.

    - new: as they came; waiting: the sum of those before; unwritten: how many came since the last write
    """

    windows: Windows
    start: int
    kind: Kind
    waiting: Labels
    new: list[Judgement] = field(default_factory=list)
    unwritten: int = 0
    counted: Labels | None = None
    ref: store.Ref | None = None

    def add(self, judgement: Judgement) -> None:
        self.new.append(judgement)
        self.unwritten += 1
        if len(self.new) >= TOGETHER:
            self.gather()

    def gather(self) -> None:
        self.waiting += Labels.of(self.kind, self.new)
        self.new = []


class LabelWriter:
    """Counts the labels that one worker takes, and writes what it has counted. For two threads.

    Guarantee: only this worker writes its values, and each is the sum of all of its labels for a window, so that
    written again after a failure of which nobody knows how far it went, it is the same or more. While the store is
    away, HELD windows are held; then those are dropped for which no label has come for longest.

    - dropped: labels since the beginning
    """

    def __init__(self, replica: str) -> None:
        self.dropped = self._told = 0
        self._name = f"{quote(replica, safe='')}-{secrets.token_hex(4)}"
        self._windows: dict[tuple[str, int], _Window] = {}
        self._lock = threading.Lock()

    def add(self, windows: Windows, start: int, kind: Kind, judgement: Judgement) -> None:
        """Count a label for the window of its prediction, soon. Returns at once."""
        key = (windows.prefix, start)
        with self._lock:
            window = self._windows.pop(key, None) or _Window(windows, start, kind, Labels(kind))
            window.add(judgement)
            self._windows[key] = window
            if len(self._windows) > HELD:
                oldest = self._windows.pop(next(iter(self._windows)))
                self.dropped += oldest.unwritten

    def write(self) -> int:
        """Write what has changed, and say of how many windows.

        What the store raises passes through, and what was not written is kept.
        """
        with self._lock:
            changed = [each for each in self._windows.values() if each.unwritten]
        for window in changed:
            self._write(window)
        self._forget()
        if self.dropped > self._told:
            LOG.warning("%d labels were dropped: they waited too long to be written", self.dropped - self._told)
            self._told = self.dropped
        return len(changed)

    def _write(self, window: _Window) -> None:
        name = f"{window.windows.prefix}labels/{stamp(window.start)}/{self._name}"
        if window.counted is None:
            # Of a window that was forgotten here, this worker may have written before.
            window.ref, found = _read(window.windows.objects, name)
            window.counted = found or Labels(window.kind)
        with self._lock:
            window.gather()
            taken, window.waiting = window.waiting, Labels(window.kind)
            unwritten = window.unwritten
        window.counted += taken
        is_written = False
        while not is_written:
            try:
                window.ref = window.windows.objects.write_ref(name, window.counted.to_json(), expected=window.ref)
                is_written = True
            except store.errors.RefMoved:
                # The write before, of which nobody knew how far it went, has come.
                window.ref, _ = _read(window.windows.objects, name)
        with self._lock:
            window.unwritten -= unwritten

    def _forget(self) -> None:
        """Let go of windows for which no label has come for longest."""
        with self._lock:
            for key in [key for key, each in self._windows.items() if not each.unwritten][:-KEPT]:
                del self._windows[key]


def read_labels(windows: Windows, last: int = MANY, since: int = 0) -> Mapping[int, Labels]:
    """Labels by the start of the window in which the prediction was made: of the last windows for which any came.

    What workers took adds up. A label may have come to a worker and in a file as well, so that of a window for which
    both are there, those count that are more.
    """
    prefix = f"{windows.prefix}labels/"
    after = f"{prefix}{stamp(since - 1)}" if since > 0 else ""
    names = (name.removeprefix(windows.prefix) for name in windows.objects.refs(prefix, after=after))
    starts = sorted({start for start in map(_start_of, names) if start >= since})[-last:]
    if not starts:
        return {}
    since = starts[0]
    refs, _ = windows.read_below("labels/", f"labels/{stamp(since - 1)}")
    taken: dict[int, Labels] = {}
    kept: dict[int, Labels] = {}
    for ref in refs:
        start, labels = _start_of(ref.name.removeprefix(windows.prefix)), _labels(ref)
        if labels is None or start < since:
            continue
        if ref.name.endswith(f"/{NAME}"):
            kept[start] = labels
        else:
            taken[start] = taken[start] + labels if start in taken else labels
    both = {start: [each[start] for each in (taken, kept) if start in each] for start in sorted({*taken, *kept})}
    return {start: max(found, key=lambda each: each.labels) for start, found in both.items()}


def _start_of(name: str) -> int:
    """The window of a name, labels/START/…; before all of them for what is none."""
    try:
        return stamped(name.split("/")[1])
    except ValueError:
        return -1


def _read(objects: store.Store, name: str) -> tuple[store.Ref | None, Labels | None]:
    """What is written there, and as far as it can be read."""
    try:
        ref = objects.read_ref(name)
    except store.errors.DamagedReference:
        # It is set aside when it is found.
        return None, None
    return ref, None if ref is None else _labels(ref)


def _labels(ref: store.Ref) -> Labels | None:
    try:
        return Labels.from_json(ref.value)
    except (ValueError, KeyError, TypeError):
        return None
