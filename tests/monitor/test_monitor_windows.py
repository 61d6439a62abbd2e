"""Names and values of windows in a store."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship import monitor, store
from noteship.monitor import pieces
from noteship.store.memory import MemoryBucket

PLACE = monitor.Place("local", "mail", "a" * 64)
START = 1_795_400_100
names = st.text(min_size=1, max_size=60)
times = st.floats(0, 4e9).map(lambda value: round(value, 3))


@pytest.fixture(params=["memory", "folder"])
def windows(request: pytest.FixtureRequest, tmp_path: Path) -> monitor.Windows:
    """Those of a new store."""
    url = "memory:" if request.param == "memory" else str(tmp_path / "store")
    return monitor.Windows(store.open_store(url, tmp_path), PLACE)


def piece(sequence: int = 0, start: int = START, boot: str = "0badcafe") -> monitor.Piece:
    return monitor.Piece(start, "pod-7", boot, sequence, 12, 3, 1, 0.25, b"\x00\xffbytes")


def test_decided_windows_are_listed_from_one_on(windows: monitor.Windows) -> None:
    """Whether or not that one was decided; they are read together, too."""
    for number in range(4):
        windows.write_decision(START + 300 * number, number, None)
    assert windows.decided() == [START, START + 300, START + 600, START + 900]
    assert windows.decided(START + 300) == windows.decided(START + 1) == [START + 300, START + 600, START + 900]
    assert [ref.value for ref in windows.decisions(START + 600)] == [2, 3]
    assert windows.decided(START + 901) == []


def test_places_are_found_whatever_is_in_them(windows: monitor.Windows) -> None:
    """By the names of releases, models and versions alone; a worker that began is enough."""
    windows.write_state({}, None)
    others = [
        monitor.Place("local", "mail", "b" * 64),
        monitor.Place("local", "shop", "c"),
        monitor.Place("x", "y", "z"),
    ]
    for other in others:
        monitor.Windows(windows.objects, other).write_boot(monitor.Boot("pod", "1", 1.0, 300))
    windows.objects.write_ref("monitor/else", 1, expected=None)
    assert monitor.places(windows.objects) == [PLACE, *others]


@given(names, names, names.filter(lambda version: "@" not in version))
def test_a_place_is_known_by_every_name_in_it(release: str, model: str, version: str) -> None:
    """Whatever release and model are called, and a version, which is a digest, their names lead back to them."""
    objects = store.Store(MemoryBucket())
    place = monitor.Place(release, model, version)
    windows = monitor.Windows(objects, place)
    windows.write_piece(piece())
    assert monitor.places(objects) == [place]
    assert windows.starts() == [START]
    assert windows.pieces(START).pieces == (piece(),)


@given(names, st.integers(0, 2**32 - 1), times, st.integers(1, 86_400), st.none() | times)
def test_boots_are_read_as_they_were_written(
    replica: str, boot: int, started: float, seconds: int, ended: float | None
) -> None:
    """A boot's written form and back changes nothing."""
    one = monitor.Boot(replica, f"{boot:08x}", started, seconds, ended)
    assert monitor.Boot.from_json(one.to_json()) == one


@given(st.integers(0, 4_000_000_000), st.sampled_from([1, 7, 60, 300, 86_400]))
def test_windows_are_the_same_for_all(now: int, seconds: int) -> None:
    """A window begins at a multiple of its length, before or at the moment that it is of; its name says when."""
    start = pieces.start_of(now + 0.5, seconds)
    assert start % seconds == 0
    assert start <= now + 0.5 < start + seconds
    assert pieces.stamped(pieces.stamp(start)) == start


def test_names_say_when_and_whose(windows: monitor.Windows) -> None:
    """A piece lies under its window's start in UTC, by replica, boot and sequence."""
    windows.write_piece(piece(4))
    name = f"monitor/local/mail/{'a' * 64}/windows/20261123T021500Z/pod-7-0badcafe-4"
    assert list(windows.objects.refs("monitor/")) == [name]
    assert piece(4).boot_name == "pod-7-0badcafe"


