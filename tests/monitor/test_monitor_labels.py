"""Labels that come later: what they say of predictions, and that each is counted once."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from noteship import monitor, store
from noteship.monitor import label_keeping, label_writing
from noteship.monitor.label_writing import LabelWriter
from noteship.monitor.labels import Judgement, Labels
from noteship.store.memory import MemoryBucket

PLACE = monitor.Place("local", "shop", "v1")
START, SECONDS = 1_795_400_400, 300
RIGHT, WRONG = Judgement("spam", "spam", True), Judgement("ham", "spam", False)


@pytest.fixture
def windows(tmp_path: Path) -> monitor.Windows:
    """Of one version, in a store of its own."""
    return monitor.Windows(store.open_store("memory:", tmp_path), PLACE)


def classes(right: int, wrong: int) -> Labels:
    return Labels.of("classification", [RIGHT] * right + [WRONG] * wrong)


def test_labels_add_and_are_read_as_they_were_written() -> None:
    """Counted together or apart they are the same; JSON has all of it."""
    whole = classes(7, 3)
    assert classes(4, 1) + classes(3, 2) == whole
    assert Labels.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert whole.table == [("ham", "spam", 3), ("spam", "spam", 7)]
    assert (whole + Labels("classification")) == whole


def test_shares_have_intervals_that_hold(random: numpy.random.Generator) -> None:
    """Of shares known beforehand, about 95 in a hundred are within; few labels have wide ones, none has none."""
    held = []
    for share in (0.5, 0.9, 0.98):
        for right in random.binomial(60, share, 1_000).tolist():
            score = classes(right, 60 - right).score
            assert score is not None
            held.append(score.low <= share <= score.high)
    assert 0.92 < numpy.mean(held) < 0.98
    assert classes(1, 0).score == pytest.approx((1.0, 0.2065, 1.0), abs=1e-3)
    assert Labels("classification").score is None


@pytest.fixture
def random() -> numpy.random.Generator:
    """The same numbers each time."""
    return numpy.random.default_rng(7)


def test_of_numbers_errors_are_added_up(random: numpy.random.Generator) -> None:
    """The mean absolute error and the root mean square; a row for which nothing was predicted does not count."""
    errors = random.normal(size=200)
    every = [Judgement(10.0 + error, 10.0, False) for error in errors.tolist()]
    found = Labels.of("regression", [*every, Judgement(1.0, None, False), Judgement(1.0, math.nan, False)])
    assert found.score is not None
    assert (found.labels, found.table) == (200, [])
    assert found.score.value == pytest.approx(numpy.abs(errors).mean())
    assert found.root_mean_square == pytest.approx(numpy.sqrt((errors**2).mean()))
    assert found.score.high - found.score.value == pytest.approx(1.96 * numpy.abs(errors).std() / numpy.sqrt(200))
    huge = Labels.of("regression", [Judgement(1e308, -1e308, False)] * 3)
    assert math.isfinite(huge.squared)
    assert Labels.from_json(huge.to_json()) == huge


def test_a_table_is_for_few_classes() -> None:
    """Beyond twenty classes there is none, and sums of such with others have none either; counts stay."""
    many = Labels.of("classification", [Judgement(each, each, True) for each in range(21)])
    assert (many.labels, many.right, many.table) == (21, 21, [])
    assert (many + classes(1, 0)).table == []
    assert Labels.of("classification", [Judgement(True, 1, False), Judgement("1", 1, False)]).table == [
        ("1", 1, 1),
        (True, 1, 1),
    ]


def test_workers_write_what_they_took(windows: monitor.Windows) -> None:
    """By the window of the prediction; of several workers labels add up; written again, nothing is more."""
    first, second = LabelWriter("pod-0"), LabelWriter("pod-0")
    for writer, right in ((first, 3), (second, 2)):
        for _ in range(right):
            writer.add(windows, START, "classification", RIGHT)
        writer.add(windows, START + SECONDS, "classification", WRONG)
        assert writer.write() == 2
    first.add(windows, START, "classification", WRONG)
    assert [first.write(), first.write(), second.write()] == [1, 0, 0]
    assert monitor.read_labels(windows) == {START: classes(5, 1), START + SECONDS: classes(0, 2)}
    assert monitor.read_labels(windows, since=START + 1) == {START + SECONDS: classes(0, 2)}
    assert monitor.read_labels(windows, last=1) == {START + SECONDS: classes(0, 2)}


class Faltering(MemoryBucket):
    """A bucket whose writes fail sometimes, before or after they are done."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write, or fail."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise store.errors.StoreUnreachable(self.url, "", "away")
        found = super().put_if(key, data, version)
        if fault == "after":
            raise store.errors.StoreUnreachable(self.url, "", "away")
        return found


