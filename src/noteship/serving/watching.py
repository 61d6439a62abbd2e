"""What is asked and answered, sketched for the monitoring: an observer of every model that has a profile."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from noteship import monitor, supervising
from noteship.evaluating import decided
from noteship.serving.feedback import Feedback
from noteship.serving.model import Model
from noteship.serving.observing import Batch, joined
from noteship.serving.refusals import place_of
from noteship.serving.served import Served
from noteship.serving.tallies import Tally
from noteship.serving.work_sampling import WorkSampling

__all__ = ["Beside", "Watch"]

LOG = logging.getLogger(__name__)
# Rows that are counted together, at most, and what they may take. A call costs as much as a hundred rows, and at each
# of its steps the thread that answers takes the interpreter. Of more rows than these, arrays of thirty columns are so
# large that each is made of new pages: a row then takes twice as long.
TOGETHER, TOGETHER_BYTES = 512, 1 << 20
# Requests that wait to be counted, 100 bytes each: as many as a worker answers in a few seconds.
CALLS_LIMIT = 100_000
# Buckets of the histogram of work are at powers of the square root of two, so that those of versions line up: from the
# least work of the reference to sixteen times its most.
HALVES, BEYOND = 2, 8


class Beside(Protocol):
    """Has the version that is answered beside, and its profile."""

    def found(self) -> tuple[str, monitor.Profile] | None:
        """Its digest and its profile, or None as long as these cannot be had."""
        ...


@dataclass(eq=False)
class _Watched:
    """A version that is watched, what is counted of its work, and the batches that are yet to be counted."""

    model: Model
    recorder: monitor.Recorder
    sampling: WorkSampling
    tally: Tally | None
    release: str
    beside: monitor.Recorder | None = None
    waiting: list[Batch] = field(default_factory=list)
    calls: deque[tuple[bool, float]] = field(default_factory=deque)
    rows: int = 0
    size_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def recorders(self) -> list[monitor.Recorder]:
        return [self.recorder] if self.beside is None else [self.recorder, self.beside]

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        return (("release", self.release), ("model", self.model.name), ("version", self.model.version))


class Watch:
    """An observer that sketches rows, predictions and work. Guarantee: no answer waits.

    No rows are kept but those that the settings ask for. Models without a profile are not watched. What comes within a
    second is counted together, up to 512 rows.
    `beside`: a version in whose profile's terms all rows are counted, too, as those of a canary are.
    Cost: about 3 microseconds a row of 30 numbers, and for the work a tenth of the scoring at most.
    """

    def __init__(self, writer: monitor.Writer, beside: Beside | None = None) -> None:
        self._writer, self._beside = writer, beside
        writer.before_looking = self._look
        self._watched: dict[str, _Watched] = {}
        self._leaving: set[str] = set()
        # Held by who begins to watch a version, and who forgets one.
        self._changing = threading.Lock()
        # Labels may come for a version that is no longer served: so much is remembered of it.
        self._names: dict[str, str] = {}
        # What was lost is told on one thread and counted on another.
        self._lost: deque[tuple[str, int]] = deque()

    def observe_served(self, served: Sequence[Served]) -> None:
        """Watch these from now on, and others no longer."""
        digests = {each.model.digest for each in served}
        with self._changing:
            for each in served:
                if each.model.digest not in self._watched or each.model.digest in self._leaving:
                    self._begin(each)
            self._leaving = self._watched.keys() - digests
            for digest in self._leaving:
                # Requests under way may still be answered by it.
                for recorder in self._watched[digest].recorders:
                    self._writer.end(recorder)

    def observe_call(self, model: Model, status: int, seconds: float) -> None:
        """Count a request, soon."""
        watched = self._watched.get(model.digest)
        if watched is not None and len(watched.calls) < CALLS_LIMIT:
            watched.calls.append((status == 200, seconds))

    def observe(self, batch: Batch) -> None:
        """Count rows, soon; those that cannot be encoded count as lost."""
        watched = self._watched.get(batch.model.digest)
        if watched is None:
            return
        with watched.lock:
            watched.waiting.append(batch)
            watched.rows += len(batch.scores)
            watched.size_bytes += batch.size_bytes
            if watched.rows >= TOGETHER or watched.size_bytes >= TOGETHER_BYTES:
                self._count_waiting(watched)

    def _look(self) -> None:
        """Once a second: count what waits, and let go of versions whose last window is over, with their models."""
        self._count_all()
        self._begin_beside()
        with self._changing:
            for digest in [each for each in self._leaving if self._watched[each].recorder.is_over]:
                del self._watched[digest]
                self._leaving.remove(digest)

    def _count_all(self, *, is_patient: bool = True) -> None:
        """Count what waits; of versions that are just being counted, whoever is impatient leaves it."""
        self._tell_lost()
        for watched in list(self._watched.values()):
            if watched.lock.acquire(blocking=is_patient):
                try:
                    self._count_waiting(watched)
                finally:
                    watched.lock.release()

    def _count_waiting(self, watched: _Watched) -> None:
        calls = [watched.calls.popleft() for _ in range(len(watched.calls))]
        if calls:
            watched.recorder.call(self._writer.clock(), monitor.Calls.of(calls))
        batches, watched.waiting, watched.rows, watched.size_bytes = watched.waiting, [], 0, 0
        for batch in joined(batches):
            try:
                self._count(watched, batch)
            except Exception as error:
                watched.recorder.lose(len(batch.scores))
                LOG.warning("rows of %s were not counted: %s", watched.model.version, place_of(error))

    def _count(self, watched: _Watched, batch: Batch) -> None:
        work = watched.sampling.count(batch)
        if work is not None and watched.tally is not None:
            watched.tally.observe_all(work.tolist())
        scores = batch.scores
        predictions = monitor.Predictions(scores.predictions, scores.probabilities, scores.classes)
        # The profile's fields are the signature's inputs, so numbers and others are those of its encoder.
        observed = monitor.Observed(batch.rows.numbers, batch.rows.others, predictions, work)
        for recorder in watched.recorders:
            recorder.add(self._writer.clock(), observed, batch.request_ids, batch.row_counts)

    def observe_lost(self, model: Model, rows: int) -> None:
        """Rows were answered of which it was not told; from any thread, returns at once."""
        self._lost.append((model.digest, rows))

    def close(self, timeout_s: float) -> None:
        """End all windows and write what waits, for so long at most."""
        self._count_all()
        self._writer.close(timeout_s)

    def observe_feedback(self, feedback: Feedback) -> None:
        """Count a label for the window of its prediction."""
        name = self._names.get(feedback.bundle)
        if name is not None:
            judgement = monitor.Judgement(feedback.label, feedback.prediction, feedback.is_agreed)
            self._writer.label(name, feedback.bundle, feedback.moment, feedback.kind, judgement)

    def families(self) -> Sequence[supervising.Family]:
        """What it counts, for Prometheus."""
        # Whoever answers requests may ask, when an observer is slow.
        self._count_all(is_patient=False)
        every = list(self._watched.values())
        pieces = "Pieces of windows, one a window, version and worker,"
        return [
            _by_version("noteship_watched_rows", "Rows that the monitoring has counted.", every, "rows"),
            _by_version("noteship_watched_rows_lost", "Rows that it has not, or that were dropped.", every, "lost"),
            _single("noteship_windows_written", "counter", f"{pieces} that were written.", self._writer.written),
            _single("noteship_windows_dropped", "counter", f"{pieces} that waited too long.", self._writer.dropped),
            _single("noteship_windows_waiting", "gauge", f"{pieces} that are yet to be written.", self._writer.waiting),
            supervising.Family(
                "noteship_work",
                "Multiplications, comparisons and look-ups that scoring a row took, of rows whose work was counted.",
                "histogram",
                [sample for watched in every for sample in _histogram(watched)],
            ),
            *decided.families([*self._closed(every)]),
        ]

    def _closed(self, every: Sequence[_Watched]) -> Iterator[decided.Closed]:
        for each in every:
            decision = self._writer.decided(each.recorder)
            if decision is not None:
                yield decided.Closed(each.labels, decision, each.recorder.boot.seconds)

    def _begin(self, served: Served) -> None:
        model, profile = served.model, served.model.profile
        if profile is None:
            return
        if not _fits(profile, model):
            LOG.warning("%s %s is not watched: its profile has other fields than it has", model.name, model.version)
            return
        recorder = self._writer.begin(model.name, model.digest, profile)
        sampling = WorkSampling(served)
        self._names[model.digest] = model.name
        watched = self._watched.get(model.digest)
        if watched is None:
            tally = Tally("noteship_work", "", _buckets(profile)) if profile.encoder.layout.has_work else None
            self._watched[model.digest] = _Watched(model, recorder, sampling, tally, self._writer.release)
            return
        with watched.lock:
            # It was served before; what is counted for Prometheus goes on.
            recorder.rows, recorder.lost = watched.recorder.rows, watched.recorder.lost
            watched.model, watched.recorder, watched.sampling = model, recorder, sampling
            watched.beside = None

    def _begin_beside(self) -> None:
        """Where the other profile can be had by now: count in its terms, too."""
        found = self._beside.found() if self._beside is not None else None
        if found is None:
            return
        version, profile = found
        for watched in list(self._watched.values()):
            if watched.beside is None and not watched.recorder.is_over and watched.model.digest not in self._leaving:
                if not _fits(profile, watched.model):
                    LOG.warning("%s is not compared: the version beside it has other fields", watched.model.version)
                    self._beside = None
                    return
                place = monitor.Place("", "", watched.model.digest).beside(version)
                watched.beside = self._writer.begin(watched.model.name, place.version, profile)

    def _tell_lost(self) -> None:
        while self._lost:
            digest, rows = self._lost.popleft()
            if digest in self._watched:
                self._watched[digest].recorder.lose(rows)


def _fits(profile: monitor.Profile, model: Model) -> bool:
    inputs = [(column.name, column.is_plain_number) for column in model.signature.inputs]
    return inputs == [(field.name, field.is_plain) for field in profile.fields]


def _buckets(profile: monitor.Profile) -> Sequence[float]:
    """Bounds of the work's histogram: whole numbers, rising."""
    halves = HALVES * profile.encoder.layout.ranks.knots[-1]
    powers = range(math.floor(halves[0]), math.ceil(halves[-1]) + BEYOND + 1)
    return sorted({float(round(2 ** (power / HALVES))) for power in powers})


def _by_version(name: str, about: str, every: Sequence[_Watched], count: str) -> supervising.Family:
    samples = [supervising.Sample(f"{name}_total", each.labels, getattr(each.recorder, count)) for each in every]
    return supervising.Family(name, about, "counter", samples)


def _single(name: str, kind: str, about: str, value: float) -> supervising.Family:
    sample = supervising.Sample(f"{name}_total" if kind == "counter" else name, (), value)
    return supervising.Family(name, about, kind, [sample])


def _histogram(watched: _Watched) -> Iterator[supervising.Sample]:
    if watched.tally is None:
        return
    buckets, total = watched.tally.buckets()
    for bound, count in buckets:
        yield supervising.Sample("noteship_work_bucket", (*watched.labels, ("le", bound)), count)
    yield supervising.Sample("noteship_work_count", watched.labels, buckets[-1][1])
    yield supervising.Sample("noteship_work_sum", watched.labels, total)
