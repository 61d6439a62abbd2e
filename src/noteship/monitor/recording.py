"""One worker's sketches of one version's rows, window after window."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from noteship.monitor.calls import Calls
from noteship.monitor.encoder import Encoded
from noteship.monitor.fields import Observed
from noteship.monitor.pieces import Boot, Piece, start_of
from noteship.monitor.profile import Profile
from noteship.monitor.sample import Sample
from noteship.monitor.sampling import Sampling
from noteship.monitor.sketch import Bet, Sketch

__all__ = ["Recorder"]


@dataclass(eq=False)
class _Window:
    """A window under way, or over."""

    start: int
    sequence: int
    sketch: Sketch
    sample: Sample | None
    lost: int = 0
    calls: Calls = field(default_factory=Calls)


class Recorder:
    """Keeps the sketch of the present window. For two threads: one adds rows, another takes what is over.

    A window ends when a moment of another one is named, be it later or, where the clock was set back, earlier: then it
    is begun anew, and there will be two pieces of it.

    - rows, lost: all that were added, and all that were not, since the beginning
    - bet: the direction that is bet on, as the evaluator last published it
    - sampling: which requests are kept with their rows; None for none
    """

    def __init__(self, profile: Profile, boot: Boot, sampling: Sampling | None = None) -> None:
        self.profile, self.boot, self._sampling = profile, boot, sampling
        self.rows = self.lost = 0
        self.bet: Bet | None = None
        self.is_over = False
        self._window = self._begun(start_of(boot.started, boot.seconds), 0)
        self._finished: list[_Window] = []
        self._lock = threading.Lock()

    def add(self, now: float, observed: Observed, request_ids: Sequence[str], row_counts: Sequence[int]) -> None:
        """Count rows, in the order of their requests. What comes after the end counts as lost. Raises UnfitRows."""
        encoded = self.profile.encoder.encode(observed)
        with self._lock:
            if self.is_over:
                self.lost += len(encoded)
                return
            self._turn(now)
            self._window.sketch.add(encoded, self.profile.fourier, request_ids, row_counts, self.bet)
            self.rows += len(encoded)
            self._keep(observed, encoded, request_ids, row_counts)

    def lose(self, rows: int, *, told: int = 0) -> None:
        """Tell with the present window of rows that are in no sketch, and of those that a dropped piece had told of."""
        with self._lock:
            self.lost += rows
            self._window.lost += rows + told

    def call(self, now: float, calls: Calls) -> None:
        """Tell how requests went."""
        with self._lock:
            self._turn(now)
            self._window.calls += calls

    def taken(self, now: float) -> list[Piece]:
        """The pieces of windows that are over, each once."""
        with self._lock:
            self._turn(now)
            finished, self._finished = self._finished, []
        return [self._piece(window) for window in finished]

    def finish(self, now: float) -> list[Piece]:
        """End: the pieces that were not taken, with that of the present window."""
        with self._lock:
            self._turn(now)
            finished, self._finished = [*self._finished, self._window], []
            self.is_over = True
        return [self._piece(window) for window in finished]

    def _turn(self, now: float) -> None:
        start = start_of(now, self.boot.seconds)
        if start == self._window.start or self.is_over:
            return
        self._finished.append(self._window)
        self._window = self._begun(start, self._window.sequence + 1)

    def _begun(self, start: int, sequence: int) -> _Window:
        return _Window(start, sequence, self.profile.sketch(), None if self._sampling is None else self._sampling.empty)

    def _keep(
        self, observed: Observed, encoded: Encoded, request_ids: Sequence[str], row_counts: Sequence[int]
    ) -> None:
        window = self._window
        if self._sampling is None or window.sample is None:
            return
        taken = self._sampling.taken(window.sample.ceiling, window.start, observed, encoded, request_ids, row_counts)
        if taken.kept:
            window.sample = window.sample + taken

    def _piece(self, window: _Window) -> Piece:
        sketch = window.sketch
        return Piece(
            window.start,
            self.boot.replica,
            self.boot.boot,
            window.sequence,
            sketch.rows,
            sketch.requests,
            window.lost,
            sketch.worked_rows / sketch.rows if sketch.rows else 0.0,
            sketch.to_bytes() if sketch.rows else b"",
            window.sample,
            window.calls,
        )
