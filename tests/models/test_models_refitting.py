"""Steps fitted anew: the same model where the rows are the same, and a reason where it would be another."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from noteship import models
from noteship.models.composing import compose
from noteship.models.loading import Step

from .conftest import letters, patients

SEED = 7


def composed(inputs: tuple[str, ...], values: Any, raw: pandas.DataFrame) -> models.Composition:
    return compose(inputs, [Step(f"step{number}", value) for number, value in enumerate(values)], raw)


def refitted(composition: models.Composition, raw: pandas.DataFrame, target: Any) -> models.Composition:
    made = models.refit(composition, raw, pandas.Series(target), SEED)
    assert isinstance(made, models.Composition), made
    return made


def refused(composition: models.Composition, raw: pandas.DataFrame, target: Any) -> models.NotRefitted:
    made = models.refit(composition, raw, pandas.Series(target), SEED)
    assert isinstance(made, models.NotRefitted)
    return made


def whole() -> pandas.DataFrame:
    return patients().dropna().reset_index(drop=True)


def test_the_same_rows_give_the_same_model(made: Any) -> None:
    """Whatever the steps and the forms in which they are handed their input, the notebooks' model comes out."""
    composition = composed(made.inputs, made.steps, made.raw)
    before = [step.value for step in composition.steps]
    target = made.raw["label" if "label" in made.raw else "ill"]
    again = refitted(composition, made.raw, target)
    assert numpy.allclose(again.score(made.raw).probabilities, made.probabilities, atol=1e-9)
    assert all(new.value is not old for new, old in zip(again.steps, before, strict=True))
    assert numpy.allclose(composition.score(made.raw).probabilities, made.probabilities, atol=1e-9)


def test_rows_that_are_left_out_are_not_known() -> None:
    """What is fitted on other rows gives other answers, and rows without an answer are no rows of the fit."""
    raw = pandas.DataFrame({"x": numpy.arange(80.0), "y": numpy.arange(80.0) * 3})
    composition = composed(("x",), [KNeighborsRegressor(1).fit(raw[["x"]], raw.y)], raw)
    made = refitted(composition, raw[::2], raw.y[::2])
    answers = made.score(raw).predictions
    assert (answers[::2] == raw.y[::2]).all() and (answers[1::2] != raw.y[1::2]).all()
    partly = raw.y.where(raw.x % 2 == 0)
    assert (refitted(composition, raw, partly).score(raw).predictions == answers).all()


def test_what_has_no_seed_is_given_one() -> None:
    """Models that draw at random come out equal every time, those within a pipeline too."""
    raw = whole()
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(5)).fit(raw[["age", "dose"]], raw.ill)
    composition = composed(("age", "dose"), [forest], raw)
    first, second = (refitted(composition, raw, raw.ill).score(raw).probabilities for _ in range(2))
    assert (first == second).all()
    assert forest[-1].random_state is None


def test_labels_are_given_as_the_codes_that_the_model_was_fitted_on() -> None:
    """An encoder at the end stays, and the model before it learns its codes."""
    raw = whole()
    raw["said"] = numpy.where(raw.ill == 1, "yes", "no")
    encoder = LabelEncoder().fit(raw.said)
    model = LogisticRegression(max_iter=5000).fit(raw[["age", "dose"]], encoder.transform(raw.said))
    composition = composed(("age", "dose"), [model, encoder], raw)
    made = refitted(composition, raw, raw.said)
    assert made.predictor.classes == ("no", "yes") and made.steps[-1].value is encoder
    assert (made.score(raw).predictions == composition.score(raw).predictions).all()


@pytest.mark.parametrize("answers", [{0: "ham", 1: "spam"}, {0: False, 1: True}, {0: "b", 1: "a"}])
def test_answers_by_other_names_are_found_out_by_the_predictions(answers: dict[int, Any]) -> None:
    """A model that was fitted on 0 and 1 keeps them where the raw rows have words for them."""
    raw = whole()
    composition = composed(("age", "dose"), [LogisticRegression(max_iter=5000).fit(raw[["age", "dose"]], raw.ill)], raw)
    made = refitted(composition, raw, raw.ill.map(answers))
    assert made.predictor.classes == (0, 1)
    assert (made.score(raw).predictions == composition.score(raw).predictions).all()


def test_a_search_is_not_repeated() -> None:
    """Of a search over parameters the model that it found is fitted, once."""
    raw = whole()
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=3)
    model = make_pipeline(StandardScaler(), search).fit(raw[["age", "dose"]], raw.ill)
    composition = composed(("age", "dose"), [model], raw)
    made = refitted(composition, raw, raw.ill)
    assert isinstance(made.steps[0].value[-1], DecisionTreeClassifier)
    assert (made.score(raw).predictions == composition.score(raw).predictions).all()


