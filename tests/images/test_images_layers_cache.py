"""Layers that are kept: made once, found again, and made again where they are damaged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from images import layer_reading
from noteship.images.layers import errors
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.entry import Entry, Held, Link
from noteship.images.layers.layer import Layer, Plan
from noteship.images.registries.transport import Stopped

ENTRIES = [Entry("opt/a", Held(b"a")), Entry("opt/b", Held(b"b"), executable=True)]


class Counted:
    """Entries that tell how often they were asked for."""

    def __init__(self, *entries: Entry | Link) -> None:
        self.entries, self.asked = entries, 0

    def __call__(self) -> Iterable[Entry | Link]:
        self.asked += 1
        return self.entries


def stored(cache: LayerCache, kind: str) -> Path:
    [found] = cache.folder.glob(f"*/*.{kind}")
    return found


def test_a_layer_is_made_once(tmp_path: Path) -> None:
    """A second build finds it, with the same digests, without asking for its files."""
    counted = Counted(*ENTRIES)
    plan = Plan("project", "ab" * 32, counted)
    first = LayerCache(tmp_path).layer(plan)
    second = LayerCache(tmp_path).layer(plan)
    assert counted.asked == 1
    assert (first.blob.descriptor, first.diff_id) == (second.blob.descriptor, second.diff_id)
    assert layer_reading.files(layer_reading.bytes_of(second)) == {"opt/a": b"a", "opt/b": b"b"}


def test_a_key_is_of_paths_modes_and_contents() -> None:
    """Every change of a file gives another key, its order none."""
    changed = [
        [Entry("opt/a", Held(b"a"))],
        [Entry("opt/a", Held(b"a")), Entry("opt/b", Held(b"b"))],
        [Entry("opt/a", Held(b"a")), Entry("opt/b", Held(b"c"), executable=True)],
        [Entry("opt/a", Held(b"a")), Entry("opt/c", Held(b"b"), executable=True)],
        [Link("opt/a", "a"), Entry("opt/b", Held(b"b"), executable=True)],
        [],
    ]
    keys = {Plan.of("project", entries).key for entries in [ENTRIES, *changed]}
    assert len(keys) == len(changed) + 1
    assert Plan.of("other title", ENTRIES[::-1]).key == Plan.of("project", ENTRIES).key


@pytest.mark.parametrize("damage", [b"", b"short", b"x"])
def test_damaged_bytes_are_made_again(tmp_path: Path, damage: bytes) -> None:
    """Whether the blob lost bytes or has others, what is read of the layer are the right ones."""
    cache, plan = LayerCache(tmp_path), Plan.of("project", ENTRIES)
    sound = layer_reading.bytes_of(cache.layer(plan))
    blob = stored(cache, "tar.gz")
    blob.write_bytes(damage.ljust(len(sound), b"x") if damage == b"x" else damage)
    assert layer_reading.bytes_of(cache.layer(plan)) == sound
    kept = cache.layer(plan)
    blob.write_bytes(damage)
    assert layer_reading.bytes_of(kept) == sound
    blob.unlink()
    assert layer_reading.bytes_of(kept) == sound


def test_damaged_words_about_a_layer_are_written_again(tmp_path: Path) -> None:
    """What is known of a layer is believed only as it was written."""
    cache, plan = LayerCache(tmp_path), Plan.of("project", ENTRIES)
    sound = cache.layer(plan)
    place = stored(cache, "json")
    text = place.read_text()
    found = json.loads(text)
    found["layer"]["diff_id"] = f"sha256:{'0' * 64}"
    for bad in (json.dumps(found), "{", "[]", text[:-9], ""):
        place.write_text(bad)
        assert cache.layer(plan).diff_id == sound.diff_id
        assert place.read_text() == text


def test_a_plan_that_gives_other_files_is_noticed(tmp_path: Path) -> None:
    """Where what is made anew is another layer than was promised, nothing of it is used."""
    cache = LayerCache(tmp_path)
    kept = cache.layer(Plan("project", "ab" * 32, lambda: ENTRIES))
    other = cache.layer(Plan("project", "ab" * 32, lambda: ENTRIES[:1]))
    assert other.blob.descriptor == kept.blob.descriptor
    stored(cache, "tar.gz").write_bytes(b"")
    with pytest.raises(errors.DamagedLayer, match="'project'"):
        other.blob.open()


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    """A layer whose files cannot be read is not kept in parts."""
    cache = LayerCache(tmp_path)
    with pytest.raises(errors.FileUnfit):
        cache.layer(Plan.of("project", [*ENTRIES, Entry("../x", Held(b""))]))
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The fault is the folder's, and said so."""
    (tmp_path / "layers").write_bytes(b"a file")
    with pytest.raises(errors.LayersUnwritable, match="Not a directory"):
        LayerCache(tmp_path / "layers").layer(Plan.of("project", ENTRIES))
    with pytest.raises(errors.LayersUnwritable):
        LayerCache(tmp_path / "layers").note_fine("ab" * 32)


