"""What is drawn of answers: calibration, thresholds, residuals, and rows that were changed."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest

from noteship import models
from noteship.validation.calibration import calibrate
from noteship.validation.disturbing import disturbances
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.resampling import Resampling
from noteship.validation.residuals import residuals
from noteship.validation.thresholds import thresholds

WORDS = ("ham", "spam")


def scored(rows: int, power: float = 1.0, positive: int | None = 1) -> Classified:
    """Scores that are calibrated, or with a power too sure."""
    random = numpy.random.default_rng(7)
    chance = random.random(rows)
    true = (random.random(rows) < chance).astype(int)
    told = chance**power / (chance**power + (1 - chance) ** power)
    return Classified(true, (told > 0.5).astype(int), numpy.c_[1 - told, told], 2, positive)


def test_calibrated_scores_lie_in_their_intervals() -> None:
    """Nine bins of ten hold the score; of a model that is too sure, few do, and its error is larger."""
    for power, least, most, error in ((1.0, 9, 10, 0.03), (4.0, 0, 4, 1)):
        found = calibrate(scored(4_000, power), Resampling(4_000, 200, 0), WORDS)
        assert found is not None and len(found.bins) == 10 and sum(each.rows for each in found.bins) == 4_000
        held = sum(each.observed.low <= each.predicted <= each.observed.high for each in found.bins)
        assert least <= held <= most and found.ece.value < error and found.of == "spam"


def test_without_a_positive_class_it_is_the_predicted_one() -> None:
    """A score below a half is then nobody's; empty bins are left out."""
    found = calibrate(scored(500, positive=None), Resampling(500, 200, 0), WORDS)
    assert found is not None and found.of == "the predicted class" and found.bins[0].low == 0.5
    assert calibrate(scored(50).part(numpy.arange(50)), Resampling(50, 200, 0), WORDS) is None


def test_thresholds_are_of_all_rows() -> None:
    """From all flagged to none; at each the share that is flagged, and what would be found."""
    judged = scored(300)
    found = thresholds(judged, WORDS)
    assert found is not None and judged.probabilities is not None and found.chosen == 0.5
    for point in (found.points[0], found.points[40], found.points[-2]):
        flagged = judged.probabilities[:, 1] >= point.threshold
        assert point.flagged == pytest.approx(flagged.mean())
        assert point.recall == pytest.approx(flagged[judged.true == 1].mean())
        assert point.false_alarms == pytest.approx(flagged[judged.true == 0].mean())
    assert [each.threshold for each in found.points] == sorted({each.threshold for each in found.points})
    assert numpy.isnan(found.points[-1].precision) and found.points[-1].flagged == 0
    assert thresholds(scored(50, positive=None), WORDS) is None


def test_a_model_with_a_threshold_of_its_own_has_none_chosen() -> None:
    """Where predictions are not those of a half, none is said."""
    judged = scored(300)
    found = thresholds(Classified(judged.true, judged.true, judged.probabilities, 2, 1), WORDS)
    assert found is not None and found.chosen is None


@pytest.mark.parametrize("predicted", ["spread", "one", "two"])
def test_residuals_are_of_all_rows(predicted: str) -> None:
    """Also where one row is far away, and where a model predicts one or two values alone."""
    random = numpy.random.default_rng(1)
    true = numpy.r_[random.normal(size=99), 1e6]
    given: Any = {"spread": true + 0.1, "one": numpy.zeros(100), "two": numpy.arange(100) % 2}[predicted]
    found = residuals(Regressed(true, given.astype(float)), Resampling(100, 200, 0))
    assert sum(map(sum, found.counts)) == sum(found.histogram) == sum(each.rows for each in found.by_size) == 100
    assert list(found.edges) == sorted(found.edges) and len(found.counts) == len(found.edges) - 1 == 40
    assert list(found.residuals.values()) == sorted(found.residuals.values())


def changed(column: models.Column, values: list[Any], kind: str, *, is_only: bool = False) -> list[Any]:
    each = next(each for each in disturbances(column, is_only=is_only) if each.kind == kind)
    return each.of(values, column.decode(values), "seed")


def test_numbers_are_moved_within_their_type() -> None:
    """By a standard deviation; whole ones stay whole, and none leaves what its type holds; missing ones stay."""
    column = models.Column("x", "integer", "int8")
    assert changed(column, [0, 100, 120], "shifted") == [52, 127, 127]
    noisy = changed(models.Column("x", "number", "float64", nulls="allowed"), [1.0, None, 3.0], "noise")
    assert noisy[1] is None and noisy[0] != 1.0
    assert all(type(each) is int for each in changed(column, [1, 2, 30], "noise"))


def test_texts_lose_words() -> None:
    """The second half of them, or some; an empty text stays."""
    column = models.Column("t", "text", "object", nulls="allowed")
    texts = ["one two three", "", None, "one", " ".join(["word"] * 500)]
    halved = changed(column, texts, "cut")
    assert halved[:4] == ["one two", "", None, "one"] and len(halved[4].split()) == 250
    assert 370 < len(changed(column, texts, "dropped")[4].split()) < 430


def test_categories_and_rows_that_swap() -> None:
    """A tenth of the rows has a category that nobody knew; swapped values are the same ones in another order."""
    column = models.Column("c", "category", "object", categories=("a", "b"))
    values = ["a", "b"] * 200
    new = changed(column, values, "unseen")
    assert 20 < sum(each not in "ab" for each in new) < 60
    swapped = changed(column, values, "permuted")
    assert swapped != values and sorted(swapped) == values[::2] + values[1::2]
    assert "permuted" not in {each.kind for each in disturbances(column, is_only=True)}
    lost = changed(models.Column("x", "number", "float64", nulls="allowed"), [1.0] * 300, "missing")
    assert 15 < sum(each is None for each in lost) < 50
    assert pandas.Series(lost).dropna().eq(1).all()
