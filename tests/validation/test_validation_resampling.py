"""Intervals cover what they promise, by rows and by groups, and say nothing where nothing is known."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from noteship.validation.intervals import wilson
from noteship.validation.metrics import Classified, Regressed, Share
from noteship.validation.resampling import Resampling

Array = numpy.ndarray[Any, Any]
Maker = Callable[[int, numpy.random.Generator], Classified | Regressed]


def binary(rate: float, apart: float) -> Maker:
    """Calibrated scores of two normal classes."""

    def make(rows: int, random: numpy.random.Generator) -> Classified:
        true = (random.random(rows) < rate).astype(int)
        at = random.normal(size=rows) + apart * true
        chance = 1 / (1 + numpy.exp(-(apart * at - apart**2 / 2 + numpy.log(rate / (1 - rate)))))
        return Classified(true, (chance > 0.5).astype(int), numpy.c_[1 - chance, chance], 2, 1)

    return make


def heavy(rows: int, random: numpy.random.Generator) -> Regressed:
    """Errors with the tails of Student's distribution of 6 degrees."""
    true = random.normal(10, 1, rows)
    return Regressed(true, true + 0.5 * random.standard_t(6, rows))


def right(rows: int) -> Classified:
    true = numpy.arange(rows) % 2
    return Classified(true, true, None, 2, 1)


def covered(make: Maker, rows: int, simulations: int) -> dict[str, float]:
    """How often the intervals of samples hold what a sample of 400,000 rows has."""
    large = 400_000
    truth = {name: float(each[0]) for name, each in make(large, numpy.random.default_rng(99)).measure(
        numpy.ones((1, large))).items()}  # fmt: skip
    hits = dict.fromkeys(truth, 0)
    for seed in range(simulations):
        judged = make(rows, numpy.random.default_rng(seed))
        for name, each in Resampling(rows, 400, seed).estimates(judged).items():
            hits[name] += each.low <= truth[name] <= each.high
    return {name: each / simulations for name, each in hits.items()}


def test_an_interval_of_a_perfect_model_is_not_a_point() -> None:
    """Twenty right answers of twenty leave room: as much as Wilson's interval does, for every share at its limit."""
    found = Resampling(20, 200, 0).estimates(right(20))
    assert found["accuracy"].low == pytest.approx(wilson(20, 20, 0.95)[0]) == pytest.approx(0.839, abs=1e-3)
    of_class = wilson(10, 10, 0.95)[0]
    assert found["recall"].low == pytest.approx(of_class) and found["mcc"].low == pytest.approx(2 * of_class - 1)
    # Both classes would have to be so much worse at once.
    assert found["balanced_accuracy"].low == pytest.approx(1 - (1 - of_class) / 2**0.5)
    assert all(each.value == each.high == 1 for each in found.values())


def test_f1_of_one_class_has_the_interval_of_its_jaccard_index() -> None:
    """90 hits among 100 rows that are flagged or of the class: F1 is 2J / (1 + J), and so are the ends."""
    low, high = wilson(90, 100, 0.95)
    found = Resampling(10, 200, 0).share(Share(90, 100, is_f1=True))
    assert (found.value, found.low, found.high) == pytest.approx(
        (1.8 / 1.9, 2 * low / (1 + low), 2 * high / (1 + high))
    )


def test_resamples_without_a_class_are_left_out() -> None:
    """Two rows of a class are missing in too many resamples for an interval of precision; with ten there is one."""
    for positives, is_known in ((2, False), (10, True)):
        true = (numpy.arange(100) < positives).astype(int)
        scores = numpy.random.default_rng(1).random(100) / 2 + true / 3
        judged = Classified(true, (scores > 0.5).astype(int), numpy.c_[1 - scores, scores], 2, 1)
        found = Resampling(100, 300, 0).estimates(judged)["average_precision"]
        assert numpy.isfinite(found.value) and numpy.isfinite(found.low) == is_known


