"""Held-out rows are cut along columns, and a slice is called worse only where that is no chance."""

from __future__ import annotations

import numpy
import pandas
import pytest

from noteship.validation import errors
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.resampling import Resampling
from noteship.validation.slices import judge_slices
from noteship.validation.slicing import Cut, cuts


def rows(count: int = 200) -> pandas.DataFrame:
    random = numpy.random.default_rng(1)
    return pandas.DataFrame(
        {
            "amount": random.normal(size=count).round(3),
            "stars": random.integers(1, 6, count),
            "country": random.choice(["de", "fr"], count),
            "is_new": random.random(count) < 0.5,
            "date": pandas.date_range("2026-01-01", periods=count, freq="h"),
            "text": ["letters " * int(size) for size in random.integers(5, 60, count)],
            "sender": [f"s{number % 60}" for number in range(count)],
            "same": 1,
        }
    )


def told(frame: pandas.DataFrame, *columns: str) -> dict[str, int]:
    return {each.value: len(each.places) for each in cuts(frame, columns, columns)}


def test_columns_are_cut_by_what_they_hold() -> None:
    """Few values each for itself, numbers and times into quarters, texts by their letters, names by the frequent."""
    frame = rows()
    assert set(told(frame, "country")) == {"de", "fr"} and set(told(frame, "is_new")) == {"False", "True"}
    assert set(told(frame, "stars")) == set("12345")
    assert list(told(frame, "amount").values()) == [50] * 4 == list(told(frame, "date").values())
    assert all(each.endswith(" letters") for each in told(frame, "text"))
    names = told(frame, "sender")
    assert len(names) == 21 and "40 other values" in names and sum(names.values()) == 200
    assert not told(frame, "same")


def test_missing_values_are_a_slice() -> None:
    """Of each column that has some; the others are cut as if there were none."""
    frame = rows()
    frame.loc[:19, "amount"] = numpy.nan
    frame.loc[:9, "country"] = None
    assert told(frame, "amount")["missing"] == 20 and told(frame, "country")["missing"] == 10
    places = next(each.places for each in cuts(frame, ("amount",), ()) if each.value == "missing")
    assert places.tolist() == list(range(20))


def test_unnamed_columns_are_the_inputs() -> None:
    """Names that are many, and of one length, are no slices there; a name that there is not is an error."""
    found = {each.column for each in cuts(rows(), None, ["text", "country", "sender", "same"])}
    assert found == {"text", "country"}
    with pytest.raises(errors.UnknownSlice, match="nearest: country"):
        cuts(rows(), ("contry",), ())


def test_what_a_gate_names_is_cut_wherever_it_stands() -> None:
    """Of inputs that are not named the first ten are; beside them those of gates, as if they were named."""
    frame = pandas.DataFrame({f"c{number:02}": numpy.arange(60) % 3 for number in range(12)}).assign(sender=range(60))
    frame["sender"] = "s" + frame["sender"].astype(str)
    inputs = [*frame.columns]
    assert [*dict.fromkeys(each.column for each in cuts(frame, None, inputs))] == inputs[:10]
    found = cuts(frame, None, inputs, ("c11", "sender", "c03"))
    assert [*dict.fromkeys(each.column for each in found)] == [*inputs[:10], "c11", "sender"]
    assert sum(each.column == "sender" for each in found) == 21


def classified(right: numpy.ndarray) -> Classified:  # type: ignore[type-arg]
    true = numpy.arange(len(right)) % 2
    return Classified(true, numpy.where(right, true, 1 - true), None, 2, 1)


