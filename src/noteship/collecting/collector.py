"""What keeps rows in one worker: chosen by request, held in memory for a while, written on a thread of its own."""

from __future__ import annotations

import importlib.util
import logging
import secrets
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from noteship import store
from noteship.collecting.errors import NoParquet
from noteship.collecting.kept_rows import KeptLabel, Taken, part, written_labels, written_rows
from noteship.collecting.pieces import SLOT_S, Kind, Piece, Place
from noteship.collecting.settings import Settings
from noteship.collecting.shelf import Shelf
from noteship.errors import NoteshipError, cut
from noteship.monitor import streams
from noteship.monitor.pieces import start_of

__all__ = ["Collector", "Counts"]

LOG = logging.getLogger(__name__)
# Of a hash of 32 bits; the key sets it apart from that by which the monitoring samples.
HASHES, HASH_KEY = 1 << 32, 0xC011EC7
# Rows that wait to be written, and pieces that wait for a store that is away: what comes beyond is counted as lost.
HELD_BYTES, WAITING_BYTES = 16 << 20, 32 << 20
# From so much on it is written before it is time.
FULL_BYTES = 4 << 20
HELD_LABELS = 50_000
# So often it looks, asks for the size of a day, beside what was written here, and deletes what is old.
LOOK_S, SIZE_S, SWEEP_S = 1.0, 60.0, 3_600.0
# Looks that are left out after a failure: twice as many after each further one, and at most half a minute of them.
MOST_REST = 30

Key = tuple[str, str]


