"""What every origin of data does, whatever it is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import origin_places
from contracts.origin_places import SECRET, Place, open_origin
from noteship import digests, ingestion, store
from noteship.ingestion import errors, kafka

LINES = [f"line {number}, of some length" for number in range(50)]


@pytest.fixture(params=origin_places.ALL)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An origin with data; what is waited for nobody is short."""
    for name in ("AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv(origin_places.VARIABLE, SECRET)
    monkeypatch.setattr(kafka, "CONNECT_S", 1.0)
    (tmp_path / "origin").mkdir()
    with origin_places.opened(request.param, tmp_path / "origin") as found:
        found.put(LINES)
        yield found


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here" / "data.out"


def digest(path: Path) -> str:
    return store.folder_digest(path) if path.is_dir() else digests.of_file(path)


def watch(cancel: threading.Event | None = None, **limits: float) -> ingestion.Watch:
    return ingestion.Watch("here", cancel, ingestion.Limits(**limits))  # type: ignore[arg-type]


def test_equal_data_are_equal_bytes(place: Place, target: Path) -> None:
    """What is fetched twice is the same twice, in the version that was asked for."""
    origin = open_origin(place.source())
    asked = origin.version(watch())
    first = origin.fetch(target, asked, watch())
    other = target.with_name("again.out")
    second = open_origin(place.source()).fetch(other, asked, watch())
    assert digest(target) == digest(other)
    assert first.version == second.version == asked
    assert first.size_bytes > 0
    assert {path.name for path in target.parent.iterdir()} == {target.name, other.name}


def test_a_version_is_another_when_the_data_are(place: Place, target: Path) -> None:
    """The version says so before anything is fetched; where it cannot, the bytes do."""
    origin = open_origin(place.source())
    before = origin.version(watch())
    assert origin.version(watch()) == before
    first = origin.fetch(target, before, watch())
    place.put([*LINES, "one more"])
    origin = open_origin(place.source())
    after = origin.version(watch())
    later = origin.fetch(target.with_name("later"), after, watch())
    assert (after is None) == (before is None)
    assert after is None or after != before
    assert later.version == after
    assert digest(target) != digest(target.with_name("later"))
    assert first.rows is None or later.rows == first.rows + 1


def test_nothing_there_is_said(place: Place, target: Path) -> None:
    """An address behind which is nothing is an error of its own, and leaves nothing."""
    origin = open_origin(place.missing())
    with pytest.raises(errors.NothingThere):
        origin.fetch(target, origin.version(watch()), watch())
    assert list(target.parent.iterdir()) == []


def test_nobody_there_is_said_soon(place: Place, target: Path) -> None:
    """One that does not answer can be tried again; what is said has no secret in it."""
    declared = place.away()
    if declared is None:
        return
    began = time.monotonic()
    origin = open_origin(declared)
    with pytest.raises(errors.OriginUnreachable) as caught:
        origin.fetch(target, origin.version(watch()), watch())
    assert caught.value.retryable
    assert SECRET not in f"{caught.value!r}{caught.value}{origin!r}{declared!r}"
    assert time.monotonic() - began < 15
    assert list(target.parent.iterdir()) == []


def test_a_closed_door_is_said(place: Place, target: Path) -> None:
    """One that does not let us in is told as such, without the secret that was not the right one."""
    declared = place.closed()
    if declared is None:
        return
    origin = open_origin(declared)
    with pytest.raises(errors.OriginDenied) as caught:
        origin.fetch(target, origin.version(watch()), watch())
    assert SECRET not in f"{caught.value!r}{caught.value}{vars(caught.value)}{caught.value.to_json()}"
    assert list(target.parent.iterdir()) == []


def test_a_stop_ends_it(place: Place, target: Path) -> None:
    """Stopped, it leaves nothing, and says that it was stopped."""
    cancel = threading.Event()
    origin = open_origin(place.source())
    asked = origin.version(watch())
    cancel.set()
    with pytest.raises(ingestion.Stopped):
        origin.fetch(target, asked, watch(cancel))
    assert list(target.parent.iterdir()) == []


def test_more_than_is_allowed_is_not_kept(place: Place, target: Path) -> None:
    """A limit of bytes, or of rows where there are some, ends it; what was there before still is."""
    target.write_bytes(b"before")
    origin = open_origin(place.source())
    with pytest.raises(errors.TooMuch):
        origin.fetch(target, origin.version(watch()), watch(size_bytes=10))
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.read_bytes() == b"before"


def test_a_place_that_cannot_be_written_is_no_fault_of_the_origin(place: Place, tmp_path: Path) -> None:
    """Where a file is in the way of the target's folder, it is said so."""
    (tmp_path / "file").write_text("in the way")
    origin = open_origin(place.source())
    with pytest.raises(store.errors.TargetUnwritable):
        origin.fetch(tmp_path / "file" / "x.out", origin.version(watch()), watch())