def halves(count: int) -> list[Cut]:
    return [Cut("c", "first", numpy.arange(count // 2)), Cut("c", "second", numpy.arange(count // 2, count))]


def test_a_worse_slice_is_found() -> None:
    """With twice the errors of the others; the better one is not called worse."""
    random = numpy.random.default_rng(2)
    right = random.random(600) > numpy.where(numpy.arange(600) < 300, 0.3, 0.1)
    first, second = judge_slices(classified(right), halves(600), Resampling(600, 200, 0), "f1")
    assert first.is_worse and first.p < 0.001 and not second.is_worse and second.p > 0.99
    off = random.normal(size=600) * numpy.where(numpy.arange(600) < 300, 2, 1)
    judged = Regressed(random.normal(size=600), numpy.zeros(600) + off)
    judged = Regressed(judged.true, judged.true + off)
    assert judge_slices(judged, halves(600), Resampling(600, 200, 0), "rmse")[0].is_worse


@pytest.mark.slow
def test_many_slices_are_corrected_for() -> None:
    """Of 40 models that are alike everywhere, with 20 slices each, hardly one has a slice that is called worse."""
    random = numpy.random.default_rng(3)
    called = 0
    for _ in range(40):
        parts = [Cut("c", str(number), numpy.arange(number * 40, number * 40 + 40)) for number in range(20)]
        found = judge_slices(classified(random.random(800) > 0.2), parts, Resampling(800, 20, 0), "accuracy")
        called += any(each.is_worse for each in found)
    assert called <= 2


@pytest.mark.slow
def test_losses_that_are_nearly_all_zero_call_few_slices_worse() -> None:
    """Of 500 models that are exact on 99 % of rows anywhere, chance calls no more slices worse than its level."""
    random = numpy.random.default_rng(4)
    part = [Cut("c", "some", numpy.arange(30))]
    chances = []
    for _ in range(500):
        off = numpy.where(random.random(600) < 0.01, random.exponential(size=600), 0.0)
        chances.append(judge_slices(Regressed(numpy.ones(600), 1 + off), part, Resampling(600, 5, 0), "rmse")[0].p)
    assert numpy.mean(numpy.array(chances) < 0.01) <= 0.015
    off = numpy.where(numpy.arange(600) < 6, 1.0, 0.0)
    assert judge_slices(Regressed(numpy.ones(600), 1 + off), part, Resampling(600, 5, 0), "rmse")[0].is_worse


def test_a_slice_without_the_positive_class_has_no_f1() -> None:
    """False alarms are told by the precision; there was nothing to find."""
    judged = Classified(numpy.repeat([0, 1], 100), numpy.arange(200) // 5 % 2, None, 2, 1)
    without, with_it = judge_slices(judged, halves(200), Resampling(200, 50, 0), "accuracy")
    told = {name: each.value for name, each in without.metrics.items()}
    assert told["precision"] == 0 and numpy.isnan([told.get("f1", numpy.nan), told.get("recall", numpy.nan)]).all()
    assert with_it.metrics["f1"].value > 0


def test_a_slice_has_what_was_compared() -> None:
    """The share of wrong answers, and that of other rows, weighted by the slice's classes; of numbers medians."""
    true = numpy.repeat([0, 1], [60, 140])
    wrong = numpy.zeros(200, dtype=bool)
    wrong[[*range(10), *range(40, 50), 60, *range(100, 120)]] = True
    # Of the slice 40 rows are of class 0, of which 10 are wrong, and 10 of class 1, of which 1 is.
    inside = numpy.r_[0:40, 60:70]
    judged = Classified(true, numpy.where(wrong, 1 - true, true), None, 2)
    [found] = judge_slices(judged, [Cut("x", "a", inside)], Resampling(200, 200, 1), "f1")
    assert found.loss == pytest.approx(11 / 50)
    # Outside, 10 of 20 of class 0 are wrong, and 20 of 130 of class 1.
    assert found.usual == pytest.approx((40 * 10 / 20 + 10 * 20 / 130) / 50)
    numbers = Regressed(numpy.zeros(200), numpy.r_[numpy.full(60, 3.0), numpy.full(140, -1.0)])
    [found] = judge_slices(numbers, [Cut("x", "a", numpy.arange(50))], Resampling(200, 200, 1), "mae")
    assert (found.loss, found.usual) == (3.0, 1.0)


def test_small_slices_say_so() -> None:
    """Nothing is tested there; one row has a value and no interval of what is no share."""
    parts = [Cut("c", "few", numpy.arange(8)), Cut("c", "one", numpy.array([3])), Cut("c", "all", numpy.arange(8, 90))]
    found = judge_slices(classified(numpy.arange(90) > 10), parts, Resampling(90, 50, 0), "accuracy")
    assert [each.is_small for each in found] == [True, True, False]
    assert numpy.isnan(found[0].p) and found[1].metrics["accuracy"].value == 0


def test_groups_count_as_one_in_slices() -> None:
    """Thirty rows of nine senders are few; one bad sender among twenty makes no slice worse."""
    right = numpy.arange(400) >= 20
    groups = numpy.arange(400) // 20
    found = judge_slices(classified(right), halves(400), Resampling(400, 50, 0, groups), "accuracy")
    by_row = judge_slices(classified(right), halves(400), Resampling(400, 50, 0), "accuracy")
    assert by_row[0].is_worse and not found[0].is_worse
    assert judge_slices(classified(right), [Cut("c", "x", numpy.arange(180))], Resampling(400, 50, 0, groups), "f1")[
        0
    ].is_small


def test_more_rows_of_a_hard_class_make_no_slice_worse() -> None:
    """Where half of the rows are positive more answers are wrong than where few are: that is no fault of the slice."""
    random = numpy.random.default_rng(5)
    inside = numpy.arange(1_200) < 300
    true = (random.random(1_200) < numpy.where(inside, 0.5, 0.05)).astype(int)
    wrong = random.random(1_200) < numpy.where(true == 1, 0.2, 0.02)
    judged = Classified(true, numpy.where(wrong, 1 - true, true), None, 2, 1)
    parts = [Cut("region", "a", numpy.flatnonzero(inside)), Cut("region", "b", numpy.flatnonzero(~inside))]
    assert wrong[inside].mean() > 2 * wrong[~inside].mean()
    for groups in (None, numpy.arange(1_200) % 300 // 10 + 100 * inside):
        first, second = judge_slices(judged, parts, Resampling(1_200, 50, 0, groups), "f1")
        assert first.p > 0.05 and second.p > 0.05 and not first.is_worse


def test_few_groups_outside_are_too_few() -> None:
    """Next to one other group nothing is tested; next to ten a bad slice of ten is found."""
    random = numpy.random.default_rng(6)
    groups = numpy.arange(800) // 40
    for last, is_told in ((19, False), (10, True)):
        inside = groups < last
        right = random.random(800) > numpy.where(inside, 0.5, 0.1)
        found = judge_slices(
            classified(right), [Cut("c", "x", numpy.flatnonzero(inside))], Resampling(800, 20, 0, groups), "accuracy"
        )[0]
        assert numpy.isfinite(found.p) == is_told == found.is_worse


@pytest.mark.slow
def test_slices_of_few_groups_are_called_worse_as_rarely_as_the_level_says() -> None:
    """Of 1,000 slices of ten groups beside ten or thirty others that are like them, one in a hundred or fewer."""
    for outside in (10, 30):
        called = 0
        for seed in range(1_000):
            random = numpy.random.default_rng(seed)
            groups = numpy.repeat(numpy.arange(10 + outside), 20)
            wrong = random.random(len(groups)) < random.beta(2, 8, 10 + outside)[groups]
            cut = [Cut("c", "x", numpy.arange(200))]
            judged = judge_slices(classified(~wrong), cut, Resampling(len(groups), 5, 0, groups), "accuracy")
            called += judged[0].is_worse
        assert called <= 20
