"""What workers record of windows, and how it comes into the store."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pytest

from monitor.monitored import SEED, plain, same
from noteship import monitor, store
from noteship.monitor import statistics, writing
from noteship.monitor.betting import witness_from_json, witness_to_json
from noteship.monitor.sketch import Sketch
from noteship.store.memory import MemoryBucket

FIELDS, REFERENCE = plain(400, 3)
PROFILE = monitor.Profile.build(REFERENCE, FIELDS, SEED)
START = 1_795_400_100
VERSION = "a" * 64


@dataclass
class Clock:
    """Stands until it is moved."""

    now: float = float(START)

    def __call__(self) -> float:
        """The moment."""
        return self.now


@dataclass
class Away(MemoryBucket):
    """A bucket that can be away; then it fails before it writes, or after it has written, and does not say which."""

    is_away: bool = False
    fails_late: bool = False
    tried: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """As the bucket, unless it is away."""
        self.tried.append(key)
        if self.is_away and not self.fails_late:
            raise store.errors.StoreUnreachable.example()
        done = super().put_if(key, data, version)
        if self.is_away:
            raise store.errors.StoreUnreachable.example()
        return done


@dataclass
class Watched:
    """A worker that watches one version of a model."""

    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    clock: Clock = field(default_factory=Clock)
    closes: writing.Closes | None = None
    replica: str = "pod-7"

    def __post_init__(self) -> None:
        self.objects = store.Store(self.bucket)
        self.writer = monitor.Writer(
            self.objects, monitor.Settings(), self.closes, clock=self.clock, replica=self.replica
        )
        self.recorder = self.writer.begin("mail", VERSION, PROFILE)
        self.windows = monitor.Windows(self.objects, monitor.Place("local", "mail", VERSION))

    def add(self, start: int, end: int) -> None:
        """Count rows of the reference, each a request."""
        ids = [f"request {place}" for place in range(start, end)]
        self.recorder.add(self.clock(), REFERENCE.part(start, end), ids, [1] * (end - start))

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and the writer look."""
        self.clock.now += seconds
        self.writer.step()

    def pieces(self) -> list[monitor.Piece]:
        """All that are in the store, by window and name."""
        return [piece for start in self.windows.starts() for piece in self.windows.pieces(start).pieces]


def whole(*ranges: tuple[int, int]) -> Sketch:
    sketch = PROFILE.sketch()
    for start, end in ranges:
        ids = [f"request {place}" for place in range(start, end)]
        encoded = PROFILE.encoder.encode(REFERENCE.part(start, end))
        sketch.add(encoded, PROFILE.fourier, ids, [1] * (end - start))
    return sketch


def merged(found: list[monitor.Piece]) -> Sketch:
    sketch = PROFILE.sketch()
    for piece in found:
        sketch = sketch + (PROFILE.read_sketch(piece.sketch) if piece.sketch else PROFILE.sketch())
    return sketch


def test_each_window_has_a_piece() -> None:
    """Rows are in the piece of the window in which they came; a window without rows has a piece, too."""
    watched = Watched()
    watched.add(0, 10)
    watched.pass_by(150)
    watched.add(10, 30)
    watched.pass_by(150)
    watched.pass_by(300)
    watched.add(30, 35)
    watched.clock.now += 300
    # Whoever adds first in a new window ends the one before.
    watched.add(35, 36)
    watched.writer.step()
    found = watched.pieces()
    assert [(piece.start - START, piece.sequence, piece.rows) for piece in found] == [
        (0, 0, 30), (300, 1, 0), (600, 2, 5),
    ]  # fmt: skip
    assert found[1].sketch == b""
    assert same(PROFILE.read_sketch(found[0].sketch), whole((0, 10), (10, 30)))
    assert [boot.ended for boot in watched.windows.boots()] == [None]


def test_an_end_writes_what_there_is() -> None:
    """A worker that ends writes the window that is under way, and its end; nothing is added to it later."""
    watched = Watched()
    watched.add(0, 7)
    watched.clock.now += 10
    watched.writer.close(1)
    assert [piece.rows for piece in watched.pieces()] == [7]
    (boot,) = watched.windows.boots()
    assert (boot.started, boot.ended, boot.seconds) == (START, START + 10, 300)
    watched.add(7, 9)
    assert (watched.recorder.rows, watched.recorder.lost) == (7, 2)


