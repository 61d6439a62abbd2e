"""Sketches: sums that are the same however the rows were divided."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.monitored import FIELDS, SEED, arrays_of, mixed, plain, same
from noteship.monitor import errors, statistics
from noteship.monitor.betting import PairBet
from noteship.monitor.profile import Profile
from noteship.monitor.sketch import Sketch
from noteship.monitor.streams import halves

PROFILE = Profile.build(mixed(1500), FIELDS, SEED)
ROWS = mixed(60, 4)


class Bet:
    """A witness of the tests."""

    def __init__(self, name: str) -> None:
        self.identity = name
        self._direction = numpy.linspace(-1, 1, PROFILE.encoder.layout.dimensions)

    def log_wealth(self, z: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        gains = numpy.multiply.outer([0.1, 0.2], numpy.tanh(z @ self._direction))
        return numpy.asarray(numpy.log1p(gains).sum(axis=1))


def sketched(start: int, end: int, sizes: list[int] | None = None, witness: str = "w") -> Sketch:
    """Rows from `start` to before `end`, in requests of one row, or of `sizes`."""
    counts = sizes or [1] * (end - start)
    ids = [f"request {start + place}" for place in range(len(counts))]
    sketch = PROFILE.sketch()
    sketch.add(PROFILE.encoder.encode(ROWS.part(start, end)), PROFILE.fourier, ids, counts, Bet(witness))
    return sketch


@given(st.sets(st.integers(1, 59), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_sketches_add_up_however_rows_are_divided(cuts: set[int], random: Any) -> None:
    """The parts' sketches, added in any order and grouping, are the sketch of the whole."""
    edges = [0, *sorted(cuts), 60]
    parts = [sketched(start, end) for start, end in itertools.pairwise(edges)]
    while len(parts) > 1:
        random.shuffle(parts)
        parts.append(parts.pop() + parts.pop())
    assert same(parts[0], sketched(0, 60))


def test_a_worker_adds_batch_by_batch() -> None:
    """A sketch to which batches are added is the sum of the batches' sketches."""
    sketch = PROFILE.sketch()
    for start in range(0, 60, 20):
        ids = [f"request {place}" for place in range(start, start + 20)]
        encoded = PROFILE.encoder.encode(ROWS.part(start, start + 20))
        sketch.add(encoded, PROFILE.fourier, ids, [1] * 20, Bet("w"))
    assert same(sketch, sketched(0, 60))
    assert same(PROFILE.sketch() + sketch, sketch)


def test_sums_of_different_witnesses_are_kept_apart() -> None:
    """What different witnesses made of their rows adds up by witness."""
    added = sketched(0, 30, witness="a") + sketched(30, 40, witness="b") + sketched(40, 60, witness="a")
    assert set(added.wealth) == {"a", "b"}
    expected = sketched(0, 30).wealth["w"] + sketched(40, 60).wealth["w"]
    assert numpy.allclose(added.wealth["a"], expected)


def test_rows_of_a_request_stay_together() -> None:
    """A request's rows are all in the half of its id, and squares count them together."""
    sizes = [10, 20, 5, 25]
    sketch = sketched(0, 60, sizes)
    half = halves([f"request {place}" for place in range(4)])
    expected = [sum(size for size, each in zip(sizes, half, strict=True) if each == side) for side in (0, 1)]
    assert sketch.counts("inputs").sum(axis=1).tolist() == expected
    assert (sketch.rows, sketch.requests, sketch.rows_squared) == (60, 4, sum(size * size for size in sizes))
    for name in PROFILE.encoder.bins:
        assert sketch.squares(name).tolist() == slow_squares(name, sizes)


def slow_squares(detector: str, sizes: list[int]) -> list[int]:
    squares, start = 0, 0
    for size in sizes:
        squares = squares + sketched(start, start + size).counts(detector).sum(axis=0) ** 2
        start += size
    return list(numpy.asarray(squares).tolist())


def test_requests_of_one_row_have_their_counts_for_squares() -> None:
    """With one row a request, the squares are the counts."""
    sketch = sketched(0, 60)
    assert sketch.squares("joint").tolist() == sketch.counts("joint").sum(axis=0).tolist()
    assert sketch.feature_squares.tolist() == [60] * len(PROFILE.encoder.layout.features)


@pytest.mark.parametrize("sizes", [None, [10, 20, 5, 25]])
def test_a_sketch_is_read_as_it_was_written(sizes: list[int] | None) -> None:
    """Bytes and back change nothing, nor do they when nothing was counted yet."""
    for sketch in (sketched(0, 60, sizes), PROFILE.sketch()):
        again = PROFILE.read_sketch(sketch.to_bytes())
        assert again.to_bytes() == sketch.to_bytes()
        assert all(numpy.array_equal(each, arrays_of(again)[name]) for name, each in arrays_of(sketch).items())
        assert same(again + sketch, sketch + sketch)


