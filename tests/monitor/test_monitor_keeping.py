"""Rows that are kept, in the store: from workers to windows, and until they are deleted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from contracts import store_places
from monitor.streams_of_rows import PROFILE, observed
from monitor.test_monitor_recorder import Away, Clock
from noteship import monitor, store
from noteship.monitor import writing
from noteship.monitor.evaluating import SWEEP_S, Evaluator
from noteship.monitor.keeping import MERGED, KeptRows
from noteship.monitor.sample import Kept, Sample
from noteship.store.bucket import Entry
from noteship.store.memory import MemoryBucket

FIRST, W, DAY_S = 1_780_000_200, 300, 86_400
PLACE = monitor.Place("local", "mail", "ab" * 32)
SETTINGS = monitor.Settings(sample=5, leave_out=("c3",))


@pytest.fixture(params=store_places.ALL)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[store.Store]:
    with store_places.opened(request.param, tmp_path) as bucket:
        yield store.Store(bucket)


def sample(*orders: int, start: int = FIRST) -> Sample:
    """Of requests with these hashes."""
    row = {"inputs": {"text": "m-a-r-k"}, "prediction": 1, "probability": None, "bins": [], "leaves": {}}
    return Sample.of(5, (), [Kept.of(order, f"id {order}", start, [row], 0) for order in orders])


def orders(kept: KeptRows, start: int = FIRST) -> list[int]:
    found = kept.read(start)
    return [] if found is None else [each.order for each in found.kept]


@dataclass
class Worker:
    """A worker that keeps rows."""

    objects: store.Store
    settings: monitor.Settings = SETTINGS
    clock: Clock = field(default_factory=lambda: Clock(FIRST))
    closes: writing.Closes | None = None

    def __post_init__(self) -> None:
        self.writer = monitor.Writer(self.objects, self.settings, self.closes, clock=self.clock, replica="pod-1")
        self.recorder = self.writer.begin("mail", PLACE.version, PROFILE)
        self.asked = 0

    def window(self, rows: int = 40) -> None:
        """Be asked some rows, each a request, and let the window pass."""
        ids = [f"request {place}" for place in range(self.asked, self.asked + rows)]
        self.asked += rows
        half = rows // 2
        for part in (slice(0, half), slice(half, rows)):
            self.recorder.add(
                self.clock(), observed(rows, [7, self.asked]).part(part.start, part.stop), ids[part], [1] * half
            )
        self.clock.now += W
        self.writer.step()


def test_what_workers_keep_is_merged(objects: store.Store) -> None:
    """Parts become one and are deleted; what comes late is merged as well; merging again changes nothing."""
    kept = KeptRows(objects, PLACE)
    kept.write(FIRST, "pod-aa-0", sample(1, 4, 9))
    kept.write(FIRST, "pod-bb-0", sample(2, 3, 5))
    kept.write(FIRST, "pod-bb-0", sample(7))
    assert orders(kept) == [1, 2, 3, 4, 5]
    for _ in range(2):
        kept.merge(FIRST)
        assert [name.rpartition("/")[2] for name in objects.refs(kept.prefix)] == [MERGED]
        assert orders(kept) == [1, 2, 3, 4, 5]
    kept.write(FIRST, "pod-cc-0", sample(0, 8))
    assert orders(kept) == [0, 1, 2, 3, 4]
    kept.merge(FIRST)
    assert (orders(kept), kept.starts()) == ([0, 1, 2, 3, 4], [FIRST])
    assert kept.read(FIRST + W) is None


class Meanwhile(MemoryBucket):
    """A bucket in which something else happens before a reference is written, once."""

    def __init__(self) -> None:
        super().__init__()
        self.happens: list[Callable[[], None]] = []

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """As the bucket."""
        if self.happens:
            self.happens.pop()()
        return super().put_if(key, data, version)


def test_two_mergers_and_a_late_part_lose_nothing() -> None:
    """Whoever merges what another has just merged, with a part that has just come, begins anew."""
    bucket = Meanwhile()
    kept = KeptRows(store.Store(bucket), PLACE)
    kept.write(FIRST, "pod-aa-0", sample(4))
    kept.write(FIRST, "pod-bb-0", sample(3))

    def meanwhile() -> None:
        kept.write(FIRST, "pod-cc-0", sample(1))
        kept.merge(FIRST)

    bucket.happens.append(meanwhile)
    kept.merge(FIRST)
    assert orders(kept) == [1, 3, 4]


def test_what_was_changed_is_no_part_of_it(objects: store.Store) -> None:
    """A value that is no sample is left out, and goes when its time has come."""
    kept = KeptRows(objects, PLACE)
    kept.write(FIRST, "pod-aa-0", sample(1))
    for place, value in enumerate([3, {"format": 2}, sample(2).to_json() | {"most": []}]):
        objects.write_ref(f"{kept.prefix}20260528T203000Z/pod-zz-{place}", value, expected=None)
    assert kept.starts() == [FIRST]
    assert orders(kept) == [1]
    kept.merge(FIRST)
    assert orders(kept) == [1]
    kept.sweep(FIRST + 1, FIRST)
    assert list(objects.refs("samples/")) == []


def test_a_deletion_deletes(tmp_path: Path) -> None:
    """What was kept for long enough is nowhere in the store, of whatever version; other releases are left alone."""
    objects = store.open_store(str(tmp_path), tmp_path)
    old = KeptRows(objects, monitor.Place("local", "mail", "cd" * 32))
    ours, theirs = KeptRows(objects, PLACE), KeptRows(objects, monitor.Place("other", "mail", "ab" * 32))
    for kept in (old, ours):
        kept.write(FIRST, "pod-aa-0", sample(1))
        kept.merge(FIRST)
        kept.write(FIRST, "pod-bb-0", sample(2))
    ours.write(FIRST + W, "pod-aa-1", sample(3))
    theirs.write(FIRST, "pod-aa-0", sample(5))
    ours.sweep(FIRST + 1, FIRST + W)
    assert (old.starts(), ours.starts(), theirs.starts()) == ([], [FIRST + W], [FIRST])
    # A window that nobody had merged is, on this occasion.
    assert [name.rpartition("/")[2] for name in objects.refs(ours.prefix)] == [MERGED]
    assert marked(tmp_path) == 2


def test_what_is_damaged_or_half_written_is_deleted(tmp_path: Path) -> None:
    """It is set aside nowhere, what is whole is merged, and what a killed writer left goes with the next sweep."""
    kept = KeptRows(store.open_store(str(tmp_path), tmp_path), PLACE)
    for place in range(3):
        kept.write(FIRST, f"pod-aa-{place}", sample(place))
        kept.write(FIRST + W, f"pod-aa-{place}", sample(place))
    damaged, *_ = tmp_path.rglob("pod-aa-1.json")
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-9])
    left = damaged.with_name(".pod-aa-2.json.0123456789ab.new")
    left.write_bytes(damaged.read_bytes())
    kept.merge(FIRST)
    kept.merge(FIRST + W)
    assert sorted([orders(kept), orders(kept, FIRST + W)]) == [[0, 1, 2], [0, 2]]
    assert marked(tmp_path) == 3
    kept.sweep(FIRST, None)
    assert left.exists()
    os.utime(left, (FIRST, FIRST))
    kept.sweep(FIRST, None)
    assert (marked(tmp_path), left.exists()) == (2, False)
    kept.sweep(FIRST + 2 * W, None)
    assert not (tmp_path / "refs").exists()


class NothingGoes(MemoryBucket):
    """A bucket of which nothing may be deleted."""

    def delete(self, key: str) -> None:
        """Refuse."""
        raise store.errors.StoreDenied(self.url, key, "403")


def test_who_may_not_delete_reads_what_is_whole() -> None:
    """Damaged samples are left out, and a merger that cannot replace one gives up."""
    bucket = NothingGoes()
    kept = KeptRows(store.Store(bucket), PLACE)
    kept.write(FIRST, MERGED, sample(1))
    kept.write(FIRST, "pod-aa-0", sample(2))
    merged, _ = bucket.list("")
    bucket.put(merged.key, [b"{"])
    kept.merge(FIRST)
    assert orders(kept) == [2]


def marked(folder: Path) -> int:
    """Files of a folder that hold a value of a row."""
    return sum(b"m-a-r-k" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_window_keeps_so_many_requests(objects: store.Store) -> None:
    """Of all that a worker was asked in a window, those with the smallest hashes are kept with the piece, apart."""
    worker = Worker(objects)
    worker.window()
    kept = KeptRows(objects, PLACE)
    found = kept.read(FIRST)
    assert found is not None
    every = monitor.Sampling(PROFILE, 5, ("c3",))
    rows, ids = observed(40, [7, 40]), [f"request {place}" for place in range(40)]
    assert found == every.taken(every.empty.ceiling, FIRST, rows, PROFILE.encoder.encode(rows), ids, [1] * 40)
    assert (len(found.kept), found.left_out) == (5, ("c3",))
    pieces = [ref.value for ref in objects.read_refs("monitor/") if "/windows/" in ref.name]
    assert [sorted(piece) for piece in pieces] == [sorted(monitor.Piece(0, "", "", 0).to_json())]


def test_who_closes_a_window_merges_its_rows(objects: store.Store) -> None:
    """Two workers keep five requests each, and the window five; it is so with every window, and the rows go in time."""
    workers = [Worker(objects, closes=monitor.closes(SETTINGS)), Worker(objects)]
    for _ in range(3):
        for worker in workers:
            worker.window()
    for worker in workers:
        worker.clock.now += 70
        worker.writer.step()
    kept = KeptRows(objects, PLACE)
    assert kept.starts() == [FIRST, FIRST + W, FIRST + 2 * W]
    assert [name.rpartition("/")[2] for name in objects.refs(kept.prefix)] == [MERGED] * 3
    found = kept.read(FIRST)
    assert found is not None and len(found.kept) == 5
    windows = monitor.Windows(objects, PLACE)
    state = windows.read_state()
    assert state is not None and "samples" not in str(state.value)
    later = FIRST + 7 * DAY_S + W + 1
    assert Evaluator(windows, PROFILE, SETTINGS).close(later) == []
    assert kept.starts() == [FIRST + 2 * W]


def test_rows_go_when_none_are_kept_any_more(objects: store.Store) -> None:
    """With the setting off nothing new is kept, and what was is deleted in its time, by whoever closes windows."""
    Worker(objects).window()
    worker = Worker(objects, monitor.Settings(), Clock(FIRST + W), monitor.closes(monitor.Settings()))
    worker.window()
    worker.clock.now += 70
    worker.writer.step()
    kept = KeptRows(objects, PLACE)
    assert kept.starts() == [FIRST]
    evaluator = Evaluator(monitor.Windows(objects, PLACE), PROFILE, monitor.Settings())
    evaluator.close(FIRST + 7 * DAY_S - SWEEP_S / 2)
    assert kept.starts() == [FIRST]
    evaluator.close(FIRST + 7 * DAY_S + 1)
    assert kept.starts() == [FIRST]
    evaluator.close(FIRST + 7 * DAY_S + SWEEP_S / 2)
    assert kept.starts() == []


def test_by_default_there_is_nothing() -> None:
    """Without the setting no name and no value of a store has anything of rows."""
    objects = store.Store(MemoryBucket())
    worker = Worker(objects, monitor.Settings(), closes=monitor.closes(monitor.Settings()))
    for _ in range(2):
        worker.window()
    worker.clock.now += 70
    worker.writer.step()
    assert [name for name in objects.refs("") if "sample" in name] == []
    assert not [ref for ref in objects.read_refs("") if "request " in str(ref.value)]


def test_few_samples_wait_for_a_store(caplog: pytest.LogCaptureFixture) -> None:
    """While the store is away counts of a day wait, and rows of the last windows; nothing of rows is logged."""
    bucket = Away(is_away=True)
    worker = Worker(store.Store(bucket))
    for _ in range(20):
        worker.window()
    bucket.is_away = False
    for _ in range(writing.MOST_REST + 1):
        worker.writer.step()
    assert worker.writer.written == 20
    kept = KeptRows(store.Store(bucket), PLACE)
    assert kept.starts() == [FIRST + place * W for place in range(20)][-writing.WAITING_SAMPLES :]
    assert "request " not in caplog.text


def test_a_column_that_there_is_not_stops_the_watching() -> None:
    """Where a name of `leave_out` fits no column, nothing is begun."""
    with pytest.raises(monitor.errors.UnknownColumn):
        Worker(store.Store(MemoryBucket()), monitor.Settings(sample=5, leave_out=("c33",)))


class NoRows(MemoryBucket):
    """A bucket in which nobody has a right on rows."""

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """As the bucket, but for rows."""
        return super().put_if(self._allowed(key), data, version)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """As the bucket, but for rows."""
        return super().list(self._allowed(prefix), after=after)

    def _allowed(self, key: str) -> str:
        if "samples/" in key:
            raise store.errors.StoreDenied.example()
        return key


@pytest.mark.parametrize("most", [0, 5])
def test_without_rights_on_rows_windows_are_decided_all_the_same(most: int) -> None:
    """Whether rows are asked for or not: counts are written, decided and told; no row is kept."""
    objects = store.Store(NoRows())
    settings = replace(SETTINGS, sample=most)
    worker = Worker(objects, settings, closes=monitor.closes(settings))
    for _ in range(5):
        worker.window()
        # Beyond the time of grace of the window before.
        worker.clock.now += 61
        worker.writer.step()
    windows = monitor.Windows(objects, PLACE)
    assert len(windows.decided()) >= 3
    assert worker.writer.decided(worker.recorder) is not None