def test_a_piece_is_written_once(windows: monitor.Windows) -> None:
    """A piece that is written again is the same piece."""
    assert windows.write_piece(piece())
    assert not windows.write_piece(piece())
    windows.write_piece(piece(1))
    windows.write_piece(piece(start=START + 300))
    assert windows.pieces(START) == monitor.windows.Found((piece(), piece(1)), ())
    assert windows.starts() == [START, START + 300]
    for sequence in (0, 1):
        windows.delete_piece(START, piece(sequence).name)
    assert windows.starts() == [START + 300]


def test_pieces_that_cannot_be_read_are_named(windows: monitor.Windows) -> None:
    """A piece of a later format, or of other values, is named beside those that can be read."""
    windows.write_piece(piece())
    folder = f"{PLACE.prefix}windows/{pieces.stamp(START)}/"
    windows.objects.write_ref(f"{folder}pod-8-0badcafe-0", {**piece().to_json(), "format": 2}, expected=None)
    windows.objects.write_ref(f"{folder}pod-9-0badcafe-0", ["not", "one"], expected=None)
    found = windows.pieces(START)
    assert found.pieces == (piece(),)
    assert found.unreadable == ("pod-8-0badcafe-0", "pod-9-0badcafe-0")


def test_a_damaged_piece_is_set_aside_and_named(tmp_path: Path) -> None:
    """A piece whose file was cut is named once, and the others are read."""
    windows = monitor.Windows(store.open_store(str(tmp_path), tmp_path), PLACE)
    windows.write_piece(piece())
    windows.write_piece(piece(1))
    path = next(tmp_path.rglob("pod-7-0badcafe-0.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:40])
    assert windows.pieces(START) == monitor.windows.Found((piece(1),), ("pod-7-0badcafe-0",))
    assert windows.pieces(START) == monitor.windows.Found((piece(1),), ())


def test_a_boot_begins_and_ends_once(windows: monitor.Windows) -> None:
    """Telling again of a beginning or an end changes nothing, and a late beginning undoes no end."""
    began = monitor.Boot("pod-7", "0badcafe", 10.0, 300)
    ended = monitor.Boot("pod-7", "0badcafe", 10.0, 300, 99.0)
    windows.write_boot(began)
    windows.write_boot(began)
    assert windows.boots() == [began]
    for boot in (ended, ended, began):
        windows.write_boot(boot)
        assert windows.boots() == [ended]
    windows.objects.write_ref(f"{PLACE.prefix}boots/other", {"format": 9}, expected=None)
    assert windows.boots() == [ended]
    windows.forget_boot(ended)
    assert windows.boots() == []


def test_state_and_decisions_move_by_compare_and_swap(windows: monitor.Windows) -> None:
    """Of two who move the state, or a decision, from one version, the second is refused."""
    assert windows.read_state() is None
    first = windows.write_state({"upto": 1}, None)
    windows.write_state({"upto": 2}, first)
    with pytest.raises(store.errors.RefMoved):
        windows.write_state({"upto": 3}, first)
    assert windows.read_decision(START) is None
    made = windows.write_decision(START, {"word": "unchanged"}, None)
    windows.write_decision(START, {"word": "unchanged", "late": 1}, made)
    with pytest.raises(store.errors.RefMoved):
        windows.write_decision(START, {}, made)
    assert windows.decided() == [START]


def test_other_names_are_passed_over() -> None:
    """What lies beside in a store is no window and no place."""
    windows = monitor.Windows(store.Store(MemoryBucket()), PLACE)
    windows.objects.write_ref("monitor/stray", 1, expected=None)
    windows.objects.write_ref(f"{PLACE.prefix}windows/yesterday/x-1-1", 1, expected=None)
    windows.objects.write_ref(f"{PLACE.prefix}decided/yesterday", 1, expected=None)
    assert monitor.places(windows.objects) == [PLACE]
    assert windows.starts() == windows.decided() == []
