"""A bundle that is worse than its clone is found, though it may know the held-out rows by heart."""

from __future__ import annotations

from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from noteship.validation.holdout import Holdout
from noteship.validation.judgement import Judgement
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.paired import LEVEL
from noteship.validation.swapping import compare_by
from validation.validated_bundles import make

COLUMNS = [f"x{number}" for number in range(12)]


def rows(count: int, seed: int = 0) -> pandas.DataFrame:
    """Two columns of twelve tell the answer."""
    random = numpy.random.default_rng(seed)
    raw = pandas.DataFrame(random.normal(size=(count, len(COLUMNS))), columns=COLUMNS)
    chance = 1 / (1 + numpy.exp(-3 * raw.x0 - 2 * raw.x1))
    raw["label"] = numpy.where(random.random(count) < chance, "yes", "no")
    raw["site"] = [f"s{number}" for number in numpy.arange(count) % 20]
    return raw


def judged(
    root: Path,
    raw: pandas.DataFrame,
    *wrecked: str,
    holdout: Holdout | None = None,
    answers: pandas.Series | None = None,  # type: ignore[type-arg]
) -> Judgement:
    """A full tree fitted on all rows, or on other answers, in which the values of some columns had been mixed up."""
    random = numpy.random.default_rng(1)
    given = raw[COLUMNS].copy()
    for name in wrecked:
        given[name] = random.permutation(given[name].to_numpy())
    model = DecisionTreeClassifier(random_state=0).fit(given.to_numpy(), raw.label if answers is None else answers)
    return make(root, raw, COLUMNS, [model]).judge(holdout or Holdout(), metric="accuracy")


def test_a_wrecked_bundle_that_knows_the_rows_is_found(tmp_path: Path) -> None:
    """It is better than its clone on the held-out rows, and far worse on the same rows changed a little."""
    found = judged(tmp_path, rows(1_500), "x0", "x1")
    given = found.agreement
    assert given is not None and given.changed is not None and given.difference is not None
    assert given.difference.value > 0 and given.changed[0] < given.changed[1] - 0.05
    assert given.is_worse and given.p < LEVEL and "worse than its clone" in found.failures[-1]


def test_a_bundle_that_knows_the_rows_is_told_as_such(tmp_path: Path) -> None:
    """One that is as it should be is not called worse; that it was fitted on the held-out rows is noted."""
    found = judged(tmp_path, rows(600))
    given = found.agreement
    assert given is not None and given.knows and not given.is_worse and given.is_testable
    assert given.difference is not None and given.difference.low > 0
    assert any("it was fitted on them" in note for note in found.notes)


def test_of_few_groups_rows_are_tested(tmp_path: Path) -> None:
    """Of four sites no test by sites could find anything: rows are tested, and the judgement says so."""
    found = judged(tmp_path, rows(400), holdout=Holdout(by="group", column="site"))
    assert found.split.groups == (4, 20)
    assert found.agreement is not None and not found.agreement.is_testable and not found.agreement.is_worse
    assert any("fewer than 8 groups" in note for note in found.notes)


def test_a_worthless_bundle_is_found_in_few_groups(tmp_path: Path) -> None:
    """One that is fitted on answers of other rows fails also where the held-out rows are of four sites."""
    raw = rows(400)
    shuffled = raw.label.sample(frac=1, random_state=1)
    found = judged(tmp_path, raw, answers=shuffled, holdout=Holdout(by="group", column="site"))
    assert found.agreement is not None and not found.agreement.is_testable and found.agreement.is_worse


def two_classes(true: numpy.ndarray, predicted: numpy.ndarray) -> Classified:  # type: ignore[type-arg]
    return Classified(true, predicted, None, 2, 1)


def test_a_model_that_flags_nothing_is_worse_by_f1() -> None:
    """Where few rows are positive it is wrong no more often, and its F1 is 0 all the same."""
    true = numpy.arange(2_000) < 40
    flags = (numpy.arange(2_000) < 20) | ((numpy.arange(2_000) >= 40) & (numpy.arange(2_000) < 53))
    nothing, some = (two_classes(true.astype(int), each.astype(int)) for each in (true & False, flags))
    assert compare_by("accuracy", nothing, some).p_worse > 0.1
    assert compare_by("f1", nothing, some).p_worse < 0.001 < 0.5 < compare_by("f1", some, nothing).p_worse


def test_useless_probabilities_are_found_by_what_is_about_them() -> None:
    """The same answers with the same probability for each row are worse by area and log loss, not by accuracy."""
    random = numpy.random.default_rng(3)
    true = random.integers(0, 2, 300)
    score = 1 / (1 + numpy.exp(-random.normal(2.0 * true - 1, 1)))
    flat = numpy.where(score > 0.5, 0.51, 0.49)
    good, bad = (Classified(true, (each > 0.5).astype(int), numpy.c_[1 - each, each], 2, 1) for each in (score, flat))
    assert compare_by("accuracy", bad, good).p_worse == 1
    for metric in ("roc_auc", "log_loss", "brier"):
        assert compare_by(metric, bad, good).p_worse < LEVEL


def test_numbers_are_compared_by_their_measure() -> None:
    """Larger errors are found by each measure; a shift by the mean error, in whichever direction it is."""
    random = numpy.random.default_rng(4)
    true = random.normal(10, 3, 200)
    near, far, off = (Regressed(true, true + each) for each in (random.normal(0, 1, 200), random.normal(0, 2, 200), -1))
    for metric in ("rmse", "mae", "median_ae", "r2", "mape"):
        assert compare_by(metric, far, near).p_worse < LEVEL < 0.5 < compare_by(metric, near, far).p_worse
    assert compare_by("bias", off, near).p_worse < LEVEL


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["f1", "roc_auc", "log_loss", "balanced_accuracy"])
def test_equal_models_are_called_worse_as_rarely_as_the_level_says(metric: str) -> None:
    """At 5 %, of 200 pairs of models that are alike, of 200 rows with a class of 15 %."""
    called = 0
    for seed in range(200):
        random = numpy.random.default_rng(seed)
        true = (random.random(200) < 0.15).astype(int)
        pair = []
        for _ in range(2):
            score = 1 / (1 + numpy.exp(-random.normal(2.0 * true - 2, 1.3)))
            pair.append(Classified(true, (score > 0.5).astype(int), numpy.c_[1 - score, score], 2, 1))
        called += compare_by(metric, *pair, None, seed).p_worse < 0.05
    assert called <= 20


@pytest.mark.slow
def test_bundles_that_are_as_good_are_not_called_worse(tmp_path: Path) -> None:
    """Fitted by a notebook on four fifths of its own choice, by a steady model and by one that learns by heart."""
    called = 0
    for seed in range(10):
        raw = rows(600, seed)
        some = raw.sample(frac=0.8, random_state=seed)
        for name, model in (("t", DecisionTreeClassifier(random_state=0)), ("l", LogisticRegression())):
            made = make(tmp_path / f"{name}{seed}", raw, COLUMNS, [model.fit(some[COLUMNS].to_numpy(), some.label)])
            agreement = made.judge(metric="accuracy").agreement
            called += agreement is not None and agreement.is_worse
    assert called <= 1
