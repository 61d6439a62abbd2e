"""Compiled models give what scikit-learn gives, and count its work, for whatever is put together of known steps."""

from __future__ import annotations

import functools
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from noteship.models import work
from noteship.models.compiled import CompiledScorer, compile_scorer
from noteship.models.composing import compose
from noteship.models.composition import ComposedScorer
from noteship.models.describing import describe
from noteship.models.loading import Step
from noteship.models.rows import Rows
from noteship.models.scorer import Scores

LAW = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
WORDS = ["dear", "Madam", "the", "and", "éclair", "münster", "日本", "x1", "b", "salty"]

VECTORISERS = [
    HashingVectorizer(n_features=16),
    HashingVectorizer(n_features=2**18, ngram_range=(1, 2)),
    HashingVectorizer(n_features=8, norm="l1", alternate_sign=False),
    HashingVectorizer(n_features=8, norm=None, binary=True),
    CountVectorizer(),
    CountVectorizer(binary=True, ngram_range=(1, 2), stop_words="english"),
    CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), strip_accents="unicode"),
    CountVectorizer(lowercase=False, token_pattern=r"(?u)\b(\w)\w*"),
    TfidfVectorizer(),
    TfidfVectorizer(norm="l1", sublinear_tf=True),
    TfidfVectorizer(analyzer="char", use_idf=False, norm=None),
]
WEIGHTINGS = [None, TfidfTransformer(), TfidfTransformer(norm=None), Normalizer("max"), MaxAbsScaler()]
LINEAR = [
    LogisticRegression(),
    SGDClassifier(loss="log_loss", random_state=0),
    SGDClassifier(loss="modified_huber", random_state=0),
    SGDClassifier(random_state=0),
    LinearSVC(),
    RidgeClassifier(),
]
TREES = [
    DecisionTreeClassifier(max_depth=4, random_state=0),
    RandomForestClassifier(6, random_state=0),
    ExtraTreesClassifier(4, random_state=0),
    GradientBoostingClassifier(n_estimators=4, random_state=0),
]
SCALERS = [
    None,
    StandardScaler(),
    StandardScaler(with_std=False),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    Normalizer("l2"),
    Normalizer("max"),
    FeatureUnion([("s", StandardScaler()), ("m", MinMaxScaler())], transformer_weights={"m": 0.5}),
]
REGRESSIONS = [
    LinearRegression(),
    Ridge(),
    DecisionTreeRegressor(max_depth=4),
    RandomForestRegressor(4, random_state=0),
    GradientBoostingRegressor(n_estimators=4, random_state=0),
    HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=5),
    HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=5, loss="poisson"),
]
ENCODERS = [
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(drop="first"),
    OneHotEncoder(min_frequency=30, handle_unknown="infrequent_if_exist", sparse_output=False),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
]


def scorers(frame: pandas.DataFrame, inputs: list[str], model: Any) -> tuple[ComposedScorer, CompiledScorer]:
    """The plain and the compiled scorer of a fitted model."""
    composition = compose(inputs, [Step("model.pkl", model)], frame)
    plain = ComposedScorer(describe(frame, inputs, composition.output("y")), composition)
    compiled = compile_scorer(plain)
    assert isinstance(compiled, CompiledScorer), compiled
    return plain, compiled


def holds(frame: pandas.DataFrame, inputs: list[str], model: Any, rows: pandas.DataFrame | None = None) -> None:
    """The law: the same scores and work on the fitted rows and on others, together and alone."""
    plain, compiled = scorers(frame, inputs, model)
    encoded = plain.signature.conform(frame if rows is None else pandas.concat([frame, rows], ignore_index=True))
    attempted, left = compiled.attempt(Rows.of_frame(plain.signature, encoded))
    assert attempted is not None
    assert len(left) <= len(encoded) // 4
    whole, expected = compiled.score(encoded), plain.score(encoded)
    counted = works(plain, compiled, encoded, attempted)
    assert whole.predictions.dtype == expected.predictions.dtype
    assert whole.classes == expected.classes
    if expected.classes:
        assert whole.predictions.tolist() == expected.predictions.tolist()
    else:
        numpy.testing.assert_allclose(whole.predictions, expected.predictions, rtol=1e-12)
    if expected.probabilities is not None:
        numpy.testing.assert_allclose(whole.probabilities, expected.probabilities, rtol=0, atol=1e-12)
    for place in range(0, len(encoded), 29):
        alone = compiled.score_rows(Rows.of_frame(plain.signature, encoded.iloc[[place]]))
        if alone.trace is not None:
            assert compiled.work(Rows.of_frame(plain.signature, encoded.iloc[[place]]), alone.trace) == counted[place]
        if expected.classes:
            assert alone.predictions[0] == whole.predictions[place]
        else:
            assert alone.predictions[0] == pytest.approx(whole.predictions[place], rel=1e-12)
        if expected.probabilities is None:
            assert alone.probabilities is whole.probabilities is None
        else:
            assert alone.probabilities is not None and whole.probabilities is not None
            numpy.testing.assert_allclose(alone.probabilities[0], whole.probabilities[place], rtol=0, atol=1e-13)


