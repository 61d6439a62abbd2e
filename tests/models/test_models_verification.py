"""What the notebooks stored must be reproduced, or the message says where it is not."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from noteship.models import errors
from noteship.models.composing import compose, compositions
from noteship.models.handing import needed_names
from noteship.models.loading import Step
from noteship.models.verification import Differs, NotChecked, Stored, Verified, raise_difference, verify


@pytest.fixture
def composition(mail: Any) -> Any:
    """The text project's steps, composed."""
    return compose(mail.inputs, [Step(f"step{n}.pkl", value) for n, value in enumerate(mail.steps)], mail.raw)


def features(mail: Any) -> pandas.DataFrame:
    """The features as a notebook stores them."""
    return pandas.DataFrame(mail.features).add_prefix("h")


def check(composition: Any, mail: Any, table: pandas.DataFrame, kind: Any) -> Any:
    """The finding for one stored table."""
    return verify(composition, mail.raw, Stored("t.parquet", table, kind, "03.ipynb, cell 5"), "label")


def test_rows_are_joined_by_key_index_or_order(composition: Any, mail: Any) -> None:
    """A shuffled part with a key, a part that kept its index, and all rows in order are all compared."""
    table = features(mail)
    part = table.assign(id=mail.raw.id).sample(50, random_state=1)
    by_key = check(composition, mail, part.reset_index(drop=True), "features")
    by_index = check(composition, mail, table.sample(50, random_state=2), "features")
    in_order = check(composition, mail, table, "features")
    assert [found.how for found in (by_key, by_index, in_order)] == ["by column id", "by index", "in order"]
    assert [found.rows for found in (by_key, by_index, in_order)] == [50, 50, len(mail.raw)]


def test_a_part_without_key_or_index_is_not_compared(composition: Any, mail: Any) -> None:
    """No rows are guessed to be the same."""
    part = features(mail).sample(50, random_state=1).reset_index(drop=True)
    assert isinstance(check(composition, mail, part, "features"), NotChecked)


def test_an_order_that_the_target_contradicts_is_not_taken(composition: Any, mail: Any) -> None:
    """Equal length alone is no order when the labels disagree."""
    shuffled = features(mail).assign(label=mail.raw.label).sample(frac=1, random_state=1).reset_index(drop=True)
    found = check(composition, mail, shuffled, "features")
    assert isinstance(found, NotChecked) and "neither a key" in found.reason


def test_changed_features_are_named_with_row_and_cell(composition: Any, mail: Any) -> None:
    """The columns that differ, by how much, the first row, and the cell that made them."""
    column = f"h{numpy.flatnonzero(mail.features.any(axis=0))[0]}"
    table = features(mail)
    table.loc[table.index[5:], column] += 0.25
    found = check(composition, mail, table, "features")
    assert isinstance(found, Differs)
    assert found.columns == (column,) and found.row == 5
    with pytest.raises(errors.DoesNotReproduce, match=r"03\.ipynb, cell 5") as raised:
        raise_difference([found])
    assert column in str(raised.value) and "up to 0.25 in 115 of 120 rows" in str(raised.value)


def test_predictions_and_probabilities_are_found_by_their_names(composition: Any, mail: Any) -> None:
    """Labels must be equal, probabilities within 1e-6, or within what they were rounded to."""
    table = pandas.DataFrame(
        {"y_true": mail.raw.label, "y_pred": mail.predictions, "p_spam": mail.probabilities[:, 1].round(4)}
    )
    assert isinstance(check(composition, mail, table, "predictions"), Verified)
    wrong = table.assign(p_spam=table.p_spam + 0.001)
    assert check(composition, mail, wrong, "predictions").columns == ("p_spam",)
    flipped = table.assign(y_pred=numpy.where(table.index == 7, "nobody", table.y_pred))
    assert isinstance(check(composition, mail, flipped, "predictions"), Verified), "another vocabulary is no prediction"
    swapped = table.assign(y_pred=table.y_pred.map({"spam": "ham", "ham": "spam"}))
    assert check(composition, mail, swapped, "predictions").columns == ("y_pred",)


def test_a_stranger_is_no_counterpart(composition: Any, mail: Any) -> None:
    """A table of other columns is not checked; one of unknown kind that differs is not either."""
    other = pandas.DataFrame({"length": mail.raw.text.str.len()})
    assert isinstance(check(composition, mail, other, None), NotChecked)
    assert isinstance(check(composition, mail, features(mail) + 1, None), NotChecked)
    assert isinstance(check(composition, mail, features(mail), None), Verified)


def test_regressions_compare_numbers() -> None:
    """A regression's predictions are found by name and compared as numbers."""
    rng = numpy.random.default_rng(0)
    raw = pandas.DataFrame({"a": rng.normal(size=50), "b": rng.normal(size=50)}).assign(y=lambda f: f.a * 2 + f.b)
    scaler = StandardScaler().fit(raw[["a", "b"]].to_numpy())
    model = LinearRegression().fit(scaler.transform(raw[["a", "b"]].to_numpy()), raw.y)
    composition = compose(["a", "b"], [Step("s", scaler), Step("m", model)], raw)
    predicted = model.predict(scaler.transform(raw[["a", "b"]].to_numpy()))
    table = pandas.DataFrame({"y": raw.y, "predicted": predicted, "residual": raw.y - predicted})
    found = verify(composition, raw, Stored("p.csv", table, "predictions"), "y")
    assert isinstance(found, Verified) and found.difference < 1e-12