def test_rows_of_one_group_are_one_piece_of_evidence() -> None:
    """Each row forty times, in a group, tells what the row once tells; one group alone tells nothing of an interval."""
    random = numpy.random.default_rng(2)
    true = random.integers(2, size=50)
    predicted = numpy.where(random.random(50) < 0.8, true, 1 - true)
    groups = numpy.repeat(numpy.arange(50), 40)
    many = Classified(numpy.repeat(true, 40), numpy.repeat(predicted, 40), None, 2)
    by_group = Resampling(2_000, 500, 0, groups).estimates(many)["accuracy"]
    once = Resampling(50, 500, 0).estimates(Classified(true, predicted, None, 2))["accuracy"]
    by_row = Resampling(2_000, 500, 0).estimates(many)["accuracy"]
    assert by_group.high - by_group.low == pytest.approx(once.high - once.low, rel=0.15)
    assert by_row.high - by_row.low < (by_group.high - by_group.low) / 4
    alone = Resampling(2_000, 500, 0, numpy.zeros(2_000)).estimates(many)["accuracy"]
    assert numpy.isnan(alone.low) and alone.value == by_group.value


def test_differences_are_of_the_same_resamples() -> None:
    """Two models that err on the same rows differ by a narrow interval, and one that is the same by nothing."""
    random = numpy.random.default_rng(3)
    true = random.integers(2, size=400)
    first = numpy.where(random.random(400) < 0.8, true, 1 - true)
    second = first.copy()
    second[:8] = true[:8]
    resampling = Resampling(400, 300, 0)
    drawn = [resampling.draw(Classified(true, each, None, 2)) for each in (first, second)]
    apart = resampling.intervals(drawn[1].less(drawn[0]))["accuracy"]
    assert 0 <= apart.low <= apart.value <= apart.high < 0.02
    same = resampling.intervals(drawn[0].less(drawn[0]))["accuracy"]
    assert (same.low, same.value, same.high) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "rows", "least"),
    [
        (binary(0.5, 2), 100, {}),
        (binary(0.1, 2), 200, {"roc_auc": 0.89}),
        # Of a sharp model a few rows make most of the loss.
        (binary(0.3, 4), 150, {"log_loss": 0.84, "brier": 0.88}),
        (heavy, 100, {"rmse": 0.86, "r2": 0.86}),
    ],
    ids=["even", "rare", "sharp", "heavy tails"],
)
def test_intervals_cover(make: Maker, rows: int, least: dict[str, float]) -> None:
    """Of 300 samples, 91 % and more of the intervals of 95 % hold the truth: for few rows and heavy tails less."""
    found = covered(make, rows, 300)
    assert {name: share for name, share in found.items() if share < least.get(name, 0.905)} == {}


@pytest.mark.slow
def test_intervals_by_groups_cover() -> None:
    """Where each of 40 groups has its own accuracy, intervals by rows are too narrow, and those by groups hold."""
    hits = [0, 0]
    for seed in range(300):
        random = numpy.random.default_rng(seed)
        groups = random.integers(40, size=400)
        is_right = random.random(400) < random.beta(4, 1, 40)[groups]
        true = random.integers(2, size=400)
        judged = Classified(true, numpy.where(is_right, true, 1 - true), None, 2)
        for place, by in enumerate((groups, None)):
            found = Resampling(400, 400, seed, by).estimates(judged)["accuracy"]
            hits[place] += found.low <= 0.8 <= found.high
    assert hits[0] / 300 >= 0.91 > 0.87 > hits[1] / 300


@pytest.mark.slow
def test_a_thousand_resamples_of_twenty_thousand_rows() -> None:
    """They take some seconds, all measures of a classification together."""
    judged = binary(0.2, 2)(20_000, numpy.random.default_rng(0))
    began = time.process_time()
    Resampling(20_000, 1_000, 0).estimates(judged)
    assert time.process_time() - began < 12
