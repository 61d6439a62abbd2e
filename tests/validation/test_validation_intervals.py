"""Intervals leave room where little is known, and there is none where nothing is."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from noteship.validation import intervals
from noteship.validation.calibration import calibrate
from noteship.validation.differing import differences
from noteship.validation.gate_values import values_of
from noteship.validation.judgement import Estimate, Judgement, Slice, Split
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.resampling import Resampling, blocks
from noteship.validation.slices import judge_slices
from noteship.validation.slicing import Cut

Array = numpy.ndarray[Any, Any]
Pair = tuple[Classified, Classified]


def pair(rows: int, first_alone: float, second_alone: float, seed: int) -> Pair:
    """Two models of one class in two fifths of the rows, each right alone in some, and both wrong in 8 %."""
    random = numpy.random.default_rng(seed)
    true = (random.random(rows) < 0.4).astype(int)
    lot = random.random(rows)
    is_first, is_second = lot < first_alone, (lot >= first_alone) & (lot < first_alone + second_alone)
    is_both = lot > 0.92
    one, other = (
        Classified(true, numpy.where(wrong | is_both, 1 - true, true), None, 2, 1) for wrong in (is_second, is_first)
    )
    return one, other


def apart(one: Any, other: Any, groups: Array | None = None, count: int = 300) -> dict[str, Estimate]:
    resampling = Resampling(len(one), count, 0, groups)
    return differences(resampling, (one, resampling.draw(one)), (other, resampling.draw(other)))


def test_models_that_differ_nowhere_may_differ_elsewhere() -> None:
    """Of 50 rows answered alike every difference has room for some that are not, which shrinks with the rows."""
    widths = []
    for rows in (50, 1_000):
        one, _ = pair(rows, 0, 0, 1)
        found = apart(one, Classified(one.true, one.predicted, None, 2, 1))
        assert all(each.low < 0 == each.value < each.high for each in found.values())
        widths.append({name: each.high for name, each in found.items()})
    assert widths[0]["accuracy"] == pytest.approx(0.071, abs=1e-3) and widths[0]["f1"] > 0.05
    assert all(widths[1][name] < 0.015 for name in widths[1])


def test_equal_scores_are_those_of_one_model() -> None:
    """To the last digit in every row, of many values: then nothing is apart; of numbers likewise."""
    random = numpy.random.default_rng(0)
    scores = random.random(100)
    true = (random.random(100) < scores).astype(int)
    one = Classified(true, (scores > 0.5).astype(int), numpy.c_[1 - scores, scores], 2, 1)
    assert {(each.low, each.value, each.high) for each in apart(one, one).values()} == {(0, 0, 0)}
    numbers = Regressed(scores, scores + random.normal(size=100))
    assert {(each.low, each.high) for each in apart(numbers, numbers).values()} == {(0, 0)}


def test_equal_scores_with_other_answers_are_two_models() -> None:
    """By the scores nothing is apart; by the answers all that is, and what does not exist has no difference."""
    one = scored(200, 1, 5)
    other = Classified(one.true, numpy.zeros(200, dtype=int), one.probabilities, 2, 1)
    found = apart(other, one)
    assert found["log_loss"] == found["roc_auc"] == Estimate(0.0, 0.0, 0.0)
    assert found["f1"].value == found["f1"].value < -0.5 > found["f1"].high and found["accuracy"].high < 0
    assert numpy.isnan(found["precision"].value) and numpy.isnan(apart(other, other)["precision"].value)
    assert apart(other, other)["f1"] == Estimate(0.0, 0.0, 0.0)


def test_few_rows_that_differ_give_no_interval() -> None:
    """Of numbers, and of groups: with nine of them resamples are too much alike, with many there is one."""
    random = numpy.random.default_rng(1)
    true = random.normal(50, 5, 200)
    one = Regressed(true, true + random.normal(size=200))
    for rows, is_known in ((9, False), (60, True)):
        other = Regressed(true, one.predicted + numpy.where(numpy.arange(200) < rows, 1.5, 0))
        assert numpy.isfinite(apart(one, other)["rmse"].low) == is_known
        groups = numpy.arange(200) // 6
        first, _ = pair(200, 0, 0, 1)
        wrong = numpy.where(numpy.arange(200) < 5 * rows, 1 - first.true, first.predicted)
        found = apart(first, Classified(first.true, wrong, None, 2, 1), groups)["accuracy"]
        assert numpy.isfinite(found.low) == is_known


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "worse"), [(50, 0.02), (100, 0.02)])
def test_a_worse_model_does_not_pass_for_one_that_is_not(rows: int, worse: float) -> None:
    """Where only the other is right in 2 % of the rows, `difference.low >= -0.01` is passed in next to no case."""
    passed = {"accuracy": 0, "f1": 0, "recall": 0}
    held = 0
    for seed in range(200):
        found = apart(*pair(rows, 0, worse, seed))
        held += found["accuracy"].low <= -worse <= found["accuracy"].high
        for name in passed:
            passed[name] += found[name].low >= -0.01
    assert max(passed.values()) <= 4 and held >= 180


@pytest.mark.slow
def test_paired_intervals_hold() -> None:
    """Tango's, with few rows that differ and with many, on either side."""
    random = numpy.random.default_rng(0)
    for rows, first, second in ((50, 0.03, 0.05), (200, 0.01, 0.01), (100, 0.0, 0.02), (200, 0.0, 0.05)):
        held = 0
        for _ in range(500):
            alone = random.multinomial(rows, [first, second, 1 - first - second])
            low, high = intervals.paired(int(alone[0]), int(alone[1]), rows, 0.95)
            held += low <= first - second <= high
        assert held / 500 >= 0.92


