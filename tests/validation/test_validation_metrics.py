"""Measures are scikit-learn's, and weights are repetitions of rows."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from sklearn import metrics

from noteship.validation.judgement import Estimate
from noteship.validation.measures import MEASURES
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.resampling import Resampling

Array = numpy.ndarray[Any, Any]


def point(judged: Classified | Regressed) -> dict[str, float]:
    return {name: float(value[0]) for name, value in judged.measure(numpy.ones((1, len(judged)))).items()}


def two_classes(rows: int, seed: int = 3) -> Classified:
    random = numpy.random.default_rng(seed)
    scores = random.beta(0.5, 1, rows).round(2)  # rounded, so that there are ties
    true = (random.random(rows) < scores).astype(int)
    return Classified(true, (scores > 0.4).astype(int), numpy.c_[1 - scores, scores], 2, 1)


def five_classes(rows: int, seed: int = 4) -> Classified:
    random = numpy.random.default_rng(seed)
    given = random.dirichlet(numpy.ones(5), rows)
    true = numpy.array([random.choice(5, p=each) for each in given])
    return Classified(true, given.argmax(axis=1), given, 5)


def numbers(rows: int, seed: int = 5) -> Regressed:
    random = numpy.random.default_rng(seed)
    true = random.normal(3, 2, rows)
    return Regressed(true, true + random.standard_t(3, rows))


def test_measures_of_two_classes_are_those_of_scikit_learn() -> None:
    """Of the positive class, with ties among the scores."""
    judged = two_classes(300)
    assert judged.probabilities is not None
    scores = judged.probabilities[:, 1]
    expected = {
        "accuracy": metrics.accuracy_score(judged.true, judged.predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(judged.true, judged.predicted),
        "f1": metrics.f1_score(judged.true, judged.predicted),
        "precision": metrics.precision_score(judged.true, judged.predicted),
        "recall": metrics.recall_score(judged.true, judged.predicted),
        "mcc": metrics.matthews_corrcoef(judged.true, judged.predicted),
        "roc_auc": metrics.roc_auc_score(judged.true, scores),
        "average_precision": metrics.average_precision_score(judged.true, scores),
        "log_loss": metrics.log_loss(judged.true, numpy.clip(scores, 1e-16, 1 - 1e-16)),
        "brier": metrics.brier_score_loss(judged.true, scores),
    }
    assert point(judged) == pytest.approx(expected)


def test_measures_of_five_classes_are_averages_over_them() -> None:
    """Each class counts alike, as with average="macro"."""
    judged = five_classes(400)
    expected = {
        "f1": metrics.f1_score(judged.true, judged.predicted, average="macro"),
        "precision": metrics.precision_score(judged.true, judged.predicted, average="macro"),
        "recall": metrics.recall_score(judged.true, judged.predicted, average="macro"),
        "mcc": metrics.matthews_corrcoef(judged.true, judged.predicted),
        "roc_auc": metrics.roc_auc_score(judged.true, judged.probabilities, multi_class="ovr"),
        "log_loss": metrics.log_loss(judged.true, judged.probabilities),
    }
    found = point(judged)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["brier"] <= 1


def test_a_class_that_was_predicted_counts_in_all_averages() -> None:
    """Though no row is of it, as in scikit-learn; but for balanced accuracy, there as here."""
    judged = Classified(numpy.array([0, 0, 1, 1]), numpy.array([0, 2, 1, 1]), None, 3)
    sure = {"average": "macro", "zero_division": 0}
    expected = {
        "f1": metrics.f1_score(judged.true, judged.predicted, **sure),
        "precision": metrics.precision_score(judged.true, judged.predicted, **sure),
        "recall": metrics.recall_score(judged.true, judged.predicted, **sure),
    }
    found = point(judged)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert expected["recall"] == 0.5 and found["balanced_accuracy"] == 0.75


def test_measures_of_numbers_are_those_of_scikit_learn() -> None:
    """The median of an even number of rows is the mean of the two in the middle."""
    judged = numbers(200)
    expected = {
        "rmse": metrics.root_mean_squared_error(judged.true, judged.predicted),
        "mae": metrics.mean_absolute_error(judged.true, judged.predicted),
        "median_ae": metrics.median_absolute_error(judged.true, judged.predicted),
        "mape": metrics.mean_absolute_percentage_error(judged.true, judged.predicted),
        "r2": metrics.r2_score(judged.true, judged.predicted),
        "bias": numpy.mean(judged.predicted - judged.true),
    }
    assert point(judged) == pytest.approx(expected)


@pytest.mark.parametrize("judged", [two_classes(60), five_classes(60), numbers(60)], ids=["two", "five", "numbers"])
def test_weights_are_repetitions_of_rows(judged: Classified | Regressed) -> None:
    """A resample's measure is the measure of the rows that are in it, as often as they are."""
    drawn = numpy.random.default_rng(6).integers(60, size=(4, 60))
    weights = numpy.array([numpy.bincount(each, minlength=60) for each in drawn], dtype=float)
    found = judged.measure(weights)
    for number, each in enumerate(drawn):
        repeated = point(judged.part(each, label_only=False))
        assert {name: values[number] for name, values in found.items()} == pytest.approx(repeated, nan_ok=True)


