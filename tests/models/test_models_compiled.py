"""What has a compiled form and what has none, how it refuses and decides, and how a bundle names it."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from noteship import models
from noteship.models.compiled import CompiledScorer, NotCompiled, choose, compare, compile_scorer, words
from noteship.models.composing import compose
from noteship.models.composition import ComposedScorer
from noteship.models.describing import describe
from noteship.models.loading import Step
from noteship.models.rows import Rows

FRAME = pandas.DataFrame(
    {
        "a": [0.5, 1.5, -2.0, 3.0, 0.25, -1.0] * 10,
        "b": [1, 2, 3, 4, 5, 6] * 10,
        "ward": ["x", "y", "z"] * 20,
        "text": ["good day", "bad day", "", "good good night", "the bad", "day"] * 10,
        "y": ["p", "n"] * 30,
    }
)
FRAME["text"] += [f" word{number}" if number % 6 else "" for number in range(60)]


class OwnScaler(StandardScaler):
    """A project's class, which may do anything."""


def composed(model: Any, inputs: list[str], *more: Any, frame: pandas.DataFrame = FRAME) -> ComposedScorer:
    steps = [Step(f"step{number}.pkl", step) for number, step in enumerate((model, *more))]
    composition = compose(inputs, steps, frame)
    return ComposedScorer(describe(frame, inputs, composition.output("y")), composition)


def compiled(model: Any, inputs: list[str], *more: Any) -> CompiledScorer:
    scorer = compile_scorer(composed(model, inputs, *more))
    assert isinstance(scorer, CompiledScorer), scorer
    return scorer


NUMBERS = FRAME[["a", "b"]]


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (make_pipeline(OwnScaler(), LogisticRegression()), "the step OwnScaler"),
        (make_pipeline(PolynomialFeatures(), LogisticRegression()), "the step PolynomialFeatures"),
        (make_pipeline(FunctionTransformer(numpy.abs), LogisticRegression()), "the step FunctionTransformer"),
        (make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()), "with set_output"),
        (KNeighborsClassifier(), "the model KNeighborsClassifier"),
        (VotingClassifier([("l", LogisticRegression())]), "the model VotingClassifier"),
        (GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()), "that starts from another model"),
    ],
    ids=str,
)
def test_what_is_not_known_exactly_is_not_compiled(model: Any, why: str) -> None:
    """A class of the project, an unknown step or an unknown model is left to scikit-learn, with the reason in words."""
    found = compile_scorer(composed(model.fit(NUMBERS, FRAME.y), ["a", "b"]))
    assert isinstance(found, NotCompiled)
    assert why in found.why


def test_single_precision_is_left_to_scikit_learn() -> None:
    """A model fitted on float32 computes in it, but for trees, which compare in it anyway."""
    frame = FRAME.astype({"a": "float32"})[["a", "y"]]
    linear = composed(LogisticRegression().fit(frame[["a"]], frame.y), ["a"], frame=frame)
    assert compile_scorer(linear) == NotCompiled("columns in single precision")
    forest = composed(RandomForestClassifier(3, random_state=0).fit(frame[["a"]], frame.y), ["a"], frame=frame)
    found = compile_scorer(forest)
    assert isinstance(found, CompiledScorer)
    assert compare(forest, found, forest.signature.conform(frame)).is_same


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, 1e300], ids=str)
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(Normalizer(), RandomForestClassifier(3)),
        GradientBoostingClassifier(n_estimators=2),
        RandomForestClassifier(3, random_state=0),
        LinearRegression(),
    ],
    ids=str,
)
def test_rows_are_refused_as_scikit_learn_refuses_them(model: Any, value: float) -> None:
    """A null, an infinity or a number beyond the trees' precision raises what it raises there, or gives the same."""
    target = FRAME.b if isinstance(model, LinearRegression) else FRAME.y
    scorer = compiled(model.fit(NUMBERS, target), ["a", "b"])
    rows = Rows.of_frame(scorer.signature, pandas.DataFrame({"a": [0.5, value], "b": [1, 2]}))
    try:
        expected = scorer.plain.score(rows.frame).predictions.tolist()
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:30].replace("(", r"\(")):
            scorer.score_rows(rows)
    else:
        assert scorer.score_rows(rows).predictions.tolist() == expected