def test_a_version_that_is_served_no_more_ends_with_its_window() -> None:
    """Requests under way when a version is unloaded are counted; then its boot ends, and no more pieces come."""
    watched = Watched()
    watched.writer.end(watched.recorder)
    watched.add(0, 3)
    watched.pass_by(10)
    assert watched.windows.boots()[0].ended is None
    watched.pass_by(300)
    assert watched.windows.boots()[0].ended == START + 310
    watched.pass_by(600)
    assert sum(piece.rows for piece in watched.pieces()) == 3
    assert watched.writer.waiting == 0


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    """Rows of a window that comes twice are in two pieces of it, and none in both."""
    watched = Watched()
    watched.add(0, 5)
    for move, start, end in ((300, 5, 9), (-300, 9, 12), (86_400, 12, 20), (-86_100, 20, 21)):
        watched.pass_by(move)
        watched.add(start, end)
    watched.writer.close(1)
    found = watched.pieces()
    assert len({piece.name for piece in found}) == len(found) == 5
    assert same(merged(found), whole((0, 21)))


def test_lost_rows_are_told() -> None:
    """Rows that could not be counted are told with the window's piece, once."""
    watched = Watched()
    watched.recorder.lose(4)
    watched.pass_by(300)
    watched.pass_by(300)
    assert [piece.lost for piece in watched.pieces()] == [4, 0]