def test_a_vectoriser_takes_one_column_of_several(mail: Any) -> None:
    """A text step is handed the text column, one-dimensional, also where there are other inputs."""
    raw = mail.raw.assign(size=mail.raw.text.str.len())
    found = compose(["size", "text"], [Step("v", mail.steps[0]), Step("m", mail.steps[1])], raw)
    assert found.handings[0].to_json() == {"form": "column", "column": "text"}


def test_a_failure_names_its_step(mail: Any) -> None:
    """An error of a step has a note of the step and, where it is known, the column; its own words stay in it."""
    found = compose(["text"], [Step("v.pkl", mail.steps[0]), Step("m.pkl", mail.steps[1])], mail.raw)
    with pytest.raises(AttributeError) as caught:
        found.score(mail.raw.assign(text=7))
    assert caught.value.__notes__ == ["in step 'v.pkl', column 'text'"]
    found.predictor.model = None
    with pytest.raises(AttributeError) as caught:
        found.score(mail.raw)
    assert caught.value.__notes__ == ["in step 'm.pkl'"]


def test_every_way_that_fits_is_offered(mail: Any) -> None:
    """Where a sparse and a dense form both work, both are there to be compared."""
    steps = [Step("v", mail.steps[0]), Step("m", mail.steps[1])]
    forms = [way.handings[1].form for way in compositions(["text"], steps, mail.raw)]
    assert forms == ["output", "dense"]


def test_columns_that_nothing_gives_are_named(mail: Any) -> None:
    """A model fitted with a column made in plain pandas says which."""
    raw = mail.raw.assign(size=1.0, words=2.0)
    model = LogisticRegression().fit(raw[["size", "words"]], raw.label)
    with pytest.raises(errors.MissingFeatures, match="words") as raised:
        compose(["text", "size"], [Step("model.sav", model)], raw)
    assert raised.value.missing == ("words",)


def test_steps_that_do_not_fit_say_what_they_were_given(mail: Any) -> None:
    """The message names the step and what came from the one before."""
    model = LogisticRegression().fit(mail.features[:, :10], mail.raw.label)
    with pytest.raises(errors.StepsDoNotFit, match="64 columns from v"):
        compose(["text"], [Step("v", mail.steps[0]), Step("model.sav", model)], mail.raw)


@pytest.mark.parametrize("order", [(), (0,), (1, 0), (1, 1)])
def test_steps_out_of_their_roles_are_told(mail: Any, order: tuple[int, ...]) -> None:
    """Transformers come first, a model last."""
    steps = [Step(f"s{number}", mail.steps[number]) for number in order]
    with pytest.raises((errors.NotAStep, errors.StepOutOfPlace)) as raised:
        compose(["text"], steps, mail.raw)
    assert "neither transforms nor predicts" not in str(raised.value) or not order


def test_the_inputs_that_no_step_takes_are_known(mail: Any) -> None:
    """A step that picks its columns leaves the others unused; a function may use any of them."""
    raw = mail.raw.assign(size=1.0)
    columns = ColumnTransformer([("t", HashingVectorizer(n_features=8), "text"), ("d", "drop", ["size"])])
    model = make_pipeline(columns, LogisticRegression()).fit(raw[["text", "size"]], raw.label)
    step = Step("model.sav", model)
    assert compose(["id", "text", "size"], [step], raw).unused == ("id", "size")
    assert compose(["text"], [step], raw).unused == ()
    assert compose(["id", "text", "size"], [Step("f:same", lambda frame: frame), step], raw).unused == ()


def test_a_column_by_its_place_alone_is_a_column(mail: Any) -> None:
    """A ColumnTransformer that hands a vectoriser one column by its number needs that column."""
    columns = ColumnTransformer([("t", HashingVectorizer(n_features=8), 0)]).fit(mail.raw[["text", "label"]])
    assert needed_names(columns) == ("text",)


def test_missing_inputs_are_told(mail: Any) -> None:
    """Inputs are columns of the raw rows."""
    with pytest.raises(errors.MissingColumns, match="txt"):
        compose(["txt"], [Step("m", mail.steps[1])], mail.raw)


def test_predictions_may_be_named_as_the_target(composition: Any, mail: Any) -> None:
    """A submission's one column is the predictions, unless it only repeats the target."""
    other = numpy.where(mail.predictions == "spam", "ham", "spam")
    table = pandas.DataFrame({"id": mail.raw.id, "label": mail.predictions})
    raw = mail.raw.assign(label=other)
    found = verify(composition, raw, Stored("s.csv", table, "predictions"), "label")
    assert isinstance(found, Verified) and found.how == "by column id"
    wrong = verify(composition, raw, Stored("s.csv", table.assign(label=["ham"] * len(table)), "predictions"), "label")
    assert isinstance(wrong, Differs) and wrong.columns == ("label",)
    truth = check(composition, mail, mail.raw[["id", "label"]], "predictions")
    assert isinstance(truth, NotChecked) and "what is known of the target" in truth.reason
    unknown = mail.raw.drop(columns="label")
    assert isinstance(verify(composition, unknown, Stored("s.csv", table, "predictions"), "label"), Verified)


def test_the_reason_names_what_keeps_rows_apart(composition: Any, mail: Any) -> None:
    """Ids of other rows, and a target that disagrees, are told as such."""
    foreign = pandas.DataFrame({"id": "x" + mail.raw.id, "label": mail.predictions})
    found = check(composition, mail, foreign, "predictions")
    assert isinstance(found, NotChecked) and "joined by column id they have no row in common" in found.reason
    swapped = features(mail).assign(id=mail.raw.id, label=mail.raw.label.map({"spam": "ham", "ham": "spam"}))
    found = check(composition, mail, swapped, "features")
    assert isinstance(found, NotChecked) and "by column id their values of label are not the same" in found.reason
