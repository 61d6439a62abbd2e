"""Profiles: predictions of rows that the model has not seen, drawn and cut by the inputs' digest."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from noteship import models, monitor
from noteship.bundling import profiling
from noteship.bundling.holding_out import HeldOut, hold_out
from noteship.models.composing import compose
from noteship.models.describing import describe
from noteship.models.loading import Step

SEED = "ab" * 32


def guesses(rows: int = 300) -> pandas.DataFrame:
    """Numbers, and answers that nothing tells."""
    random = numpy.random.default_rng(5)
    return pandas.DataFrame({
        "x": random.normal(size=rows),
        "y": random.normal(size=rows),
        "size": numpy.arange(rows) * 1.0,
        "answer": random.choice(["no", "yes"], rows),
    })  # fmt: skip


def scorer_of(model: Any, raw: pandas.DataFrame, inputs: tuple[str, ...], target: str) -> models.ComposedScorer:
    composition = compose(inputs, [Step("model.pkl", model)], raw)
    return models.ComposedScorer(describe(raw, inputs, composition.output(target)), composition)


def tree(raw: pandas.DataFrame) -> models.ComposedScorer:
    model = DecisionTreeClassifier(random_state=0).fit(raw[["x", "y"]], raw.answer)
    return scorer_of(model, raw, ("x", "y"), "answer")


def profile(scorer: models.ComposedScorer, raw: pandas.DataFrame, **wanted: Any) -> models.Baseline:
    return profiling.profiler(profiling.Wanted(**{"seed": SEED, "target": "answer", **wanted}))(scorer, raw)


def held(composition: models.Composition, raw: pandas.DataFrame, target: str, places: Any = None) -> HeldOut:
    places = numpy.random.default_rng(1).permutation(len(raw)) if places is None else places
    found = hold_out(composition, raw, raw[target], places, 5, SEED)
    assert isinstance(found, HeldOut)
    return found


def test_no_row_is_predicted_by_a_model_that_has_seen_it() -> None:
    """The nearest row of a row that was seen is itself; out of fold it never is."""
    raw = guesses()
    composition = scorer_of(KNeighborsRegressor(1).fit(raw[["size"]], raw["size"]), raw, ("size",), "size").composition
    assert (composition.score(raw).predictions == raw["size"]).all()
    places = numpy.random.default_rng(2).permutation(len(raw))
    found = held(composition, raw, "size", places)
    answers, given = raw["size"].to_numpy()[places], found.scores.predictions
    assert found.fits == 5 and (given != answers).all()
    assert (numpy.abs(given - answers) < 6).all()


def test_a_model_that_knows_its_rows_by_heart_is_profiled_as_it_will_be() -> None:
    """Of its own rows a tree is always sure and right; of others it only guesses."""
    raw = guesses()
    scorer = tree(raw)
    assert (scorer.score(raw).predictions == raw.answer).all()
    places = numpy.arange(len(raw))
    found = held(scorer.composition, raw, "answer", places)
    assert 0.35 < numpy.mean(found.scores.predictions == raw.answer) < 0.65


def test_a_rare_class_keeps_its_place_among_the_probabilities() -> None:
    """A clone that has not seen a class gives it no probability."""
    raw = guesses().assign(answer=["once", *guesses().answer[1:]])
    model = LogisticRegression().fit(raw[["x", "y"]], raw.answer)
    scores = held(scorer_of(model, raw, ("x", "y"), "answer").composition, raw, "answer", numpy.arange(300)).scores
    assert scores.classes == ("no", "once", "yes")
    assert scores.probabilities is not None and scores.probabilities.shape == (300, 3)
    assert scores.probabilities[0, 1] == 0 and (scores.probabilities[1:, 1] > 0).any()
    assert numpy.allclose(scores.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(("rows", "fits"), [(60, 5), (100, 3), (200, 2), (300, 1)])
def test_more_rows_take_fewer_fits(rows: int, fits: int) -> None:
    """As many clones as it takes for each to be fitted on four fifths of all rows at least."""
    raw = guesses(rows)
    places = numpy.random.default_rng(1).permutation(rows)[:60]
    found = held(tree(raw).composition, raw, "answer", places)
    assert found.fits == fits and len(found.scores) == 60


def test_functions_are_called_once() -> None:
    """What a function makes of the rows is the same for every fit."""
    raw = guesses()
    calls = []

    def doubled(frame: pandas.DataFrame) -> pandas.DataFrame:
        calls.append(len(frame))
        return frame * 2

    model = DecisionTreeClassifier(random_state=0).fit(raw[["x", "y"]] * 2, raw.answer)
    composition = compose(("x", "y"), [Step("own:doubled", doubled), Step("model.pkl", model)], raw)
    calls.clear()
    assert held(composition, raw, "answer").kept == ()
    assert calls == [300]


def test_a_profile_says_how_it_was_made() -> None:
    """It is read as a profile, has the digest that its part says, and is the same when it is made again."""
    raw = guesses()
    made = profile(tree(raw), raw)
    told = {"rows": 300, "predictions": "out of fold", "why": "", "fits": 5, "kept": [], "uncounted": ""}
    read = monitor.Profile.from_bytes(made.profile)
    assert made.part == {"digest": read.digest, **told}
    assert [field.name for field in read.fields] == ["x", "y"] and read.encoder.layout.has_work
    assert profile(tree(raw), raw.set_index(raw.index * 0)) == made
    assert profile(tree(raw), raw, seed="cd" * 32).profile != made.profile


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"target": None}, "no [service] target is named"),
        ({"folds": 0}, "[monitor] folds = 0"),
        ({"target": "size"}, "model.pkl: the target holds other values than it predicts"),
    ],
)
def test_predictions_in_sample_are_told_with_the_reason(wanted: dict[str, Any], why: str) -> None:
    """Where nothing can be fitted anew the model's own predictions are taken."""
    raw = guesses()
    part = profile(tree(raw), raw, **wanted).part
    assert (part["predictions"], part["why"]) == ("in sample", why)


def test_work_that_no_rule_is_for_is_told() -> None:
    """The profile then has none."""
    raw = guesses()
    model = QuadraticDiscriminantAnalysis().fit(raw[["x", "y"]], raw.answer)
    made = profile(scorer_of(model, raw, ("x", "y"), "answer"), raw)
    assert made.part["uncounted"].startswith("QuadraticDiscriminantAnalysis: ")
    assert not monitor.Profile.from_bytes(made.profile).encoder.layout.has_work


def test_only_so_many_rows_are_profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more rows as many are drawn, by the seed."""
    raw = guesses()
    monkeypatch.setattr(profiling, "MOST_ROWS", 100)
    made = profile(tree(raw), raw)
    assert made.part["rows"] == 100 and made.part["fits"] == 2
    assert monitor.Profile.from_bytes(made.profile).rows.sum() == 100


def test_where_there_can_be_no_profile_the_bundle_says_so() -> None:
    """No rows, or rows that the steps do not score: the reason stands in the place of a digest."""
    raw = guesses().assign(x=lambda rows: rows.x.abs(), y=lambda rows: rows.y.abs())
    model = MultinomialNB().fit(raw[["x", "y"]], raw.answer)
    scorer = scorer_of(model, raw, ("x", "y"), "answer")
    assert profile(scorer, raw.head(0)) == models.Baseline(b"", {"why": "the data has no rows"})
    assert profile(scorer, raw.rename(columns={"x": "z"})).part == {"why": "taking it raised MissingColumns"}
