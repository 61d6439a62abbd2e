"""The thread of a worker that writes what was recorded, while nobody who answers waits for it."""

from __future__ import annotations

import dataclasses
import logging
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from noteship import store
from noteship.errors import NoteshipError
from noteship.monitor.betting import PairBet, witness_from_json
from noteship.monitor.decision import Decision
from noteship.monitor.label_writing import LabelWriter
from noteship.monitor.labels import Judgement, Kind
from noteship.monitor.pieces import Boot, Piece, Place, grace_s, start_of
from noteship.monitor.profile import Profile
from noteship.monitor.recording import Recorder
from noteship.monitor.sampling import Sampling
from noteship.monitor.settings import Settings
from noteship.monitor.windows import Windows

__all__ = ["Closes", "Writer"]

LOG = logging.getLogger(__name__)
# A day of windows of five minutes, 4.6 MB at most; an hour without the store are twelve.
WAITING_PIECES = 288
# Those of them that wait together with rows, which take fifty times as much.
WAITING_SAMPLES = 12
# So often it looks, and several times a window at least, since it is asked only after a window's time of grace.
LOOK_S, LOOKS = 1.0, 5
# Labels that came are written so often, or once a window where these are shorter.
LABELS_S = 30.0
# Looks that are left out after a failure: twice as many after each further one, and at most half a minute of them.
MOST_REST = 30
# Closes all windows of a version that are due at a moment; from its windows and its profile.
Closes = Callable[[Windows, Profile], Callable[[float], object]]


@dataclass(eq=False)
class _Version:
    """A version as this worker watches it.

    - asked: the window in which the evaluator was last asked; decided: what it had decided last by then
    """

    windows: Windows
    recorder: Recorder
    close: Callable[[float], object] | None
    asked: int | None = None
    decided: Decision | None = None
    is_ending: bool = False