def test_an_unknown_category_is_refused_where_the_encoder_refuses_it() -> None:
    """The plain scorer raises its own error; where unknown ones are ignored, they give zeros."""
    for told in ("error", "ignore"):
        columns = ColumnTransformer([("c", OneHotEncoder(handle_unknown=told), ["ward"])], remainder="passthrough")
        model = make_pipeline(columns, LogisticRegression()).fit(FRAME[["ward", "a"]], FRAME.y)
        scorer = compiled(model, ["ward", "a"])
        rows = pandas.DataFrame({"ward": ["x", "unheard"], "a": [1.0, 2.0]})
        if told == "error":
            with pytest.raises(ValueError, match="unknown categories"):
                scorer.score(scorer.signature.conform(rows))
        else:
            given = scorer.score(scorer.signature.conform(rows)).probabilities
            numpy.testing.assert_allclose(given, model.predict_proba(rows), atol=1e-14)


def test_ties_are_decided_as_scikit_learn_decides_them() -> None:
    """A row within rounding of a tie is left to the plain scorer, alone; exact ties of votes go to the first class."""
    model = LinearishTie.fitted()
    scorer = compiled(model, ["a", "b"])
    frame = scorer.signature.conform(pandas.DataFrame({"a": [1.0, 2.0, 0.0], "b": [1, 1, 0]}))
    _, left = scorer.attempt(Rows.of_frame(scorer.signature, frame))
    assert left == [0]
    assert scorer.score(frame).predictions.tolist() == scorer.plain.score(frame).predictions.tolist()
    even = RandomForestClassifier(2, max_depth=1, random_state=3).fit(NUMBERS, FRAME.y)
    forest = compiled(even, ["a", "b"])
    rows = forest.signature.conform(FRAME)
    assert forest.score(rows).predictions.tolist() == forest.plain.score(rows).predictions.tolist()
    assert numpy.array_equal(forest.score(rows).probabilities, forest.plain.score(rows).probabilities)


class LinearishTie:
    """A logistic regression whose scores of rows with a == b are zero up to rounding."""

    @staticmethod
    def fitted() -> LogisticRegression:
        model = LogisticRegression().fit(NUMBERS.to_numpy(), FRAME.y)
        model.coef_ = numpy.array([[0.1, -0.1]])
        model.intercept_ = numpy.array([0.0])
        return model


def test_label_encoders_and_separate_steps() -> None:
    """Steps saved one by one, with the labels' encoder behind the model, give labels of the same type."""
    encoder = LabelEncoder().fit(FRAME.y)
    scaler = StandardScaler().fit(NUMBERS)
    model = LogisticRegression().fit(scaler.transform(NUMBERS), encoder.transform(FRAME.y))
    scorer = compiled(scaler, ["a", "b"], model, encoder)
    rows = scorer.signature.conform(FRAME)
    given, expected = scorer.score(rows), scorer.plain.score(rows)
    assert given.predictions.dtype == expected.predictions.dtype
    assert given.predictions.tolist() == expected.predictions.tolist()
    assert given.classes == ("n", "p")


def test_long_batches_are_scored_by_scikit_learn() -> None:
    """With thousands of rows it is as quick, and the answers are the same."""
    scorer = compiled(make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, FRAME.y), ["a", "b"])
    many = scorer.signature.conform(pandas.concat([FRAME] * 80, ignore_index=True))
    scores = scorer.score(many)
    assert len(scores) == 4800
    assert scores.predictions.tolist() == scorer.plain.score(many).predictions.tolist()