def test_a_write_of_which_nobody_knows_counts_once() -> None:
    """Whether it failed before it was done or after, labels that wait and come meanwhile are counted once."""
    bucket = Faltering()
    windows = monitor.Windows(store.Store(bucket), PLACE)
    writer = LabelWriter("pod-0")
    for fault in ("after", "before", "after", ""):
        writer.add(windows, START, "classification", RIGHT)
        bucket.faults = [fault]
        if fault:
            with pytest.raises(store.errors.StoreUnreachable):
                writer.write()
        else:
            assert writer.write() == 1
    assert monitor.read_labels(windows) == {START: classes(4, 0)}


def test_labels_that_wait_take_memory_by_window() -> None:
    """While the store is away 100,000 labels of a window take no more than a few, and all are written later."""
    bucket = Faltering()
    windows = monitor.Windows(store.Store(bucket), PLACE)
    writer = LabelWriter("pod-0")
    tracemalloc.start()
    for _ in range(10):
        for _ in range(2_000):
            writer.add(windows, START, "classification", Judgement("spam", "".join(["sp", "am"]), True))
        bucket.faults = ["before"]
        with pytest.raises(store.errors.StoreUnreachable):
            writer.write()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 100_000
    assert writer.write() == 1
    assert monitor.read_labels(windows) == {START: classes(20_000, 0)}