@pytest.mark.slow
def test_the_area_of_a_rare_class_holds() -> None:
    """Of some twelve rows of the class in 590, where resamples hold in 83 of 100."""
    random = numpy.random.default_rng(1)
    for distance, area in ((1, 0.7602), (2, 0.9214), (3, 0.9831)):
        held = 0
        for _ in range(400):
            inside = int(random.binomial(590, 0.02))
            scores = numpy.sort(random.normal(size=590 - inside))
            value = float(numpy.searchsorted(scores, random.normal(size=inside) + distance).mean()) / len(scores)
            low, high = intervals.area(value, inside, 590 - inside, 0.95)
            held += low <= area <= high
        assert held / 400 >= 0.92


def test_a_perfect_number_has_no_interval() -> None:
    """What is in the unit of the target says nothing of how far the next one is off; nor does a log loss of nothing."""
    true = numpy.linspace(1, 3e7, 30)
    found = Resampling(30, 100, 0).estimates(Regressed(true, true))
    assert all(numpy.isnan(found[name].low) for name in ("rmse", "mae", "median_ae", "bias", "mape", "r2"))
    sure = Classified(numpy.arange(20) % 2, numpy.arange(20) % 2, numpy.eye(2)[numpy.arange(20) % 2], 2, 1)
    assert numpy.isnan(Resampling(20, 100, 0).estimates(sure)["log_loss"].low)
    never = Classified(numpy.arange(20) % 2, numpy.zeros(20, dtype=int), None, 2, 1)
    told = Resampling(20, 100, 0).estimates(never)
    assert numpy.isnan(told["mcc"].low) and told["balanced_accuracy"].high > 0.55


def test_a_percentage_near_nothing_has_no_interval() -> None:
    """A true value near 0 may make it as large as it likes, so no more is said than what it is on these rows."""
    random = numpy.random.default_rng(2)
    for middle, is_known in ((0.0, False), (10.0, True)):
        true = random.normal(middle, 1, 200)
        found = Resampling(200, 200, 0).estimates(Regressed(true, true + random.normal(size=200)))["mape"]
        assert numpy.isfinite(found.value) and numpy.isfinite(found.low) == is_known


def by_group(groups: int, seed: int) -> Estimate:
    """The accuracy of groups that have each an accuracy of its own, 0.9 in the middle, of 20 rows each."""
    random = numpy.random.default_rng(seed)
    of = numpy.repeat(numpy.arange(groups), 20)
    true = random.integers(2, size=len(of))
    is_right = random.random(len(of)) < random.beta(9, 1, groups)[of]
    judged = Classified(true, numpy.where(is_right, true, 1 - true), None, 2)
    return Resampling(len(of), 100, seed, of).estimates(judged)["accuracy"]


def test_of_four_groups_nothing_is_told() -> None:
    """Not even where all is right; of five there is an interval, within what an accuracy can be."""
    assert numpy.isnan(by_group(4, 0).low) and 0 < by_group(5, 0).low < by_group(5, 0).high <= 1
    right = Classified(numpy.arange(40) % 2, numpy.arange(40) % 2, None, 2)
    assert numpy.isnan(Resampling(40, 100, 0, numpy.arange(40) % 4).estimates(right)["accuracy"].low)


@pytest.mark.slow
def test_intervals_of_few_groups_hold_in_nearly_nine_of_ten() -> None:
    """Resamples of five groups hold in 81 of 100, of eight in 87."""
    for groups in (5, 8, 12):
        found = [by_group(groups, seed) for seed in range(300)]
        assert sum(each.low <= 0.9 <= each.high for each in found) / 300 >= 0.85


def test_rows_in_time_are_stretches() -> None:
    """Twenty of them, with rows of one moment in one, whatever the order of the rows."""
    moments = numpy.random.default_rng(3).permutation(1_000) // 3
    codes = blocks(moments)
    assert len(numpy.unique(codes)) == 20 and numpy.bincount(codes).min() >= 45
    assert all(len(set(codes[moments == each].tolist())) == 1 for each in (0, 7, 200))
    assert (numpy.diff(codes[numpy.argsort(moments, kind="stable")]) >= 0).all()