class Writer:
    """Writes the windows of all versions that a worker watches, and brings back what the evaluator decided.

    Guarantee: a piece that was taken from its recorder is written once, however often it is tried, or counted as
    dropped. While the store is away pieces wait, WAITING_PIECES of them; then the oldest are dropped, and their rows
    told as lost with the next piece. A worker that is killed loses the window that is under way, and what waits.

    - written, dropped: pieces since the beginning
    - before_looking: called at each look, before windows end
    """

    def __init__(
        self,
        objects: store.Store,
        settings: Settings,
        closes: Closes | None = None,
        *,
        clock: Callable[[], float] = time.time,
        replica: str = "",
    ) -> None:
        self.written = self.dropped = 0
        self.clock = clock
        self.before_looking: Callable[[], None] = lambda: None
        self._objects, self._settings, self._closes = objects, settings, closes
        self._replica = replica or socket.gethostname() or "unnamed"
        self._versions: list[_Version] = []
        self._waiting: deque[tuple[_Version, Boot | Piece]] = deque()
        self._labels, self._labels_at = LabelWriter(self._replica), 0.0
        self._lock = threading.Lock()
        self._failures = self._rest = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def release(self) -> str:
        """Under which name it is watched."""
        return self._settings.release

    @property
    def waiting(self) -> int:
        """Pieces that are yet to be written."""
        with self._lock:
            return sum(isinstance(value, Piece) for _, value in self._waiting)

    def start(self) -> None:
        """Look after it once a second, on a thread of its own, until it is closed."""
        self._thread = threading.Thread(target=self._work, name="noteship-windows", daemon=True)
        self._thread.start()

    def begin(self, model: str, version: str, profile: Profile) -> Recorder:
        """Watch a version from now on. Raises UnknownColumn."""
        boot = Boot(self._replica, secrets.token_hex(4), self.clock(), self._settings.window_s)
        windows = Windows(self._objects, Place(self._settings.release, model, version))
        close = self._closes(windows, profile) if self._closes is not None else None
        recorder = Recorder(profile, boot, Sampling.of(profile, self._settings, model))
        watched = _Version(windows, recorder, close)
        with self._lock:
            self._versions.append(watched)
            self._waiting.append((watched, boot))
        return recorder

    def end(self, recorder: Recorder) -> None:
        """Watch it no longer than to the end of the window, so that requests under way are counted."""
        with self._lock:
            for watched in self._versions:
                watched.is_ending |= watched.recorder is recorder

    def label(self, model: str, version: str, moment: float, kind: Kind, judgement: Judgement) -> None:
        """Count a label for the window of its prediction, made in seconds since 1970. Returns at once."""
        windows = Windows(self._objects, Place(self._settings.release, model, version))
        self._labels.add(windows, start_of(moment, self._settings.window_s), kind, judgement)

    def decided(self, recorder: Recorder) -> Decision | None:
        """What was last decided of its version, by whomever; None before that, and when it is watched no longer."""
        return next((watched.decided for watched in self._watched() if watched.recorder is recorder), None)

    def close(self, timeout_s: float) -> None:
        """End all windows and write what waits, for so long at most."""
        self._ended.set()
        if self._thread is None:
            self._finish()
        else:
            self._thread.join(timeout_s)
        if left := self.waiting:
            LOG.warning("%d pieces of windows were not written", left)

    def step(self) -> None:
        """Take what is over, write what waits, and ask for what was decided, where it is time."""
        self.before_looking()
        now = self.clock()
        for watched in self._watched():
            self._take(watched, now)
        if self._rest:
            self._rest -= 1
        elif self._write() and self._write_labels(now):
            for watched in self._watched():
                self._ask(watched, now)
        self._drop()

    def _work(self) -> None:
        while not self._ended.wait(min(LOOK_S, self._settings.window_s / LOOKS)):
            try:
                self.step()
            except Exception as error:
                # Windows that cannot be written do not end the writing of the next ones.
                LOG.error("windows: %s", _said(error))
        self._finish()

    def _finish(self) -> None:
        now = self.clock()
        for watched in self._watched():
            self._end(watched, now)
        if self._write():
            self._write_labels(now, is_last=True)

    def _watched(self) -> list[_Version]:
        with self._lock:
            return list(self._versions)

    def _take(self, watched: _Version, now: float) -> None:
        pieces = watched.recorder.taken(now)
        self._put(watched, pieces)
        if pieces and watched.is_ending:
            self._end(watched, now)

    def _end(self, watched: _Version, now: float) -> None:
        self._put(watched, watched.recorder.finish(now))
        self._put(watched, [dataclasses.replace(watched.recorder.boot, ended=now)])
        with self._lock:
            self._versions.remove(watched)

    def _put(self, watched: _Version, values: Sequence[Boot | Piece]) -> None:
        with self._lock:
            self._waiting.extend((watched, value) for value in values)

    def _drop(self) -> None:
        """Let go of the oldest pieces where too many wait."""
        with self._lock:
            pieces = [each for each in self._waiting if isinstance(each[1], Piece)]
            oldest = pieces[: max(0, len(pieces) - WAITING_PIECES)]
            for each in oldest:
                self._waiting.remove(each)
            for place, (watched, value) in list(enumerate(self._waiting))[:-WAITING_SAMPLES]:
                if isinstance(value, Piece) and value.sample is not None:
                    self._waiting[place] = watched, dataclasses.replace(value, sample=None)
        for late, value in oldest:
            assert isinstance(value, Piece)
            self.dropped += 1
            late.recorder.lose(value.rows, told=value.lost)

    def _write(self) -> bool:
        """Write what waits, the oldest first; whether all of it was."""
        is_waited_for = bool(self._waiting)
        while self._waiting:
            watched, value = self._waiting[0]
            try:
                if isinstance(value, Boot):
                    watched.windows.write_boot(value)
                else:
                    watched.windows.write_piece(value)
                    self.written += 1
            except Exception as error:
                self._failed(error)
                return False
            with self._lock:
                self._waiting.popleft()
        if is_waited_for:
            self._succeeded()
        return True

    def _write_labels(self, now: float, *, is_last: bool = False) -> bool:
        """Where it is time, write what was counted of labels; whether nothing failed."""
        if not is_last and 0 <= now - self._labels_at < min(LABELS_S, self._settings.window_s):
            return True
        try:
            if self._labels.write():
                self._succeeded()
        except Exception as error:
            self._failed(error)
            return False
        self._labels_at = now
        return True

    def _succeeded(self) -> None:
        if self._failures:
            LOG.info("windows are written again")
        self._failures = 0

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            LOG.warning("windows cannot be written; they are kept and written later: %s", _said(error))
        self._failures += 1
        self._rest = min(2 ** min(self._failures, 10) - 1, MOST_REST)

    def _ask(self, watched: _Version, now: float) -> None:
        """Once a window: have those that are due closed, and take the witness for the rows to come.

        Workers come one after the other, each at its own moment of a time of grace: most find all done. One that begins
        does not wait to hear of what was decided before.
        """
        boot = watched.recorder.boot
        start, grace = start_of(now, boot.seconds), grace_s(boot.seconds)
        share = int(boot.boot, 16) / 16**8
        is_due = start != watched.asked and now >= start + grace * (1 + share)
        if not is_due and watched.asked is not None:
            return
        watched.asked = start if is_due else start - boot.seconds
        try:
            try:
                if is_due and watched.close is not None:
                    watched.close(now)
            finally:
                # Others decide, too.
                self._take_decided(watched)
        except Exception as error:
            # The next window's turn closes this one, too.
            LOG.warning("windows were not closed: %s", _said(error))

    def _take_decided(self, watched: _Version) -> None:
        state = watched.windows.read_state()
        last = None if state is None else state.value.get("last")
        watched.decided = None if last is None else Decision.from_json(last["decision"])
        value = None if state is None else state.value.get("witness")
        if value is None:
            watched.recorder.bet = None
            return
        witness = witness_from_json(value)
        bet = watched.recorder.bet
        if bet is None or bet.identity != witness.identity:
            dimensions = watched.recorder.profile.encoder.layout.dimensions
            watched.recorder.bet = PairBet(witness, dimensions)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, NoteshipError) else type(error).__name__