def test_sketches_are_small() -> None:
    """A sketch of 100 columns and many rows takes less than 16 KB, also with many rows a request."""
    fields, observed = plain(2000, 100)
    profile = Profile.build(observed, fields, SEED)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(observed), profile.fourier, [str(i) for i in range(200)], [10] * 200)
    for _ in range(10):
        sketch = sketch + sketch
    assert sketch.rows == 2_048_000
    assert len(sketch.to_bytes()) < 16_384


def test_work_is_counted_where_it_is_known() -> None:
    """Rows whose work was not counted are in no bin of work, and in no sum."""
    assert ROWS.work is not None
    known = ROWS.work[~numpy.isnan(ROWS.work)]
    sketch = sketched(0, 60)
    assert sketch.worked_rows == len(known) == sketch.counts("work").sum() == sketch.work.sum()
    assert sketch.total_work == known.sum()
    low, high = numpy.flatnonzero(sketch.work)[[0, -1]]
    assert 2 ** (low / 8) <= known.min() < 2 ** ((low + 1) / 8)
    assert 2 ** (high / 8) <= known.max() < 2 ** ((high + 1) / 8)


def test_without_work_there_is_no_detector_of_it() -> None:
    """A profile of rows whose work is unknown counts none, whatever comes later."""
    profile = Profile.build(mixed(300, with_work=False), FIELDS, SEED)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(ROWS), profile.fourier, [str(i) for i in range(60)], [1] * 60)
    assert "work" not in profile.encoder.bins
    assert sketch.worked_rows == 0


def test_work_may_stop_being_known() -> None:
    """Rows without any work, for a profile that has it, are counted in all but the work."""
    sketch = PROFILE.sketch()
    encoded = PROFILE.encoder.encode(mixed(60, with_work=False))
    sketch.add(encoded, PROFILE.fourier, [str(i) for i in range(60)], [1] * 60)
    assert (sketch.rows, sketch.worked_rows, sketch.counts("work").sum()) == (60, 0, 0)


def test_confidence_is_added_up() -> None:
    """The probability of the likeliest class is counted by twenty bins, with its sum."""
    probabilities = ROWS.predictions.probabilities
    assert probabilities is not None
    rows, sums = sketched(0, 60).confidence
    likeliest = probabilities.max(axis=1)
    assert rows.tolist() == numpy.histogram(likeliest, bins=20, range=(0, 1))[0].tolist()
    assert sums.sum() == pytest.approx(likeliest.sum(), abs=1e-7)


def test_products_are_added_up() -> None:
    """The sums of products are those of the rows' products, also when they were asked for in between."""
    z = PROFILE.encoder.encode(ROWS).z
    sketch = sketched(0, 30)
    assert sketch.products.sum() == sketch.products.sum()
    added = sketch + sketched(30, 60)
    assert numpy.allclose(added.products, statistics.products(z).sum(axis=0, dtype=float), atol=1e-3)


def test_a_bet_on_pairs_needs_no_products() -> None:
    """What a bet makes of rows is what the witness makes of their products."""
    moments = statistics.ReferenceMoments((750, 750), PROFILE.pairs.means, PROFILE.pairs.factor, PROFILE.pairs.rest)
    witness = statistics.Witness.learn(sketched(0, 60).products, 60, moments)
    assert witness is not None
    z = PROFILE.encoder.encode(ROWS).z
    bet = PairBet(witness, PROFILE.encoder.layout.dimensions)
    assert numpy.allclose(bet.log_wealth(z), witness.log_wealth(statistics.products(z)), atol=1e-3)


def test_only_sketches_of_one_profile_add_up() -> None:
    """Sketches that were counted with different profiles are neither added nor read as each other's."""
    other = Profile.build(mixed(1500, 7), FIELDS, SEED)
    with pytest.raises(errors.OtherEncoding):
        PROFILE.sketch() + other.sketch()
    with pytest.raises(errors.OtherEncoding):
        other.read_sketch(PROFILE.sketch().to_bytes())


def test_damaged_sketches_are_refused() -> None:
    """Bytes that are cut, changed or something else are no sketch."""
    data = sketched(0, 60).to_bytes()
    changed = bytearray(data)
    changed[-5] ^= 1
    for damaged in (b"", b"{}", b"[]\n", data[:50], data[:-1], data + b"x", bytes(changed)):
        with pytest.raises(errors.DamagedSketch):
            PROFILE.read_sketch(damaged)


def test_rows_without_their_requests_are_refused() -> None:
    """Requests whose rows are not as many as the rows are not counted."""
    encoded = PROFILE.encoder.encode(ROWS)
    sketch = PROFILE.sketch()
    with pytest.raises(errors.UnfitRows):
        sketch.add(encoded, PROFILE.fourier, ["a"], [59])
    assert sketch.rows == 0
