"""What a worker keeps: chosen by request, bounded, written once, without what is left out."""

from __future__ import annotations

import io
import logging
import threading
import time
from dataclasses import dataclass

import numpy
import pandas
import pytest

from collecting.collected import COLUMNS, FIRST, OTHER, ROW, VERSION, Clock, collector, frames, shelf_of, taken
from noteship import collecting, models, store
from noteship.collecting import collector as module
from noteship.collecting import kept_rows
from noteship.collecting.errors import UnknownLeftOut
from noteship.serving.ids import RequestIds
from noteship.store.memory import MemoryBucket

IDS = [RequestIds().make() for _ in range(20_000)]


@dataclass
class Away(MemoryBucket):
    """A bucket that can be away."""

    is_away: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def put(self, key: str, pieces: object) -> None:
        """As the bucket, unless it is away."""
        if self.is_away:
            raise store.errors.StoreUnreachable.example()
        super().put(key, pieces)  # type: ignore[arg-type]


def test_a_share_of_the_requests_is_chosen_everywhere_alike() -> None:
    """As many as were asked for; the same in every worker, and of a smaller share those that a larger one has, too."""
    chosen = {share: set(collector(share=share).chosen(IDS).tolist()) for share in (0.0, 0.1, 0.5, 1.0)}
    assert chosen[0.0] == set() and len(chosen[1.0]) == len(IDS)
    # Five standard deviations of a binomial: 0.1 of 20,000 with 42, 0.5 with 71.
    assert abs(len(chosen[0.1]) - 2_000) < 212 and abs(len(chosen[0.5]) - 10_000) < 354
    assert chosen[0.1] < chosen[0.5]
    assert set(collector(share=0.1).chosen(IDS).tolist()) == chosen[0.1]
    one = collector(share=0.1)
    assert {place for place, each in enumerate(IDS[:500]) if one.is_chosen(each)} == {
        place for place in chosen[0.1] if place < 500
    }


def test_rows_are_written_as_they_were_asked_and_answered() -> None:
    """With their types, missing values, request, place, time, version, and what was predicted how surely."""
    one = collector()
    empty = (8, None, None, None, None)
    one.add("mail", VERSION, taken("r1", ROW, empty, moment=FIRST + 0.25))
    one.close(5)
    [found] = frames(shelf_of(one))
    own = ["request", "row", "time", "version", "prediction", "probability"]
    assert list(found.columns) == [*own, *(column.name for column in COLUMNS)]
    assert found[["request", "row", "version", "prediction", "probability"]].values.tolist() == [
        ["r1", 0, VERSION, "spam", 0.75],
        ["r1", 1, VERSION, "spam", 0.75],
    ]
    assert found.time[0].timestamp() == FIRST + 0.25
    assert found["size"].tolist() == [7, 8] and str(found["size"].dtype) == "int64"
    assert found.loc[0, ["ratio", "sender", "colour"]].tolist() == [0.5, "ada@example.org", "red"]
    assert found.sent[0] == pandas.Timestamp("2026-11-23T10:00:00")
    assert found.loc[1, ["ratio", "sender", "colour", "sent"]].isna().all()
    assert (one.counts.rows, one.counts.lost) == (2, dict.fromkeys(("memory", "day", "store", "failed"), 0))


def test_what_is_left_out_is_nowhere() -> None:
    """Neither the values nor the column are in the store; a name that the model does not have is an error."""
    bucket = MemoryBucket()
    one = collector(bucket, leave_out=("sender", "sent"))
    one.add("mail", VERSION, taken("r1"))
    one.close(5)
    [found] = frames(shelf_of(one))
    assert not {"sender", "sent"} & set(found.columns)
    stored = b"".join(data for entry in bucket.list("") for data in bucket.pieces(entry.key))
    assert b"ada@" not in stored and b"sender" not in stored
    with pytest.raises(UnknownLeftOut, match="sender"):
        collecting.Settings(leave_out=("sendr",)).check("mail", ["sender", "size"])


def test_inputs_keep_their_names() -> None:
    """A column of the model that is called as one of ours stands as it is; ours gets an underscore."""
    columns = (models.columns.Column("row", "integer", "int64"), models.columns.Column("row_", "integer", "int64"))
    signature = models.Signature(columns, models.Output("label", "regression"), {})
    one = collector()
    one.add("mail", VERSION, taken("r1", (5, 6), signature=signature))
    one.close(5)
    [found] = frames(shelf_of(one))
    assert (found["row"].tolist(), found["row_"].tolist(), found["row__"].tolist()) == ([5], [6], [0])


def test_categories_are_kept_as_their_values() -> None:
    """Whole numbers beside others, as they came: of one type that holds both."""
    columns = (models.columns.Column("mixed", "category", "object", categories=(5, 5.5)),)
    signature = models.Signature(columns, models.Output("label", "regression"), {})
    one = collector()
    one.add("mail", VERSION, taken("r1", (5,), (5.5,), signature=signature))
    one.close(5)
    [found] = frames(shelf_of(one))
    assert found["mixed"].tolist() == [5.0, 5.5]