AT_WORK = """
import sys
from pathlib import Path
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.entry import Entry, Held
from noteship.images.layers.layer import Plan
from noteship.images.registries.transport import Stopped
class Told(Held):
    def send(self, sink):
        print("sending", flush=True)
        sys.stdin.readline()
        super().send(sink)
plan = Plan.of("project", [Entry("opt/a", Told(b"a" * 200_000)), Entry("opt/b", Held(b"b"))])
print(LayerCache(Path(sys.argv[1])).layer(plan).blob.descriptor.digest)
"""


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", AT_WORK, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_make_a_layer_once(tmp_path: Path) -> None:
    """Who comes second waits, and finds what the first one made."""
    first = started(tmp_path)
    assert first.stdout and first.stdout.readline() == "sending\n"
    second = started(tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.5)
    told = first.communicate("\n", timeout=60)[0]
    # It was never asked to send.
    assert second.communicate(timeout=60)[0] == told
    assert told.startswith("sha256:")


def test_a_killed_build_leaves_nothing_for_long(tmp_path: Path) -> None:
    """What it had written is deleted by who makes the layer then, and the layer is whole."""
    killed = started(tmp_path)
    assert killed.stdout and killed.stdout.readline() == "sending\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert list(tmp_path.glob("*/.*.new"))
    again = started(tmp_path)
    assert again.communicate("\n", timeout=60)[0].startswith("sending\nsha256:")
    assert not list(tmp_path.glob("*/.*.new"))
    assert stored(LayerCache(tmp_path), "tar.gz").stat().st_size > 200_000


def test_layers_come_in_the_order_of_their_plans(tmp_path: Path) -> None:
    """However long each takes, the first plan's layer is the first."""
    plans = [Plan.of(str(at), [Entry(f"f{at}", Held(os.urandom(10_000 * (10 - at))))]) for at in range(10)]
    layers = LayerCache(tmp_path).layers(plans)
    assert [layer.title for layer in layers] == [plan.title for plan in plans]


def test_a_stop_ends_the_making(tmp_path: Path) -> None:
    """Between two files, and nothing of the layer is left; the next build makes it."""
    stop = threading.Event()

    def entries() -> Iterator[Entry]:
        for number in range(1_000_000):
            yield Entry(f"opt/{number}", Held(b"a"))
            if number == 3:
                stop.set()

    cache = LayerCache(tmp_path, stop)
    with pytest.raises(Stopped):
        cache.layers([Plan("endless", "ab" * 32, entries)])
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".lock"}
    assert LayerCache(tmp_path).layer(Plan("endless", "ab" * 32, lambda: ENTRIES)).blob.descriptor.size


def test_a_fault_stops_the_other_layers(tmp_path: Path) -> None:
    """Who waits for a fault does not wait for layers that are of no use any more."""
    is_under_way = threading.Event()

    def endless() -> Iterator[Entry]:
        for number in range(1_000_000):
            is_under_way.set()
            yield Entry(f"opt/{number}", Held(b"a"))

    def faulty() -> Iterator[Entry]:
        is_under_way.wait()
        raise errors.FileChanged("opt/a")
        yield

    with pytest.raises(errors.FileChanged):
        LayerCache(tmp_path).layers([Plan("endless", "ab" * 32, endless), Plan("faulty", "cd" * 32, faulty)])


def test_what_is_done_beside_ends_the_making_where_it_fails(tmp_path: Path) -> None:
    """Such as that packages do not fit together, which nobody waits for all layers to hear."""
    is_under_way = threading.Event()

    def endless() -> Iterator[Entry]:
        for number in range(1_000_000):
            is_under_way.set()
            yield Entry(f"opt/{number}", Held(b"a"))

    def faulty() -> None:
        is_under_way.wait()
        raise errors.WheelsClash("opt/a", "a.whl", "b.whl")

    with pytest.raises(errors.WheelsClash):
        LayerCache(tmp_path).layers([Plan("endless", "ab" * 32, endless)], beside=faulty)


def test_a_layer_is_told_of_while_others_are_made(tmp_path: Path) -> None:
    """Whether it was kept or is made; what is done with it need not wait."""
    is_told = threading.Event()

    def waiting() -> Iterator[Entry]:
        assert is_told.wait(30)
        yield from ENTRIES

    told: list[str] = []

    def made(layer: Layer) -> None:
        told.append(layer.title)
        is_told.set()

    cache = LayerCache(tmp_path)
    cache.layers([Plan("slow", "ab" * 32, waiting), Plan("quick", "cd" * 32, lambda: ENTRIES)], made)
    assert told == ["quick", "slow"]
    cache.layers([Plan("slow", "ab" * 32, waiting)], made)
    assert told[2:] == ["slow"]


def test_the_longest_begins_first(tmp_path: Path) -> None:
    """Layers come in the order of their plans all the same."""
    begun: list[str] = []
    four = threading.Event()

    def entries(name: str) -> list[Entry]:
        begun.append(name)
        if len(begun) == 4:
            four.set()
        assert four.wait(30)
        return ENTRIES[:1]

    plans = [Plan(name, name * 64, partial(entries, name), effort) for effort, name in enumerate("abcdef")]
    layers = LayerCache(tmp_path).layers(plans)
    assert [layer.title for layer in layers] == list("abcdef")
    assert set(begun[:4]) == {*"fedc"}