def test_so_many_windows_wait(
    windows: monitor.Windows, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those for which no label came for longest are dropped, which is counted, and said once."""
    monkeypatch.setattr(label_writing, "HELD", 3)
    writer = LabelWriter("pod-0")
    for place in (0, 0, 1, 2, 0, 3, 4):
        writer.add(windows, START + place * SECONDS, "classification", RIGHT)
    assert [writer.write(), writer.write(), writer.dropped] == [3, 0, 2]
    assert [(start - START) // SECONDS for start in monitor.read_labels(windows)] == [0, 3, 4]
    assert [record.message for record in caplog.records] == [
        "2 labels were dropped: they waited too long to be written"
    ]
    writer.add(windows, START + SECONDS, "classification", RIGHT)
    assert [writer.write(), writer.dropped] == [1, 2]


def test_windows_that_are_forgotten_are_read_again(windows: monitor.Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker keeps the latest windows in memory; a label for an older one is added to what it wrote."""
    monkeypatch.setattr(label_writing, "KEPT", 2)
    writer = LabelWriter("pod-0")
    for _ in range(2):
        for place in range(5):
            writer.add(windows, START + place * SECONDS, "classification", RIGHT)
            writer.write()
    assert list(monitor.read_labels(windows).values()) == [classes(2, 0)] * 5


@pytest.mark.parametrize("damage", [lambda _: b"{", lambda _: b"[]\n", lambda data: data.replace(b":1,", b":9,", 1)])
def test_what_cannot_be_read_is_left_out(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A damaged value, or one of a later noteship, is not counted, and the others are."""
    windows = monitor.Windows(store.open_store(None, tmp_path), PLACE)
    for replica in ("pod-0", "pod-1"):
        writer = LabelWriter(replica)
        writer.add(windows, START, "classification", RIGHT)
        writer.write()
    path = next(each for each in (tmp_path / ".noteship").rglob("pod-0-*") if each.is_file())
    path.write_bytes(damage(path.read_bytes()))
    assert monitor.read_labels(windows) == {START: classes(1, 0)}


def test_the_writer_of_windows_writes_labels_now_and_then(tmp_path: Path) -> None:
    """At once, then each half minute, and what is left when it is closed; a store that is away is waited for."""
    bucket, now = Faltering(), [float(START)]
    windows = monitor.Windows(store.Store(bucket), PLACE)
    writer = monitor.Writer(windows.objects, monitor.Settings(), clock=lambda: now[0], replica="pod-0")

    def told(seconds: float) -> int:
        now[0] += seconds
        writer.label("shop", "v1", START + 5, "classification", RIGHT)
        writer.step()
        return sum(each.labels for each in monitor.read_labels(windows).values())

    assert [told(0), told(10), told(19), told(1), told(29)] == [1, 1, 1, 4, 4]
    bucket.faults = ["before", "after"]
    assert [told(1) for _ in range(7)] == [4, 4, 8, 8, 8, 8, 12]
    writer.label("shop", "v1", START + SECONDS, "classification", RIGHT)
    writer.close(1)
    assert [each.labels for each in monitor.read_labels(windows).values()] == [12, 1]


def keys(*rows: int) -> dict[bytes, Judgement]:
    return {monitor.key_of("a request", row): RIGHT for row in rows}


def test_labels_of_files_count_once_whatever_file_they_are_in(windows: monitor.Windows) -> None:
    """By request and row; of a window for which workers took labels as well, those count that are more."""
    assert monitor.keep_labels(windows, START, "classification", keys(1, 2)) == (2, [])
    assert monitor.keep_labels(windows, START, "classification", keys(1, 2, 3)) == (1, [])
    assert monitor.keep_labels(windows, START, "classification", dict.fromkeys(keys(3), WRONG)) == (0, [])
    assert monitor.read_labels(windows) == {START: classes(3, 0)}
    writer = LabelWriter("pod-0")
    for found in (classes(3, 0), classes(0, 4)):
        for _ in range(2):
            writer.add(windows, START, "classification", WRONG)
        writer.write()
        assert monitor.read_labels(windows) == {START: found}


def test_a_window_keeps_so_many_labels_of_files(windows: monitor.Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further ones are left out, and named; those that are known stay known."""
    monkeypatch.setattr(label_keeping, "MOST_KEPT", 3)
    assert monitor.keep_labels(windows, START, "classification", keys(1, 2)) == (2, [])
    taken, left_out = monitor.keep_labels(windows, START, "classification", keys(5, 6, 1, 2))
    assert (taken, left_out) == (1, list(keys(6)))
    assert monitor.keep_labels(windows, START, "classification", keys(5, 1, 2)) == (0, [])


def test_labels_of_files_have_the_windows_of_the_first(windows: monitor.Windows) -> None:
    """How long they are is said once, for each version; what was changed is told."""
    assert [monitor.kept_s(windows, seconds) for seconds in (300, 600, 60)] == [300, 300, 300]
    other = monitor.Windows(windows.objects, monitor.Place("local", "shop", "v2"))
    assert monitor.kept_s(other, 600) == 600
    assert monitor.keep_labels(windows, START, "classification", keys(1)) == (1, [])
    assert list(monitor.read_labels(windows)) == [START]
    for value in ({"format": 2, "seconds": 300}, {"format": 1, "seconds": 0}, [300], {"format": 1}):
        windows.objects.delete_ref(f"{windows.prefix}files")
        windows.objects.write_ref(f"{windows.prefix}files", value, expected=None)
        with pytest.raises(monitor.errors.DamagedDecisions):
            monitor.kept_s(windows, 300)


def test_several_keep_labels_at_once() -> None:
    """A write that another one came before is made again, and one of which nobody knows counts once."""

    class Overtaken(Faltering):
        def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
            if not self.overtaken:
                self.overtaken = True
                monitor.keep_labels(windows, START, "classification", keys(2, 3))
            return super().put_if(key, data, version)

        overtaken = False

    bucket = Overtaken()
    windows = monitor.Windows(store.Store(bucket), PLACE)
    assert monitor.keep_labels(windows, START, "classification", keys(1, 2)) == (1, [])
    bucket.faults = ["after"]
    with pytest.raises(store.errors.StoreUnreachable):
        monitor.keep_labels(windows, START, "classification", keys(4))
    assert monitor.keep_labels(windows, START, "classification", keys(4)) == (0, [])
    assert monitor.read_labels(windows) == {START: classes(4, 0)}
    name = next(iter(windows.objects.refs(windows.prefix)))
    windows.objects.delete_ref(name)
    windows.objects.write_ref(name, {"format": 9}, expected=None)
    with pytest.raises(monitor.errors.DamagedDecisions):
        monitor.keep_labels(windows, START, "classification", keys(1))
