"""Requests that are kept with their rows: which, how many, and what of them."""

from __future__ import annotations

import datetime
import functools
import json
import operator
from collections.abc import Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.monitored import FIELDS, SEED, mixed
from noteship import monitor
from noteship.monitor import sample as samples
from noteship.monitor import sampling, streams
from noteship.monitor.fields import Observed, Predictions
from noteship.monitor.sample import Kept, Sample
from noteship.monitor.sampling import Sampling

START = 1_795_400_100
ROWS = mixed(600)
PROFILE = monitor.Profile.build(ROWS, FIELDS, SEED)
MOST = 5


def request(order: int, size_bytes: int = 10) -> Kept:
    """A request that takes so many bytes, and some for its form."""
    row = {"inputs": {"text": "x" * size_bytes}, "prediction": 1, "probability": None, "bins": [], "leaves": {}}
    return Kept.of(order, f"id {order}", START, [row], 0)


def whole(kept: Sequence[Kept], most: int = MOST) -> Sample:
    return Sample.of(most, (), kept)


def taken(
    observed: Observed, *, most: int = 20, leave_out: Sequence[str] = (), each: int = 1, offset: int = 0
) -> Sample:
    """Of these rows, so many a request."""
    counts = [each] * (len(observed) // each)
    ids = [f"request {offset + place}" for place in range(len(counts))]
    one = Sampling(PROFILE, most, leave_out)
    return one.taken(one.empty.ceiling, START, observed, PROFILE.encoder.encode(observed), ids, counts)


SIZES = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([10, 1_000, 100_000, 200_000, 300_000]), st.integers(0, 3)),
    max_size=14,
    unique_by=lambda each: each[0],
)


@given(SIZES, st.permutations(range(4)))
def test_any_division_gives_the_same_sample(requests: list[tuple[int, int, int]], order: list[int]) -> None:
    """However requests are divided among parts, and in whatever order these are added, the sum is that of the whole."""
    by_order = {order: request(order, size_bytes) for order, size_bytes, _ in requests}
    parts = [whole([by_order[order] for order, _, part in requests if part == place]) for place in range(4)]
    expected = whole(list(by_order.values()))
    assert functools.reduce(operator.add, [parts[place] for place in order]) == expected
    first, *rest = parts
    assert first + functools.reduce(operator.add, rest) == expected


@given(SIZES)
def test_what_is_in_several_parts_counts_once(requests: list[tuple[int, int, int]]) -> None:
    """A sample added to itself, or to what it is a part of, changes nothing; written and read it is the same."""
    one = whole([request(order, size_bytes) for order, size_bytes, _ in requests])
    half = whole([request(order, size_bytes) for order, size_bytes, part in requests if part % 2])
    assert one + one == one
    assert one + half == half + one == one
    assert Sample.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_a_sample_is_bounded() -> None:
    """Those with the largest hashes are dropped where all would take too much, and it is told from which on."""
    one = whole([request(order, 60_000) for order in range(5)])
    assert [each.order for each in one.kept] == [0, 1, 2, 3]
    assert one.cut == (4, "id 4")
    assert len(json.dumps(one.to_json())) < samples.MOST_BYTES + 2_000
    assert whole([request(order) for order in range(9)]).cut is None


def test_every_request_is_as_likely_as_the_others() -> None:
    """Over many windows, requests at each place and with many rows are kept as often as chance has it."""
    counts = numpy.zeros(40)
    for window in range(400):
        orders = streams.orders([f"{window}-{place}" for place in range(40)], 7)
        counts[numpy.argsort(orders)[:10]] += 1
    # 400 draws with a probability of 1/4: a standard deviation of 8.7.
    assert abs(counts - 100).max() < 4 * 8.7
    assert len(set(streams.orders([str(place) for place in range(10_000)], 7).tolist())) > 9_990