def works(plain: ComposedScorer, compiled: CompiledScorer, encoded: pandas.DataFrame, scores: Scores) -> Any:
    """The law of work: by what was seen while scoring, in whatever batches, it is what the plain counter counts."""
    counter = work.counter(plain)
    assert not isinstance(counter, work.Unknown), counter
    expected = counter.count(encoded)
    again = [scores.part(0, 7), scores.part(7, 8), scores.part(8, len(scores))]
    for each in (scores, Scores.joined(again)):
        assert each.trace is not None
        counted = compiled.work(Rows.of_frame(plain.signature, encoded), each.trace)
        assert counted.dtype == numpy.int64
        assert counted.tolist() == expected.tolist()
    return expected


@functools.cache
def texts() -> pandas.DataFrame:
    """Texts of few words, some empty, with labels of two and of three kinds."""
    rng = numpy.random.default_rng(5)
    made = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(70)]
    return pandas.DataFrame({"text": made, "two": rng.choice(["no", "yes"], 70), "three": rng.choice(list("uvw"), 70)})


@functools.cache
def table() -> pandas.DataFrame:
    """Numbers, whole numbers and categories; `gap` and `door` have nulls."""
    rng = numpy.random.default_rng(6)
    count = 90
    frame = pandas.DataFrame({"size": rng.normal(0, 50, count), "rooms": rng.integers(0, 6, count)})
    frame["gap"] = numpy.where(rng.random(count) < 0.2, numpy.nan, rng.normal(size=count))
    frame["ward"] = rng.choice(["north", "south", "east"], count)
    frame["own"] = rng.random(count) < 0.5
    frame["door"] = pandas.Series(
        numpy.where(rng.random(count) < 0.2, None, rng.choice(["p", "q"], count)), dtype="str"
    )
    frame["two"] = numpy.where(frame["size"] + 20 * frame.rooms > 40, "big", "small")
    frame["three"] = numpy.where(frame.rooms > 3, 2, numpy.where(frame["size"] > 0, 1, 0))
    frame["price"] = numpy.exp(frame["size"] / 100) + frame.rooms
    return frame


@LAW
@given(
    st.sampled_from(VECTORISERS),
    st.sampled_from(WEIGHTINGS),
    st.sampled_from([*LINEAR, *TREES]),
    st.sampled_from(["two", "three"]),
    st.lists(st.text(alphabet="abdear THEandé日1 .,'\n\x00", max_size=60), min_size=1, max_size=20),
)
def test_texts(vectoriser: Any, weighting: Any, model: Any, target: str, others: list[str]) -> None:
    """Hashed and counted words under every kind of model, for texts of any kind."""
    frame = texts()
    steps = [clone(step) for step in (vectoriser, weighting, model) if step is not None]
    holds(frame, ["text"], make_pipeline(*steps).fit(frame.text, frame[target]), pandas.DataFrame({"text": others}))


@pytest.mark.parametrize("model", [MultinomialNB(), ComplementNB()], ids=str)
@pytest.mark.parametrize("target", ["two", "three"])
def test_naive_bayes(model: Any, target: str) -> None:
    """Naive Bayes over counts is a linear model of their logarithms."""
    frame = texts()
    for vectoriser in (CountVectorizer(), TfidfVectorizer(), HashingVectorizer(n_features=32, alternate_sign=False)):
        holds(frame, ["text"], make_pipeline(vectoriser, clone(model)).fit(frame.text, frame[target]))


@LAW
@given(
    st.sampled_from(SCALERS),
    st.sampled_from([*LINEAR, *TREES]),
    st.sampled_from(["two", "three"]),
    st.booleans(),
    st.lists(st.tuples(st.floats(-1e12, 1e12), st.integers(-(2**40), 2**40)), min_size=1, max_size=20),
)
def test_numbers(scaler: Any, model: Any, target: str, is_array: bool, others: list[Any]) -> None:
    """Scalers under every kind of model, fitted on a frame or on an array."""
    frame, inputs = table(), ["size", "rooms"]
    steps = [clone(step) for step in (scaler, model) if step is not None]
    fitted = frame[inputs].to_numpy() if is_array else frame[inputs]
    holds(frame, inputs, make_pipeline(*steps).fit(fitted, frame[target]), pandas.DataFrame(others, columns=inputs))


@pytest.mark.parametrize("model", REGRESSIONS, ids=str)
def test_regressions(model: Any) -> None:
    """Values are the same up to rounding."""
    frame, inputs = table(), ["size", "rooms"]
    for scaler in (None, StandardScaler()):
        steps = [step for step in (scaler, clone(model)) if step is not None]
        holds(frame, inputs, make_pipeline(*steps).fit(frame[inputs], frame.price))