@pytest.mark.parametrize("encoder", [OneHotEncoder(), OrdinalEncoder()])
def test_a_category_of_rows_that_were_left_out_is_taken(encoder: Any) -> None:
    """Encoders that refuse what they have not seen take it when they are fitted without some of the rows."""
    raw = whole()
    raw.loc[3, "ward"] = "the only one"
    model = make_pipeline(encoder, LogisticRegression()).fit(raw[["ward"]], raw.ill)
    composition = composed(("ward",), [model], raw)
    made = refitted(composition, raw.drop(index=3), raw.ill.drop(index=3))
    assert len(made.score(raw)) == len(raw)
    assert encoder.handle_unknown == "error"


def test_steps_that_look_at_answers_are_given_them() -> None:
    """A step before the last one may be fitted on answers, and need not take any."""
    raw = whole()
    chosen = make_pipeline(StandardScaler(), SelectKBest(k=1)).fit(raw[["age", "dose"]].to_numpy(), raw.ill)
    features = chosen.transform(raw[["age", "dose"]].to_numpy())
    composition = composed(("age", "dose"), [chosen, LogisticRegression().fit(features, raw.ill)], raw)
    made = refitted(composition, raw, raw.ill)
    assert made.steps[0].value is not chosen
    assert (made.score(raw).predictions == composition.score(raw).predictions).all()


def test_steps_whose_columns_would_be_others_stay() -> None:
    """Where the last step knows its columns by words that fewer rows do not hold, only it is fitted anew."""
    raw = letters()
    raw.loc[0, "text"] = "unheard dear madam"
    words = CountVectorizer().fit(raw.text)
    table = pandas.DataFrame(words.transform(raw.text).toarray(), columns=words.get_feature_names_out())
    composition = composed(("text",), [words, LogisticRegression().fit(table, raw.label)], raw)
    made = refitted(composition, raw[1:], raw.label[1:])
    assert made.steps[0].value is words
    assert made.steps[1].value is not composition.steps[1].value


class Rule(BaseEstimator):
    """What a person wrote down."""

    def predict(self, rows: Any) -> Any:
        return (numpy.asarray(rows)[:, 0] > 50).astype(int)


def test_what_would_be_another_model_is_refused() -> None:
    """Each reason is told with its step, and without a value of a row."""
    raw = whole()
    both = raw[["age", "dose"]]
    logged = composed(("age", "dose"), [LinearRegression().fit(both, numpy.log(raw.age))], raw)
    assert "fitted on something else" in refused(logged, raw, raw.age * 1.0).why
    clusters = composed(("age", "dose"), [KMeans(2, n_init=1, random_state=0).fit(both)], raw)
    assert refused(clusters, raw, raw.ill).why == "it was fitted without answers"
    logistic = LogisticRegression(max_iter=5000).fit(both, raw.ill)
    other = composed(("age", "dose"), [logistic], raw)
    assert refused(other, raw, raw.ward).why == "the target holds other values than it predicts"
    assert refused(other, raw.head(0), raw.ill.head(0)) == models.NotRefitted(
        "step0", "fitting it again raised ValueError"
    )
    nameless = LogisticRegression(max_iter=5000).fit(both.to_numpy(), raw.ill)
    frozen = composed(("age", "dose"), [make_pipeline(StandardScaler(), FrozenEstimator(nameless)).fit(both)], raw)
    assert refused(frozen, raw, raw.ill).why == "it holds an estimator that stays as it was fitted"
    rule = composed(("age", "dose"), [Rule()], raw)
    assert refused(rule, raw, raw.age).why == "fitting it again raised AttributeError"


def test_a_list_stands_for_a_tuple() -> None:
    """Settings have lists only: where a step's own value is a tuple, it is given one; a refused one is named."""
    raw = pandas.DataFrame({"text": ["good day", "bad day", "good man", "bad man"] * 5})
    target = pandas.Series([1, 0, 1, 0] * 5)
    counts = CountVectorizer().fit(raw.text)
    composition = composed(("text",), [counts, LogisticRegression().fit(counts.transform(raw.text), target)], raw)
    made = models.refit(composition, raw, target, SEED, changes={"step0": {"ngram_range": [1, 2]}})
    assert isinstance(made, models.Composition)
    assert made.steps[0].value.ngram_range == (1, 2)
    refused = models.refit(composition, raw, target, SEED, partly=False, changes={"step1": {"C": -1.0}})
    assert refused == models.NotRefitted("step1", "its parameter 'C' must be a float in the range (0.0, inf]")


def test_a_text_stands_for_none() -> None:
    """Settings have no None: the text is one, also where the step's own value is something else."""
    raw = pandas.DataFrame({"age": [1.0, 2.0, 3.0, 4.0] * 5})
    target = pandas.Series([1, 0, 1, 0] * 5)
    composition = composed(("age",), [LogisticRegression(class_weight="balanced").fit(raw, target)], raw)
    made = models.refit(composition, raw, target, SEED, partly=False, changes={"step0": {"class_weight": "None"}})
    assert isinstance(made, models.Composition)
    assert made.steps[0].value.class_weight is None