@pytest.mark.slow
def test_intervals_hold_where_errors_follow_one_another() -> None:
    """Each error four fifths of the one before: by rows the bias holds in half of the cases, by stretches in most."""
    held = [0, 0]
    for seed in range(200):
        random = numpy.random.default_rng(seed)
        errors = random.normal(size=590) * 0.6
        errors[0] /= 0.6
        for place in range(1, 590):
            errors[place] += 0.8 * errors[place - 1]
        judged = Regressed(
            numpy.full(590, 50.0) + numpy.arange(590), numpy.full(590, 50.0) + numpy.arange(590) + errors
        )
        for place, groups in enumerate((None, blocks(numpy.arange(590)))):
            found = Resampling(590, 200, seed, groups).estimates(judged)["bias"]
            held[place] += found.low <= 0 <= found.high
    assert held[0] < 0.65 * 200 < 0.88 * 200 < held[1]


def scored(rows: int, power: float, seed: int) -> Classified:
    random = numpy.random.default_rng(seed)
    chance = random.random(rows)
    true = (random.random(rows) < chance).astype(int)
    told = chance**power / (chance**power + (1 - chance) ** power)
    return Classified(true, (told > 0.5).astype(int), numpy.c_[1 - told, told], 2, 1)


def test_what_chance_shows_is_taken_off_the_calibration_error() -> None:
    """Of 200 rows a calibrated model shows 7 % and is not blamed for it; one that is too sure is."""
    for power in (1.0, 4.0):
        given = scored(200, power, 3)
        found = calibrate(given, Resampling(200, 50, 0), ("ham", "spam"))
        by_groups = calibrate(given, Resampling(200, 50, 0, numpy.arange(200) // 5), ("ham", "spam"))
        assert found is not None and by_groups is not None and numpy.isnan(found.ece.low)
        assert found.ece.value == max(0, found.shown - found.by_chance) and numpy.isnan(by_groups.p)
        assert found.by_chance > 0.04
        assert (found.ece.value < 0.03 and found.p > 0.05) if power == 1 else (found.ece.value > 0.05 > 5 * found.p)


@pytest.mark.slow
def test_a_calibrated_model_passes() -> None:
    """`ece <= 0.05` on 200 rows, which the error itself fails in 88 of 100 cases; p is as rarely small as it says."""
    found = [calibrate(scored(200, 1, seed), Resampling(200, 20, seed), ("ham", "spam")) for seed in range(150)]
    known = [each for each in found if each is not None]
    assert sum(each.ece.value > 0.05 for each in known) <= 3 and sum(each.shown > 0.05 for each in known) > 100
    assert sum(each.p < 0.05 for each in known) <= 16


def test_few_cases_are_not_the_worst_slice() -> None:
    """A recall of five positives is none to go by; its interval is, as it says how little is known."""
    random = numpy.random.default_rng(4)
    true = (random.random(400) < numpy.where(numpy.arange(400) < 200, 0.03, 0.5)).astype(int)
    predicted = numpy.where(random.random(400) < 0.9, true, 1 - true)
    judged = Classified(true, predicted, None, 2, 1)
    parts = [Cut("c", "few", numpy.arange(200)), Cut("c", "many", numpy.arange(200, 400))]
    few, many = judge_slices(judged, parts, Resampling(400, 100, 0), "f1")
    assert "recall" in few.few and "accuracy" not in few.few and not few.is_small and not many.few
    values = values_of(_judgement((few, many)))
    worst = values["worst_slice.recall"]
    assert isinstance(worst, Estimate) and worst.value == many.metrics["recall"].value
    assert worst.low == min(each.metrics["recall"].low for each in (few, many))
    alone = values_of(_judgement((few,)))["worst_slice.recall"]
    assert isinstance(alone, Estimate) and numpy.isnan(alone.value) and alone.high == few.metrics["recall"].high


def _judgement(slices: tuple[Slice, ...]) -> Judgement:
    split = Split("share", 800, 400)
    return Judgement("ab" * 32, "mail", "classification", "label", "f1", split, "clone", "", {}, {}, slices=slices)


@pytest.mark.slow
def test_the_upper_end_of_the_worst_slice_is_seldom_too_low() -> None:
    """A recall of 0.95 everywhere, 590 rows, 32 slices: `worst_slice.recall.high >= 0.8` fails in hardly a case."""
    failed = 0
    for seed in range(60):
        random = numpy.random.default_rng(seed)
        true = (random.random(590) < 0.1).astype(int)
        predicted = numpy.where(random.random(590) < 0.95, true, 1 - true)
        cuts = [
            Cut(str(column), str(value), numpy.flatnonzero(lots == value))
            for column, lots in enumerate(random.integers(4, size=(8, 590)))
            for value in range(4)
        ]
        judged = Classified(true, predicted, None, 2, 1)
        found = judge_slices(judged, cuts, Resampling(590, 20, seed), "recall")
        worst = values_of(_judgement(found))["worst_slice.recall"]
        failed += isinstance(worst, Estimate) and worst.high < 0.8
    assert failed <= 2
