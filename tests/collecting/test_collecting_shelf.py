"""Names of pieces, found again by time and deleted by age, in every kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collecting.collected import FIRST, OTHER, PLACE, VERSION
from contracts import store_places
from noteship import collecting, store
from noteship.collecting import SLOT_S, Piece, Place, Shelf

DAY = FIRST // 86_400 * 86_400


@pytest.fixture(params=store_places.ALL)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[store.Store]:
    with store_places.opened(request.param, tmp_path) as bucket:
        yield store.Store(bucket)


def piece(start: int, sequence: int = 1, kind: str = "rows", version: str = VERSION) -> Piece:
    return Piece(start // SLOT_S * SLOT_S, version, "pod-7.x", "aa11", sequence, kind)  # type: ignore[arg-type]


@given(some.text(min_size=1), some.integers(0, 10**6), some.sampled_from(["rows", "labels"]))
def test_a_name_says_what_it_is_of(replica: str, sequence: int, kind: str) -> None:
    """Whatever a machine is called: a piece is known by its name alone."""
    made = Piece(FIRST, VERSION, replica.encode("utf-8", "replace").decode(), "0f", sequence, kind)  # type: ignore[arg-type]
    assert Piece.of(made.name) == made
    assert Piece.of(made.name.replace("parquet", "csv")) is None


def test_pieces_are_found_by_their_time(objects: store.Store) -> None:
    """From a moment on, with the slot that it is in; other models, releases and kinds apart."""
    shelf = Shelf(objects, PLACE)
    for number in range(4):
        shelf.write(piece(FIRST + number * SLOT_S), b"x" * number)
    shelf.write(piece(FIRST, kind="labels"), b"labels")
    Shelf(objects, Place("local", "other model/ß")).write(piece(FIRST), b"other")
    starts = [(found.start, size) for found, size in shelf.pieces("rows", FIRST + SLOT_S + 1)]
    slot = FIRST // SLOT_S * SLOT_S
    assert starts == [(slot + SLOT_S, 1), (slot + 2 * SLOT_S, 2), (slot + 3 * SLOT_S, 3)]
    assert len(list(shelf.pieces("rows"))) == 4
    assert [found.kind for found, _ in shelf.pieces("labels")] == ["labels"]
    assert shelf.read([piece(FIRST + SLOT_S), piece(FIRST + 9 * SLOT_S)]) == [b"x", None]
    assert collecting.places(objects) == [PLACE, Place("local", "other model/ß")]


def test_a_day_has_its_size(objects: store.Store) -> None:
    """All pieces of rows of a day in UTC count, of whichever version and worker, and none of the days beside it."""
    shelf = Shelf(objects, PLACE)
    for start, size in ((DAY - SLOT_S, 1), (DAY, 10), (DAY + 86_399, 100), (DAY + 86_400, 1_000)):
        shelf.write(piece(start), b"x" * size)
    shelf.write(piece(DAY, 2, version=OTHER), b"x" * 20)
    shelf.write(piece(DAY, 2, kind="labels"), b"x" * 5_000)
    assert shelf.size_of_day(DAY) == 130
    assert shelf.size_of_day(DAY + 86_400) == 1_000
    assert shelf.size_of_day(DAY + 5 * 86_400) == 0


def test_what_is_old_is_deleted(objects: store.Store) -> None:
    """Rows and labels of slots that have ended before; what is younger stays, and so do other files."""
    shelf = Shelf(objects, PLACE)
    for number in range(3):
        for kind in ("rows", "labels"):
            shelf.write(piece(FIRST + number * SLOT_S, kind=kind), b"x")
    objects.put_named(f"{PLACE.prefix}rows/readme", b"kept")
    slot = FIRST // SLOT_S * SLOT_S
    assert shelf.sweep(slot + 2 * SLOT_S) == 4
    assert [found.start for found, _ in shelf.pieces("rows")] == [slot + 2 * SLOT_S]
    assert shelf.sweep(slot) == 0
    assert objects.get_named([f"{PLACE.prefix}rows/readme"]) == [b"kept"]