@dataclass(eq=False)
class _Day:
    """How much there is of a model's day, as far as it is known: asked for at a moment, and written here since."""

    start: int
    asked: float
    size_bytes: int


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A piece that is yet to be written."""

    shelf: Shelf
    piece: Piece
    data: bytes
    rows: int


@dataclass
class Counts:
    """Since the beginning: rows kept, labels kept, bytes written, and rows that were chosen and lost, by reason."""

    rows: int = 0
    labels: int = 0
    size_bytes: int = 0
    lost: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("memory", "day", "store", "failed"), 0))


class Collector:
    """Keeps rows of the requests that are chosen by a hash of their ids, the same in every worker and replica.

    Guarantee: nobody who answers waits. What is held is bounded; what does not fit is counted as lost. A worker that
    is killed loses what it holds: rows since it wrote last, `flush_s` ago at most, and what waits for the store.
    """

    def __init__(
        self,
        objects: store.Store,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        replica: str = "",
    ) -> None:
        if importlib.util.find_spec("pyarrow") is None:
            raise NoParquet(sys.executable)
        self.settings, self.clock = settings, clock
        self.counts = Counts()
        self._objects = objects
        self._replica, self._boot = replica or socket.gethostname() or "unnamed", secrets.token_hex(4)
        self._sequence = 0
        self._lock = threading.Lock()
        self._held: dict[Key, list[Taken]] = defaultdict(list)
        self._labels: dict[Key, list[tuple[float, KeptLabel]]] = defaultdict(list)
        self._held_bytes = self._held_labels = 0
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._days: dict[Place, _Day] = {}
        self._failures = self._rest = 0
        self._flushed = clock()
        self._swept = -SWEEP_S
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write on a thread of its own, until it is closed."""
        self._thread = threading.Thread(target=self._work, name="noteship-collecting", daemon=True)
        self._thread.start()

    def chosen(self, request_ids: Sequence[str]) -> numpy.ndarray[Any, Any]:
        """Which of these requests are kept, by their places. Cost: 0.2 microseconds a request."""
        found: numpy.ndarray[Any, Any] = numpy.flatnonzero(
            streams.orders(request_ids, HASH_KEY) < self.settings.share * HASHES
        )
        return found

    def is_chosen(self, request_id: str) -> bool:
        """Whether a request's rows are kept."""
        return bool(len(self.chosen([request_id])))

    def add(self, model: str, version: str, taken: Taken) -> None:
        """Hold rows until they are written; from any thread, returns at once."""
        with self._lock:
            if self._held_bytes and self._held_bytes + taken.size_bytes > HELD_BYTES:
                self.counts.lost["memory"] += len(taken)
                return
            self._held_bytes += taken.size_bytes
            self._held[model, version].append(taken)

    def label(self, model: str, version: str, moment: float, label: KeptLabel) -> None:
        """Hold a label of a row that was asked at a moment, until it is written; returns at once."""
        with self._lock:
            if self._held_labels < HELD_LABELS:
                self._held_labels += 1
                self._labels[model, version].append((moment, label))

    def step(self) -> None:
        """Write what is due, and delete what was kept for long enough, where it is time."""
        now = self.clock()
        is_due = not 0 <= now - self._flushed < self.settings.flush_s
        if is_due or self._held_bytes >= FULL_BYTES:
            self._flush(now)
        if self._rest:
            self._rest -= 1
            return
        self._write(now)
        if not self._failures and not 0 <= now - self._swept < SWEEP_S:
            self._sweep(now)

    def close(self, timeout_s: float) -> None:
        """Write what is held, for so long at most."""
        self._ended.set()
        if self._thread is None:
            self._finish()
        else:
            self._thread.join(timeout_s)
        with self._lock:
            left = sum(len(each) for taken in self._held.values() for each in taken)
        left += sum(each.rows for each in self._waiting)
        if left:
            LOG.warning("%d rows that were to be kept were not written", left)

    def _work(self) -> None:
        while not self._ended.wait(min(LOOK_S, self.settings.flush_s / 2)):
            try:
                self.step()
            except Exception as error:
                LOG.error("collecting: %s", _said(error))
        self._finish()

    def _finish(self) -> None:
        now = self.clock()
        self._flush(now)
        self._write(now)

    def _flush(self, now: float) -> None:
        """Make pieces of what is held."""
        self._flushed = now
        with self._lock:
            held, self._held = self._held, defaultdict(list)
            labels, self._labels = self._labels, defaultdict(list)
            self._held_bytes = self._held_labels = 0
        for (model, version), taken in held.items():
            for start, rows in _slots(taken):
                self._make("rows", model, version, start, sum(map(len, rows)), rows)
        for (model, version), told in labels.items():
            by_slot: dict[int, list[KeptLabel]] = defaultdict(list)
            for moment, label in told:
                by_slot[start_of(moment, SLOT_S)].append(label)
            for start, found in by_slot.items():
                self._make("labels", model, version, start, len(found), found)

    def _make(self, kind: Kind, model: str, version: str, start: int, count: int, values: Sequence[Any]) -> None:
        try:
            leave_out = self.settings.leave_out
            data = written_rows(values, version, leave_out) if kind == "rows" else written_labels(values)
        except Exception as error:
            LOG.warning("%d %s of %s were not kept: %s", count, kind, cut(model, 100), _said(error))
            self._lose("failed", count if kind == "rows" else 0)
            return
        if self._waiting and self._waiting_bytes + len(data) > WAITING_BYTES:
            self._lose("store", count if kind == "rows" else 0)
            return
        self._sequence += 1
        piece = Piece(start, version, self._replica, self._boot, self._sequence, kind)
        self._waiting.append(_Waiting(Shelf(self._objects, Place(self.settings.release, model)), piece, data, count))
        self._waiting_bytes += len(data)

    def _write(self, now: float) -> None:
        while self._waiting:
            each = self._waiting[0]
            is_rows = each.piece.kind == "rows"
            try:
                has_room = not is_rows or self._has_room(each, now)
                if has_room:
                    each.shelf.write(each.piece, each.data)
            except Exception as error:
                self._failed(error)
                return
            self._waiting.popleft()
            self._waiting_bytes -= len(each.data)
            self._failures = 0
            if not has_room:
                self._lose("day", each.rows)
            elif is_rows:
                self.counts.rows += each.rows
                self.counts.size_bytes += len(each.data)
            else:
                self.counts.labels += each.rows

    def _has_room(self, waiting: _Waiting, now: float) -> bool:
        """Whether its day has room for it: of what others write at this moment nobody knows."""
        start = start_of(waiting.piece.start, 86_400)
        day = self._days.get(waiting.shelf.place)
        if day is None or day.start != start or not 0 <= now - day.asked < SIZE_S:
            day = self._days[waiting.shelf.place] = _Day(start, now, waiting.shelf.size_of_day(start))
        if day.size_bytes + len(waiting.data) > self.settings.most_bytes:
            return False
        day.size_bytes += len(waiting.data)
        return True

    def _sweep(self, now: float) -> None:
        try:
            with self._lock:
                known = {model for model, _ in (*self._held, *self._labels)} | {place.model for place in self._days}
            for model in known:
                Shelf(self._objects, Place(self.settings.release, model)).sweep(now - self.settings.keep_s)
        except Exception as error:
            LOG.warning("rows that were kept for long enough were not deleted: %s", _said(error))
        self._swept = now

    def _lose(self, reason: str, rows: int) -> None:
        self.counts.lost[reason] += rows

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            LOG.warning("collected rows cannot be written; they are kept and written later: %s", _said(error))
        self._failures += 1
        self._rest = min(2 ** min(self._failures, 10) - 1, MOST_REST)


def _slots(taken: Sequence[Taken]) -> Iterator[tuple[int, list[Taken]]]:
    """Rows by the slot in which they were asked."""
    by_slot: dict[int, list[Taken]] = defaultdict(list)
    for each in taken:
        starts = (each.moments // SLOT_S).astype("int64") * SLOT_S
        distinct = numpy.unique(starts)
        for start in distinct.tolist():
            of_it = each if len(distinct) == 1 else part(each, numpy.flatnonzero(starts == start))
            by_slot[start].append(of_it)
    yield from by_slot.items()


def _said(error: Exception) -> str:
    return str(error.parts().fact) if isinstance(error, NoteshipError) else type(error).__name__
