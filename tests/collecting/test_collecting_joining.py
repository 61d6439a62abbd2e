"""Rows and labels that were collected, as one table: whatever came when, by whom, in which version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas
import pytest
from pyarrow import Table

from collecting.collected import COLUMNS, FIRST, OTHER, ROW, VERSION, Clock, collector, pieces, shelf_of, taken
from noteship import collecting, models
from noteship.collecting import KeptLabel, Period, Shelf
from noteship.collecting.collector import Collector
from noteship.collecting.errors import ColumnsDiffer
from noteship.models.columns import Column
from noteship.store.memory import MemoryBucket


def joined(shelf: Shelf, folder: Path, period: Period | None = None) -> tuple[pandas.DataFrame, collecting.Joined]:
    """The table, and what is told of it."""
    folder.mkdir(exist_ok=True)
    period = period or Period()
    found = collecting.join(shelf, pieces(shelf, period.first(FIRST + 3_600)), period, folder, lambda _: None)
    table = Table.from_batches(list(found.batches), found.schema)
    return table.to_pandas(), found


def label(one: Collector, request: str, row: int, value: object, told: float, moment: float = FIRST) -> None:
    one.label("mail", VERSION, moment, KeptLabel(request, row, value, told))


def test_rows_come_in_order_of_time_with_their_labels(tmp_path: Path) -> None:
    """A label stands beside the row that it is of, however much later and by whichever worker it came; else none."""
    bucket = MemoryBucket()
    first, second = collector(bucket), collector(bucket)
    first.add("mail", VERSION, taken("r2", ROW, ROW, moment=FIRST + 20))
    second.add("mail", VERSION, taken("r1", moment=FIRST + 10))
    second.add("mail", VERSION, taken("r3", moment=FIRST + 700))
    first.close(5)
    second.close(5)
    late = collector(bucket)
    label(late, "r2", 1, "ham", FIRST + 90_000, FIRST + 20)
    label(late, "r3", 0, "spam", FIRST + 90_000, FIRST + 700)
    label(late, "r9", 0, "spam", FIRST + 90_000, FIRST + 700)
    late.close(5)
    table, found = joined(shelf_of(first), tmp_path / "x")
    assert list(zip(table.request, table.row, table.label.fillna("none"), strict=True)) == [
        ("r1", 0, "none"),
        ("r2", 0, "none"),
        ("r2", 1, "ham"),
        ("r3", 0, "spam"),
    ]
    assert list(table.columns[:8]) == [
        *("request", "row", "time", "version", "prediction", "probability", "label", "label_time"),
    ]
    assert table.label_time[2].timestamp() == FIRST + 90_000
    assert found.facts == {"labels": 2, "versions": {VERSION: 4}}


def test_of_several_labels_the_first_counts(tmp_path: Path) -> None:
    """As they were told, not as they were written."""
    one = collector()
    one.add("mail", VERSION, taken("r1"))
    label(one, "r1", 0, "spam", FIRST + 20)
    label(one, "r1", 0, "ham", FIRST + 10)
    one.close(5)
    table, _ = joined(shelf_of(one), tmp_path / "x")
    assert table.label.tolist() == ["ham"]


def test_a_time_chooses_rows(tmp_path: Path) -> None:
    """`since` to the second, `last` by slots of five minutes; `labelled` leaves out rows without a label."""
    one = collector()
    for number in range(4):
        one.add("mail", VERSION, taken(f"r{number}", moment=FIRST + number * 200))
    label(one, "r2", 0, "ham", FIRST + 500, FIRST + 400)
    one.close(5)
    shelf = shelf_of(one)
    since, _ = joined(shelf, tmp_path / "a", Period(since=FIRST + 200))
    assert since.request.tolist() == ["r1", "r2", "r3"]
    last, _ = joined(shelf, tmp_path / "b", Period(last_s=3_600 - 301))
    assert last.request.tolist() == ["r2", "r3"]
    labelled, found = joined(shelf, tmp_path / "c", Period(labelled=True))
    assert labelled.request.tolist() == ["r2"] and found.facts["versions"] == {VERSION: 1}


def test_a_version_is_of_the_pieces_and_of_what_is_asked_of_them() -> None:
    """Another one when a row or a label has come, or another part of them is asked for; else the same."""
    clock = Clock()
    one = collector(clock=clock, flush_s=1.0)

    def version(**given: object) -> str:
        return collecting.version_of(pieces(shelf_of(one)), Period(**given))  # type: ignore[arg-type]

    one.add("mail", VERSION, taken("r1"))
    clock.now += 1
    one.step()
    before = version()
    assert version() == before == version(last_s=3_600.0)
    assert len({before, version(since=1.0), version(labelled=True)}) == 3
    label(one, "r1", 0, "ham", FIRST)
    clock.now += 1
    one.step()
    assert version() != before


def test_versions_with_other_columns_stand_in_one_table(tmp_path: Path) -> None:
    """What a version does not have is missing; numbers become the wider type; types that cannot meet are named."""
    bucket = MemoryBucket()

    def add(version: str, columns: Sequence[Column], row: Sequence[object], request: str) -> None:
        signature = models.Signature(tuple(columns), models.Output("label", "classification"), {})
        one = collector(bucket)
        one.add("mail", version, taken(request, row, signature=signature))
        one.close(5)

    add(VERSION, COLUMNS[:2], (7, 0.5), "r1")
    add(OTHER, (Column("size", "number", "float64"), Column("label", "text", "object")), (7.5, "own"), "r2")
    shelf = shelf_of(collector(bucket))
    table, found = joined(shelf, tmp_path / "x")
    assert table["size"].tolist() == [7.0, 7.5]
    assert table["label"].fillna("none").tolist() == ["none", "own"] and table["label_"].isna().all()
    assert table.ratio.isna().tolist() == [False, True]
    assert found.facts["versions"] == {VERSION: 1, OTHER: 1}
    add("ef" * 32, (Column("size", "datetime", "datetime64[ns]"),), ("2026-11-23T10:00:00",), "r3")
    with pytest.raises(ColumnsDiffer, match="size"):
        joined(shelf, tmp_path / "y")


def test_pieces_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    """Damaged, deleted meanwhile, or none of ours: the others are there, and it is told how many."""
    one = collector()
    one.add("mail", VERSION, taken("r1"))
    one.close(5)
    shelf = shelf_of(one)
    [piece] = pieces(shelf)
    shelf.write(collecting.Piece(piece.start, OTHER, "pod", "aa", 1), b"PAR1 no")
    gone = collecting.Piece(piece.start, OTHER, "pod", "aa", 2)
    (tmp_path / "x").mkdir()
    found = collecting.join(shelf, [*pieces(shelf), gone], Period(), tmp_path / "x", lambda _: None)
    table = Table.from_batches(list(found.batches), found.schema)
    assert (table.num_rows, found.unreadable) == (1, 2)


def test_labels_of_files_are_joined_once(tmp_path: Path) -> None:
    """Where there are rows of that time; the same file again changes nothing, so that no run follows from it."""
    one = collector()
    one.add("mail", VERSION, taken("r1", moment=FIRST + 10))
    one.close(5)
    shelf = shelf_of(one)
    labels = [(FIRST + 10.0, KeptLabel("r1", 0, "ham", FIRST + 9_000)), (FIRST - 9_000.0, KeptLabel("r0", 0, "ham", 1))]
    assert collecting.keep_labels(shelf, VERSION, labels) == 1
    before = collecting.version_of(pieces(shelf), Period())
    assert collecting.keep_labels(shelf, VERSION, labels) == 1
    assert collecting.version_of(pieces(shelf), Period()) == before
    table, _ = joined(shelf, tmp_path / "x")
    assert table.label.tolist() == ["ham"]
    assert len(list(shelf.pieces("labels"))) == 1
