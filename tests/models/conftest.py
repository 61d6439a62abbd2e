"""Projects as notebooks leave them behind: raw rows, pickled steps, stored features and predictions."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

WORDS = [
    "dear",
    "madam",
    "sister",
    "carriage",
    "walked",
    "delicious",
    "crispy",
    "salty",
    "flavor",
    "snack",
    "morning",
    "house",
]


@dataclass(frozen=True)
class Made:
    """A project's raw rows and what a notebook did with them, step by step."""

    inputs: tuple[str, ...]
    raw: pandas.DataFrame
    steps: tuple[Any, ...]
    features: Any
    predictions: Any
    probabilities: Any


def letters(rows: int = 120) -> pandas.DataFrame:
    """Short texts, of which the later words tell the label."""
    rng = numpy.random.default_rng(7)
    spam = rng.random(rows) < 0.5
    texts = [" ".join(rng.choice(WORDS[4:] if odd else WORDS[:8], 9)) for odd in spam]
    return pandas.DataFrame(
        {"id": [f"d{n}" for n in range(rows)], "text": texts, "label": numpy.where(spam, "spam", "ham")}
    )


def patients(rows: int = 160) -> pandas.DataFrame:
    """Numbers, some missing, and categories."""
    rng = numpy.random.default_rng(3)
    frame = pandas.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "dose": numpy.where(rng.random(rows) < 0.1, numpy.nan, rng.normal(5, 2, rows)),
            "ward": rng.choice(["north", "south", "east"], rows),
        }
    )
    return frame.assign(ill=(frame.age + 4 * frame.dose.fillna(5) > 75).astype(int))


def text_logistic() -> Made:
    """Hashing and tf-idf saved as one step, a logistic regression as another."""
    raw = letters()
    vectors = make_pipeline(HashingVectorizer(n_features=64), TfidfTransformer()).fit(raw.text)
    features = vectors.transform(raw.text)
    model = LogisticRegression().fit(features, raw.label)
    return Made(
        ("text",), raw, (vectors, model), features.toarray(), model.predict(features), model.predict_proba(features)
    )


def text_named_forest() -> Made:
    """The same features, stored as a frame with names, and a forest fitted on that frame."""
    raw = letters()
    vectors = make_pipeline(HashingVectorizer(n_features=64), TfidfTransformer()).fit(raw.text)
    dense = pandas.DataFrame(vectors.transform(raw.text).toarray()).add_prefix("h")
    model = RandomForestClassifier(7, random_state=0, n_jobs=2).fit(dense, raw.label)
    return Made(("text",), raw, (vectors, model), dense.to_numpy(), model.predict(dense), model.predict_proba(dense))


def scaler_forest() -> Made:
    """A scaler put back into the columns it came from, and a forest that takes untouched columns, too."""
    raw = patients().dropna().reset_index(drop=True)
    scaler = StandardScaler().fit(raw[["age"]])
    features = raw[["age", "dose"]].assign(age=scaler.transform(raw[["age"]])[:, 0])
    model = RandomForestClassifier(7, random_state=0).fit(features, raw.ill)
    answer = model.predict(features), model.predict_proba(features)
    return Made(("age", "dose"), raw, (scaler, model), features.to_numpy(), *answer)


def side_by_side() -> Made:
    """A scaler and an encoder of different columns, stacked by hand."""
    raw = patients().dropna().reset_index(drop=True)
    scaler = StandardScaler().fit(raw[["age", "dose"]])
    encoder = OneHotEncoder(sparse_output=False).fit(raw[["ward"]])
    features = numpy.hstack([scaler.transform(raw[["age", "dose"]]), encoder.transform(raw[["ward"]])])
    model = LogisticRegression().fit(features, raw.ill)
    answer = model.predict(features), model.predict_proba(features)
    return Made(("age", "dose", "ward"), raw, (scaler, encoder, model), features, *answer)


def column_transformer() -> Made:
    """One pipeline with everything in it."""
    raw = patients().dropna().reset_index(drop=True)
    columns = ColumnTransformer([("n", StandardScaler(), ["age", "dose"]), ("c", OneHotEncoder(), ["ward"])])
    inputs = ["age", "dose", "ward"]
    model = make_pipeline(columns, LogisticRegression()).fit(raw[inputs], raw.ill)
    features = model[:-1].transform(raw[inputs])
    return Made(tuple(inputs), raw, (model,), features, model.predict(raw[inputs]), model.predict_proba(raw[inputs]))


def boosted_with_nulls() -> Made:
    """Gradient boosting over columns that have nulls and a pandas category."""
    raw = patients().astype({"ward": "category"})
    inputs = ["age", "dose", "ward"]
    model = HistGradientBoostingClassifier(max_iter=8, random_state=0).fit(raw[inputs], raw.ill)
    answer = model.predict(raw[inputs]), model.predict_proba(raw[inputs])
    return Made(tuple(inputs), raw, (model,), None, *answer)


MADE = {
    make.__name__: make
    for make in (text_logistic, text_named_forest, scaler_forest, side_by_side, column_transformer, boosted_with_nulls)
}
CACHE: dict[str, Made] = {}


@pytest.fixture(params=sorted(MADE))
def made(request: pytest.FixtureRequest) -> Made:
    """Each of the projects; fitted once."""
    return CACHE.setdefault(request.param, MADE[request.param]())


@pytest.fixture
def mail() -> Made:
    """The text project."""
    return CACHE.setdefault("text_logistic", text_logistic())


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """A function that writes a project's files into a folder: raw.parquet, step0.pkl and so on."""

    def save(made: Made) -> Path:
        made.raw.to_parquet(tmp_path / "raw.parquet")
        for number, step in enumerate(made.steps):
            (tmp_path / f"step{number}.pkl").write_bytes(pickle.dumps(step))
        return tmp_path

    return save