def test_a_hash_does_not_tell_the_half() -> None:
    """Kept requests are of both halves alike: which half an id is in says nothing of its hash."""
    ids = [f"0198{place:08x}-7{place % 4096:03x}" for place in range(4_000)]
    smallest = numpy.argsort(streams.orders(ids, 5))[:400]
    assert 160 < streams.halves([ids[place] for place in smallest]).sum() < 240
    assert streams.orders(ids, 5).tolist() != streams.orders(ids, 6).tolist()


@pytest.mark.parametrize("batches", [1, 7, 60])
def test_batches_do_not_matter(batches: int) -> None:
    """Rows that come in many batches, as the ceiling falls, leave what they leave in one."""
    one = Sampling(PROFILE, 10, ())
    encoded, found = PROFILE.encoder.encode, one.empty
    size = 600 // batches
    for start in range(0, 600, size):
        part = ROWS.part(start, min(600, start + size))
        ids = [f"request {place}" for place in range(start, start + len(part))]
        found += one.taken(found.ceiling, START, part, encoded(part), ids, [1] * len(part))
    assert found == taken(ROWS, most=10)
    assert len(found.kept) == 10


def test_rows_are_kept_as_they_were_asked() -> None:
    """Numbers, texts, dates, categories and missing values are JSON values, with prediction, probability and id."""
    found = taken(ROWS, most=600)
    assert found.rows == 600
    for each in found.kept:
        place = int(each.request.removeprefix("request "))
        [row] = each.rows
        assert list(row.inputs) == sorted(field.name for field in FIELDS)
        number = ROWS.numbers[place]
        assert row.inputs["length"] == (None if numpy.isnan(number[0]) else number[0])
        assert (row.inputs["count"], type(row.inputs["count"])) == (number[1], int)
        assert row.inputs["never"] is None
        wide, text, sent, colour, known = (values[place] for values in ROWS.others)
        assert (row.inputs["wide"], row.inputs["text"], row.inputs["colour"]) == (wide, text, colour)
        assert row.inputs["known"] is bool(known)
        assert row.inputs["sent"] == (None if sent is None else sent.isoformat())
        assert row.prediction is bool(ROWS.predictions.labels[place])
        assert ROWS.predictions.probabilities is not None
        assert row.probability == ROWS.predictions.probabilities[place].max()
        assert each.start == START


def test_rows_know_where_they_fall() -> None:
    """A row's bins and leaves are those in which the sketch counts it."""
    found = taken(ROWS, most=600)
    features = len(PROFILE.encoder.layout.features)
    counts = numpy.zeros((features, PROFILE.encoder.layout.width), dtype=int)
    leaves = numpy.zeros(PROFILE.encoder.bins["joint"], dtype=int)
    for each in found.kept:
        [row] = each.rows
        for place, bin_ in enumerate(row.bins):
            assert bin_ is not None
            counts[place, bin_] += 1
        leaves[row.leaves["joint"]] += 1
    sketch = PROFILE.sketch()
    ids = [str(place) for place in range(600)]
    sketch.add(PROFILE.encoder.encode(ROWS), PROFILE.fourier, ids, [1] * 600)
    assert (counts == sketch.features.sum(axis=0)).all()
    assert (leaves == sketch.counts("joint").sum(axis=0)).all()


def test_what_is_left_out_leaves_nothing() -> None:
    """Neither values of columns that are left out are kept, nor bins, leaves and work that would tell of them."""
    found = taken(ROWS, most=600, leave_out=["text", "length", "colour"])
    assert found.left_out == ("colour", "length", "text")
    names = [each.name for each in PROFILE.encoder.layout.features]
    work = {each.name for each in PROFILE.encoder.layout.features if each.group == "work"}
    assert len(work) == 1
    for each in found.kept:
        [row] = each.rows
        assert not {"text", "length", "colour"} & row.inputs.keys()
        assert list(row.leaves) == ["predictions"]
        hidden = {name for name, bin_ in zip(names, row.bins, strict=True) if bin_ is None}
        of_them = {name for name in names if name.partition(":")[0] in {"text", "length", "colour"}}
        assert hidden == of_them | work
    assert "free" not in json.dumps(found.to_json())