@pytest.mark.parametrize("fails_late", [False, True])
def test_a_store_that_is_away_gets_all_of_it_later(fails_late: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Twelve windows without a store are delivered when it is back, each once, also those of which it kept silent."""
    bucket = Away(is_away=True, fails_late=fails_late)
    watched = Watched(bucket)
    for window in range(12):
        watched.add(window * 10, window * 10 + 10)
        watched.pass_by(300)
    assert watched.writer.waiting > 0
    # Once it fails, it is not asked at every look.
    assert len(bucket.tried) < 12
    bucket.is_away = False
    for _ in range(writing.MOST_REST + 1):
        watched.writer.step()
    found = watched.pieces()
    assert watched.writer.waiting == watched.writer.dropped == 0
    assert [piece.sequence for piece in found] == list(range(12))
    assert same(merged(found), whole((0, 120)))
    assert caplog.text.count("windows cannot be written") == 1


def test_what_waits_is_bounded() -> None:
    """Beyond a day of windows the oldest are dropped, counted, and their rows told as lost when the store is back."""
    bucket = Away(is_away=True)
    watched = Watched(bucket)
    for window in range(writing.WAITING_PIECES + 3):
        watched.add(window, window + 1)
        watched.pass_by(300)
    assert (watched.writer.waiting, watched.writer.dropped) == (writing.WAITING_PIECES, 3)
    bucket.is_away = False
    watched.add(0, 5)
    watched.writer.close(1)
    found = watched.pieces()
    assert found[0].sequence == 3
    assert sum(piece.rows + piece.lost for piece in found) == watched.recorder.rows == writing.WAITING_PIECES + 8
    assert [boot.started for boot in watched.windows.boots()] == [START]


def test_workers_of_one_name_are_told_apart() -> None:
    """Two workers, or two replicas that claim one name, both count, under boots of their own."""
    bucket = MemoryBucket()
    one, other = Watched(bucket), Watched(bucket)
    one.add(0, 5)
    other.add(5, 9)
    for each in (one, other):
        each.pass_by(300)
    assert len(one.windows.boots()) == 2
    assert same(merged(one.pieces()), whole((0, 9)))


def test_windows_are_closed_once_a_window_after_a_time_of_grace() -> None:
    """The evaluator is asked once a window, a while after its begin; whatever it raises, pieces are written."""
    asked: list[float] = []

    def closes(windows: monitor.Windows, profile: monitor.Profile) -> Callable[[float], object]:
        assert profile is PROFILE

        def close(now: float) -> None:
            asked.append(now)
            # Pieces of the window before are there by then.
            assert len(windows.starts()) == (now - START) // 300
            if len(asked) == 2:
                raise ValueError("a fault of its own")

        return close

    watched = Watched(closes=closes)
    for _ in range(900):
        watched.pass_by(1)
    assert len(asked) == 3
    assert all(30 <= (moment - START) % 300 <= 61 for moment in asked)
    assert len(watched.pieces()) == 3


def test_the_witness_is_taken_when_it_is_published() -> None:
    """Rows are bet on the witness of the state, from the window after it was published; a new one takes its place."""
    watched = Watched()
    rng = numpy.random.default_rng(1)
    size = len(statistics.fold(PROFILE.sketch().shape.gram()))
    ref, identities = None, []
    for _ in range(2):
        direction = rng.normal(size=size).astype(numpy.float32)
        witness = statistics.Witness(direction, 0.5, 0.1, 10.0)
        assert witness_from_json(witness_to_json(witness)).identity == witness.identity
        ref = watched.windows.write_state({"witness": witness_to_json(witness)}, ref)
        identities.append(witness.identity)
        watched.add(0, 20)
        watched.pass_by(61)
        watched.add(20, 40)
        watched.pass_by(239)
    first, second = (PROFILE.read_sketch(piece.sketch) for piece in watched.pieces())
    assert list(first.wealth) == identities[:1]
    assert sorted(second.wealth) == sorted(identities)
    watched.windows.write_state({"witness": None}, ref)
    watched.pass_by(61)
    assert watched.recorder.bet is None


def test_a_state_that_makes_no_sense_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A witness that cannot be read is left, and said; windows are written."""
    watched = Watched()
    watched.windows.write_state({"witness": {"direction": 3}}, None)
    for _ in range(10):
        watched.pass_by(100)
    assert len(watched.pieces()) == 3
    assert "windows were not closed" in caplog.text


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """Where a file is in the folder's way, pieces wait until it is gone."""
    (tmp_path / "store").write_text("in the way")
    clock = Clock()
    objects = store.open_store(str(tmp_path / "store"), tmp_path)
    writer = monitor.Writer(objects, monitor.Settings(), clock=clock)
    writer.begin("mail", VERSION, PROFILE)
    clock.now += 300
    writer.step()
    assert writer.waiting == 1
    (tmp_path / "store").unlink()
    writer.step()
    writer.step()
    assert (writer.waiting, writer.written) == (0, 1)


WORKER = """
import sys, time
from monitor.test_monitor_recorder import PROFILE, REFERENCE, VERSION
from noteship import monitor, store
from pathlib import Path
writer = monitor.Writer(store.open_store(sys.argv[1], Path()), monitor.Settings(window_s=1))
writer.start()
recorder = writer.begin("mail", VERSION, PROFILE)
for number in range(100_000):
    recorder.add(time.time(), REFERENCE.part(0, 4), [str(number)], [4])
    print(recorder.rows, flush=True)
    time.sleep(0.01)
"""


@pytest.mark.slow
def test_a_killed_worker_loses_its_current_window_at_most(tmp_path: Path) -> None:
    """After SIGKILL all windows but the last are in the store, whole, and the boot's end is not."""
    objects = store.open_store(str(tmp_path), tmp_path)
    windows = monitor.Windows(objects, monitor.Place("local", "mail", VERSION))
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    path = str(Path(__file__).parents[1])
    environment: dict[str, Any] = os.environ | {"PYTHONPATH": path}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        ends = time.monotonic() + 20
        while len(windows.starts()) < 2 and time.monotonic() < ends:
            time.sleep(0.05)
        killed = time.time()
        process.kill()
        assert process.stdout is not None
        told = int(process.stdout.read().split()[-1])
    found = [piece for start in windows.starts() for piece in windows.pieces(start).pieces]
    assert len(found) >= 2
    starts = [piece.start for piece in found]
    assert all(after - before == 1 for before, after in itertools.pairwise(starts))
    assert starts[-1] >= killed - 3
    assert 0 <= told - sum(piece.rows for piece in found) <= 4 * 250
    assert merged(found).rows == sum(piece.rows for piece in found)
    assert [boot.ended for boot in windows.boots()] == [None]