def test_every_measure_has_a_name() -> None:
    """What is measured is what the table of measures names, kind by kind."""
    classes = {name for name, each in MEASURES.items() if each.kind == "classification"}
    assert set(point(two_classes(50))) == set(point(five_classes(200))) == classes
    assert set(point(numbers(50))) == set(MEASURES) - classes


def test_a_share_of_nothing_does_not_exist() -> None:
    """Nothing flagged has no precision; without a row of the positive class there is no recall, F1 or ranking."""
    truth = numpy.array([0, 0, 1, 1])
    never = point(Classified(truth, numpy.zeros(4, dtype=int), None, 2, 1))
    assert numpy.isnan(never["precision"]) and never["recall"] == never["f1"] == never["mcc"] == 0
    given = numpy.full((4, 2), 0.5)
    nobody = point(Classified(numpy.zeros(4, dtype=int), truth, given, 2, 1))
    assert all(numpy.isnan(nobody[name]) for name in ("recall", "f1", "roc_auc", "average_precision"))
    assert nobody["precision"] == 0


def test_no_percentage_of_zero() -> None:
    """Where a true value is 0 there is no percentage error, and of equal true values no share that is explained."""
    assert "mape" not in point(Regressed(numpy.array([0.0, 1.0]), numpy.array([1.0, 1.0])))
    assert numpy.isnan(point(Regressed(numpy.ones(3), numpy.arange(3.0)))["r2"])


def test_log_loss_is_finite() -> None:
    """A row of which the model was sure that it is otherwise counts much, and not for ever."""
    judged = Classified(numpy.array([1, 0]), numpy.array([0, 0]), numpy.array([[1.0, 0.0], [1.0, 0.0]]), 2, 1)
    assert 15 < point(judged)["log_loss"] < 20


def test_intervals_hold_their_estimates() -> None:
    """Each measure lies in its interval, if it has one, and equal requests have equal intervals."""
    for judged in (two_classes(200), five_classes(200), numbers(200)):
        resampling = Resampling(200, 200, seed=1)
        found = resampling.estimates(judged)
        known = {name: each for name, each in found.items() if numpy.isfinite(each.low)}
        assert all(each.low <= each.value <= each.high for each in known.values())
        # Of numbers around 0, no more can be said of a percentage than what it is here.
        assert set(found) - set(known) <= {"mape"}
        again, other = resampling.estimates(judged), Resampling(200, 200, seed=2).estimates(judged)
        # As texts, as an end that is no number equals none.
        assert str(found) == str(again) != str(other)
        assert all(isinstance(each, Estimate) for each in found.values())