def test_workers_that_leave_out_different_columns() -> None:
    """The sum leaves out what any of them does, and has no more requests than the least of them keeps."""
    one = taken(ROWS.part(0, 50), most=20, leave_out=["text"])
    other = taken(ROWS.part(50, 100), most=10, leave_out=["colour"], offset=50)
    both = one + other
    assert (both.left_out, both.most, len(both.kept)) == (("colour", "text"), 10, 10)
    for each in both.kept:
        assert not {"text", "colour"} & each.rows[0].inputs.keys()
        assert each.rows[0].bins == ()


def test_a_request_of_many_rows() -> None:
    """Its first four rows are kept, and how many more it had is told."""
    found = taken(ROWS, most=3, each=60)
    assert [(len(each.rows), json.loads(each.body)["more"]) for each in found.kept] == [(4, 56)] * 3


@pytest.mark.parametrize(("columns", "name", "rows"), [(1, "c", 4), (20, "c", 4), (200, "c", 1), (1, "c" * 70_000, 0)])
def test_a_request_is_bounded(columns: int, name: str, rows: int) -> None:
    """Long texts are cut with their length told, of many the more; at last rows are not kept at all."""
    fields = tuple(monitor.Field(f"{name}{column}", "category") for column in range(columns))
    predictions = Predictions(numpy.arange(4.0))
    short, long = (
        Observed(
            numpy.empty((4, 0)), tuple([letter * length for letter in "abcd"] for _ in range(columns)), predictions
        )
        for length in (1, 5_000)
    )
    profile = monitor.Profile.build(short, fields, SEED)
    one = Sampling(profile, 3, ())
    [kept] = one.taken(one.empty.ceiling, START, long, profile.encoder.encode(long), ["one"], [4]).kept
    assert kept.size_bytes <= sampling.MOST_BYTES
    assert (len(kept.rows), json.loads(kept.body)["more"]) == (rows, 4 - rows)
    assert all(
        row.inputs["c0"].endswith(f"{letter}… (5,000 characters)")
        for row, letter in zip(kept.rows, "abcd"[:rows], strict=True)
    )


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (numpy.int64(3), 3),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        ("a\ud800b", "a?b"),
        (b"\x00", "b'\\x00'"),
    ],
)
def test_values_that_json_has_not(value: Any, kept: Any) -> None:
    """What a model is asked can always be written."""
    fields = (monitor.Field("c", "category"),)
    observed = Observed(numpy.empty((1, 0)), ([value],), Predictions(numpy.array([1.0])))
    profile = monitor.Profile.build(Observed(observed.numbers, (["x"],), observed.predictions), fields, SEED)
    one, encoded = (
        Sampling(profile, 3, ()),
        profile.encoder.encode(Observed(observed.numbers, (["x"],), observed.predictions)),
    )
    [found] = one.taken(one.empty.ceiling, START, observed, encoded, ["one"], [1]).kept
    assert found.rows[0].inputs == {"c": kept}


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    """By default there is no sampling at all."""
    assert Sampling.of(PROFILE, monitor.Settings(leave_out=("text",)), "mail") is None
    assert Sampling.of(PROFILE, monitor.Settings(sample=1), "mail") is not None


@pytest.mark.parametrize("sample", [0, 5])
def test_a_column_that_there_is_not_cannot_be_left_out(sample: int) -> None:
    """What it was meant for would be kept, now or once rows are: the name that is nearest is told."""
    with pytest.raises(monitor.errors.UnknownColumn) as caught:
        Sampling.of(PROFILE, monitor.Settings(sample=sample, leave_out=("text", "color")), "mail")
    assert (caught.value.column, caught.value.near) == ("color", "colour")


@pytest.mark.parametrize("change", [{"format": 2}, {"cut": 3}, {"requests": [{}]}, {"most": "many"}])
def test_a_sample_that_was_changed(change: dict[str, Any]) -> None:
    """It is not read as one."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        Sample.from_json(whole([request(1)]).to_json() | change)