def test_hashes_are_kept_for_a_bounded_number_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is emptied when it is full, long tokens are never kept, and threads may share it."""
    monkeypatch.setattr(words, "CACHED_TOKENS", 20)
    model = make_pipeline(HashingVectorizer(n_features=64), LogisticRegression()).fit(FRAME.text, FRAME.y)
    scorer = compiled(model, ["text"])
    texts = [" ".join(f"w{number}x{place}" for place in range(9)) + " " + "l" * 100 for number in range(60)]
    frame = scorer.signature.conform(pandas.DataFrame({"text": texts}))
    expected = scorer.plain.score(frame).probabilities
    failures: list[Any] = []

    def score() -> None:
        for _ in range(5):
            given = scorer.score_rows(Rows.of_frame(scorer.signature, frame)).probabilities
            if not numpy.array_equal(given, expected):
                failures.append(given)

    threads = [threading.Thread(target=score) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    cache = scorer._program._operations[0][0].codes.__self__  # type: ignore[attr-defined]
    assert len(cache) <= 20 + len(threads)
    assert max(map(len, cache)) <= words.CACHED_LENGTH


def test_a_compiled_form_that_differs_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison on the raw rows has the last word, and its reason names how many rows differ."""
    scorer = composed(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(FRAME.text, FRAME.y), ["text"])
    good = choose(scorer, FRAME)
    assert good.part == {"form": "text-linear", "version": 1}
    assert (good.report["rows"], good.report["labels_differ"]) == (60, 0)
    assert good.report["largest"] < 1e-12
    original = words._Words.__call__

    def wrong(self: Any, rows: Rows) -> Any:
        found, told = original(self, rows)
        return found.with_values(found.values * 1.5 + found.columns), told

    monkeypatch.setattr(words._Words, "__call__", wrong)
    bad = choose(scorer, FRAME)
    assert bad.part["form"] is None
    assert "of 60 rows got something else" in bad.part["why"]


def test_rows_that_the_model_refuses_are_no_difference() -> None:
    """Rows with nulls that scikit-learn refuses are refused in compiled form too, and counted as left aside."""
    frame = FRAME.assign(a=FRAME.a.where(FRAME.index != 50))
    scorer = composed(LogisticRegression().fit(NUMBERS, FRAME.y), ["a", "b"], frame=frame)
    found = choose(scorer, frame)
    assert found.part["form"] == "linear"
    assert (found.report["aside"], found.report["labels_differ"]) == (60, 0)


def test_a_single_row_of_a_forest_is_equal_bit_by_bit() -> None:
    """Votes are added up tree by tree, whatever the number of rows."""
    model = RandomForestClassifier(101, max_depth=3, random_state=1).fit(NUMBERS, FRAME.index % 3)
    frame = FRAME.assign(y=FRAME.index % 3)
    plain = composed(model, ["a", "b"], frame=frame)
    scorer = compile_scorer(plain)
    assert isinstance(scorer, CompiledScorer)
    for place in range(6):
        row = plain.signature.conform(frame.iloc[[place]])
        assert numpy.array_equal(scorer.score(row).probabilities, plain.score(row).probabilities)


def request(made: Any, root: Path, **fields: Any) -> models.BuildRequest:
    steps = tuple(f"step{number}.pkl" for number in range(len(made.steps)))
    told = {"root": str(root), "name": "m", "steps": steps, "data": "raw.parquet", "inputs": made.inputs}
    return models.BuildRequest(**{**told, "output": str(root / "bundle"), **fields})  # type: ignore[arg-type]


def test_a_bundle_names_its_compiled_form_and_is_loaded_in_it(made: Any, saved: Any) -> None:
    """The description holds the form or why there is none; a loader compiles anew, and serves older bundles plainly."""
    root = saved(made)
    built = models.build(request(made, root))
    bundle = models.read(root / "bundle", "d")
    part = bundle.parts["compiled"]
    assert json.loads((root / "bundle" / "bundle.json").read_text())["parts"]["compiled"] == part
    scorer = models.load(bundle, models.Trust())
    assert isinstance(scorer, CompiledScorer) == bool(part["form"])
    if part["form"]:
        assert built.compiled["form"] == part["form"]
        assert built.compiled["rows"] == len(made.raw)
    else:
        assert part["why"] == "the column ward as a number"
    assert isinstance(models.load(replace(bundle, parts={}), models.Trust()), ComposedScorer)
    scores = scorer.score(scorer.signature.conform(made.raw))
    numpy.testing.assert_allclose(scores.probabilities, made.probabilities, atol=1e-12)


def test_a_form_that_cannot_be_made_here_is_said(
    mail: Any, saved: Any, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    """Where the steps do not compile at load, scikit-learn serves, and a warning says so."""
    root = saved(mail)
    models.build(request(mail, root))
    monkeypatch.setattr("noteship.models.opening.compile_scorer", lambda plain: NotCompiled("the step Newer"))
    with caplog.at_level(logging.WARNING):
        scorer = models.load(models.read(root / "bundle", "d"), models.Trust())
    assert isinstance(scorer, ComposedScorer)
    assert "the step Newer" in caplog.text