@pytest.mark.slow
@LAW
@given(
    st.sampled_from(ENCODERS),
    st.sampled_from([*LINEAR, *TREES]),
    st.sampled_from([["ward"], ["ward", "own"], ["rooms", "ward"]]),
    st.sampled_from(["two", "three"]),
    st.booleans(),
)
def test_column_transformers(encoder: Any, model: Any, columns: list[str], target: str, has_doors: bool) -> None:
    """Categories, imputed numbers and texts, and what passes through, side by side and weighted."""
    frame, inputs = table(), ["size", "gap", "rooms", "ward", "own", "door"]
    parts = [
        ("categories", clone(encoder), columns),
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["gap", "size"]),
        ("kept", "passthrough", ["rooms"]),
    ]
    if has_doors:
        doors = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
        parts.append(("doors", doors, ["door"]))
    both = ColumnTransformer(parts, transformer_weights={"numbers": 2.0})
    holds(frame, inputs, make_pipeline(both, clone(model)).fit(frame[inputs], frame[target]))


@pytest.mark.parametrize("model", [LogisticRegression(), RandomForestClassifier(4, random_state=0)], ids=str)
@pytest.mark.parametrize("incomplete", [["gap"], ["gap", "size"], []], ids=str)
def test_marked_nulls(model: Any, incomplete: list[str]) -> None:
    """Imputers mark the nulls of the columns that had some when they were fitted, and of no others."""
    frame, inputs = table(), ["size", "gap", "rooms"]
    fitted = frame[inputs].fillna(0.0)
    for number, name in enumerate(incomplete):
        fitted.loc[number::3, name] = numpy.nan
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    both = ColumnTransformer([("kept", "passthrough", ["rooms"]), ("numbers", numbers, ["size", "gap"])])
    rows = frame.assign(size=frame["size"].where(frame.index % 4 > 0))
    holds(rows, inputs, make_pipeline(both, clone(model)).fit(fitted, frame.two))


def test_text_beside_numbers() -> None:
    """A column of text, numbers and categories in one model, sparse or dense."""
    frame = texts().assign(size=table()["size"], ward=table().ward)
    inputs = ["text", "size", "ward"]
    for threshold in (0.0, 1.0):
        parts = [("t", TfidfVectorizer(), "text"), ("n", StandardScaler(), ["size"]), ("c", OneHotEncoder(), ["ward"])]
        both = ColumnTransformer(parts, sparse_threshold=threshold)
        for model in (
            LogisticRegression(),
            RandomForestClassifier(4, random_state=0),
            make_pipeline(MaxAbsScaler(), LinearSVC()),
        ):
            holds(frame, inputs, make_pipeline(clone(both), model).fit(frame[inputs], frame.three))


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("scaler", [StandardScaler(with_mean=False), Normalizer("l1"), None], ids=str)
def test_words_that_count_for_nothing(weight: float, scaler: Any) -> None:
    """The work is right also where a weight, or a column's scale, makes zeros of what the words were."""
    frame = texts()
    parts = [("words", TfidfVectorizer()), ("pairs", HashingVectorizer(n_features=8, ngram_range=(2, 2)))]
    both = FeatureUnion(parts, transformer_weights={"words": weight})
    steps = [step for step in (both, clone(scaler) if scaler else None, LogisticRegression()) if step is not None]
    if isinstance(scaler, Normalizer):
        # It takes one table alone.
        steps[0] = FeatureUnion(parts[:1], transformer_weights={"words": weight})
    holds(frame, ["text"], make_pipeline(*steps).fit(frame.text, frame.three))


@pytest.mark.parametrize("model", [RidgeClassifier(), RandomForestClassifier(4, random_state=0)], ids=str)
def test_very_many_categories(model: Any) -> None:
    """So many columns that the rows are kept as entries."""
    names = [f"street {number}" for number in range(600)]
    frame = pandas.DataFrame({"street": names, "size": numpy.arange(600) % 7 - 3.0})
    frame["two"] = numpy.where(frame["size"] > 0, "big", "small")
    parts = [("c", OneHotEncoder(handle_unknown="ignore"), ["street"]), ("n", MaxAbsScaler(), ["size"])]
    holds(frame, ["street", "size"], make_pipeline(ColumnTransformer(parts), clone(model)).fit(frame, frame.two))


@pytest.mark.parametrize(
    "model",
    [
        HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5),
        RandomForestClassifier(5, random_state=0),
        DecisionTreeClassifier(random_state=0),
    ],
    ids=str,
)
def test_trees_with_nulls(model: Any) -> None:
    """A null goes the way that the tree learnt, also where it learnt without any."""
    frame, inputs = table(), ["size", "gap"]
    holds(frame, inputs, clone(model).fit(frame[inputs], frame.two))
    holds(frame, inputs, clone(model).fit(frame[inputs].fillna(0.0), frame.two))