def test_integers_beyond_the_doubles_are_exact() -> None:
    """A number that no double holds is kept as it was asked."""
    one = collector()
    many = 2**53 + 1
    one.add("mail", VERSION, kept_rows.part(taken("r1", ROW, (many, *ROW[1:])), numpy.array([1])))
    one.close(5)
    assert frames(shelf_of(one))[0]["size"].tolist() == [many]


def test_rows_are_written_by_version_and_by_the_time_in_which_they_were_asked() -> None:
    """A piece is of one version and of five minutes; what is held is written when it is time, and at the end."""
    clock = Clock()
    one = collector(clock=clock, flush_s=60.0)
    one.add("mail", VERSION, taken("r1"))
    one.add("mail", OTHER, taken("r2"))
    one.add("mail", VERSION, taken("r3", moment=FIRST + 300))
    one.step()
    assert list(shelf_of(one).pieces("rows")) == []
    clock.now += 60
    one.step()
    found = [(piece.start, piece.version) for piece, _ in shelf_of(one).pieces("rows")]
    assert found == [(FIRST, VERSION), (FIRST, OTHER), (FIRST + 300, VERSION)]
    one.add("mail", VERSION, taken("r4"))
    one.close(5)
    assert len(list(shelf_of(one).pieces("rows"))) == 4


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than fits into memory rows are lost, and counted; much is written before it is time."""
    monkeypatch.setattr(module, "HELD_BYTES", 1_000)
    monkeypatch.setattr(module, "FULL_BYTES", 800)
    one = collector()
    for number in range(12):
        one.add("mail", VERSION, taken(f"r{number}"))
    assert one.counts.lost["memory"] == 2
    one.step()
    assert one.counts.rows == 10


def test_a_day_takes_so_much_and_not_more() -> None:
    """What would go beyond is not written, and counted; what others have written of the day counts; the next is new."""
    bucket, clock = MemoryBucket(), Clock()
    other = collector(bucket, clock)
    other.add("mail", VERSION, taken("r0"))
    other.close(5)
    [(_, size)] = shelf_of(other).pieces("rows")
    one = collector(bucket, clock, most_bytes=3 * size, flush_s=1.0)
    for number in range(4):
        clock.now += 1
        one.add("mail", VERSION, taken(f"r{number}", moment=clock.now))
        one.step()
    assert shelf_of(one).size_of_day(FIRST) <= 3 * size
    assert (one.counts.rows, one.counts.lost["day"]) == (2, 2)
    clock.now += 86_400
    one.add("mail", VERSION, taken("r9", moment=clock.now))
    one.step()
    assert one.counts.rows == 3


def test_a_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Pieces wait and are written once when it is back, as far as there is room; the log tells no value of them."""
    bucket, clock = Away(is_away=True), Clock()
    one = collector(bucket, clock, flush_s=1.0)
    with caplog.at_level(logging.INFO):
        for number in range(5):
            clock.now += 1
            one.add("mail", VERSION, taken(f"r{number}"))
            one.step()
        bucket.is_away = False
        for _ in range(40):
            clock.now += 1
            one.step()
    assert one.counts.rows == 5
    assert sorted(request for each in frames(shelf_of(one)) for request in each.request) == [f"r{n}" for n in range(5)]
    assert "cannot be written" in caplog.text and "ada@" not in caplog.text
    bucket.is_away = True
    monkeypatch.setattr(module, "WAITING_BYTES", 1)
    for number in range(3):
        clock.now += 1
        one.add("mail", VERSION, taken(f"s{number}"))
        one.step()
    assert one.counts.lost["store"] == 2


def test_labels_are_kept_beside() -> None:
    """In the slot of the row that they are of, with the time in which they came."""
    one = collector()
    one.label("mail", VERSION, FIRST + 10, collecting.KeptLabel("r1", 3, "ham", FIRST + 900.5))
    one.close(5)
    [(piece, _)] = shelf_of(one).pieces("labels")
    assert piece.start == FIRST
    [data] = shelf_of(one).read([piece])
    found = pandas.read_parquet(io.BytesIO(data or b""))
    assert found.drop(columns="label_time").values.tolist() == [["r1", 3, "ham"]]
    assert found.label_time[0].timestamp() == FIRST + 900.5


def test_old_rows_are_deleted_by_who_writes() -> None:
    """What was asked before `keep` goes within an hour."""
    clock = Clock()
    one = collector(clock=clock, keep_s=7_200.0, flush_s=1.0)
    for hours in range(5):
        clock.now = FIRST + hours * 3_600.0
        one.add("mail", VERSION, taken(f"r{hours}", moment=clock.now))
        one.step()
    starts = [(piece.start - FIRST) // 3_600 for piece, _ in shelf_of(one).pieces("rows")]
    assert starts == [2, 3, 4]


def test_many_threads_lose_nothing() -> None:
    """Rows that several threads hand over while another one writes are each written once."""
    one = collector(clock=Clock(), flush_s=0.05, keep_s=1e9)
    one.clock = time.time
    one.start()

    def add(who: int) -> None:
        for number in range(100):
            one.add("mail", VERSION, taken(f"{who}-{number}"))

    threads = [threading.Thread(target=add, args=(who,)) for who in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    one.close(20)
    requests = [request for each in frames(shelf_of(one)) for request in each.request]
    assert len(requests) == len(set(requests)) == 400 == one.counts.rows
