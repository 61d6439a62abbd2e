"""The work of scoring is counted as plain Python that really scores would count it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy
import pandas
import pytest
import scipy.sparse
import threadpoolctl
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid, RadiusNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators

from models import slow_scoring
from noteship.models.compiled import CompiledScorer, compile_scorer
from noteship.models.composing import compose
from noteship.models.composition import ComposedScorer
from noteship.models.describing import describe
from noteship.models.loading import Step
from noteship.models.work import Unknown, columns, containers, counter

ROWS, CHECKED = 60, 8
WORDS = ["dear", "madam", "the", "and", "x1", "b", "salty", "fish"]

LINEAR_CLASSIFIERS = [
    LogisticRegression(),
    RidgeClassifier(),
    SGDClassifier(random_state=0),
    Perceptron(random_state=0),
    LinearSVC(),
    SVC(),
    SVC(kernel="linear"),
    SVC(kernel="poly", degree=2, coef0=1.0),
    SVC(kernel="sigmoid"),
    NuSVC(nu=0.2),
    KNeighborsClassifier(3, algorithm="brute"),
    KNeighborsClassifier(4, algorithm="brute", p=1),
    MLPClassifier((6, 4), max_iter=20, random_state=0),
    MLPClassifier((5,), activation="tanh", max_iter=20, random_state=0),
]
DENSE_CLASSIFIERS = [
    LinearDiscriminantAnalysis(),
    GaussianNB(),
    NearestCentroid(),
    KNeighborsClassifier(3, algorithm="kd_tree", leaf_size=4),
    KNeighborsClassifier(3, algorithm="ball_tree", leaf_size=4),
    DecisionTreeClassifier(random_state=0),
    DecisionTreeClassifier(max_leaf_nodes=6, random_state=0),
    RandomForestClassifier(7, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=4),
    VotingClassifier([("a", DecisionTreeClassifier(random_state=0)), ("b", KNeighborsClassifier(3)), ("c", SVC())]),
]
REGRESSIONS = [
    LinearRegression(),
    Ridge(),
    Lasso(0.01),
    ElasticNet(0.01),
    LinearSVR(),
    SVR(),
    KNeighborsRegressor(2, algorithm="kd_tree", leaf_size=3),
    KNeighborsRegressor(2, algorithm="ball_tree", leaf_size=3),
    KNeighborsRegressor(2, algorithm="brute"),
    DecisionTreeRegressor(max_depth=4, random_state=0),
    RandomForestRegressor(5, random_state=0),
    ExtraTreesRegressor(5, random_state=0),
    GradientBoostingRegressor(n_estimators=5, random_state=0),
    HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=4),
    MLPRegressor(hidden_layer_sizes=(4, 3), activation="logistic", max_iter=20, random_state=0),
    VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))]),
    StackingRegressor([("a", Ridge()), ("b", SVR())], RandomForestRegressor(4, random_state=0)),
]
OF_COUNTS = [MultinomialNB(), ComplementNB(), BernoulliNB(), BernoulliNB(binarize=1.0), CategoricalNB(min_categories=4)]
SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler(),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    Normalizer("l1"),
    Normalizer("l2"),
    Normalizer("max"),
    PCA(3),
    PCA(2, whiten=True),
    TruncatedSVD(3, random_state=0),
    SelectKBest(k=2),
    VarianceThreshold(),
    PolynomialFeatures(3),
    PolynomialFeatures(3, interaction_only=True, include_bias=False),
    PolynomialFeatures(2),
    FunctionTransformer(),
    SimpleImputer(),
    FeatureUnion([("s", StandardScaler()), ("m", MaxAbsScaler())], transformer_weights={"m": 0.5}),
    make_pipeline(StandardScaler(), PCA(2)),
]
VECTORISERS = [
    CountVectorizer(),
    CountVectorizer(ngram_range=(1, 2)),
    HashingVectorizer(n_features=8),
    HashingVectorizer(n_features=32, norm="l1", alternate_sign=False),
    HashingVectorizer(n_features=32, norm=None, ngram_range=(1, 2)),
    TfidfVectorizer(),
    TfidfVectorizer(norm=None, sublinear_tf=True),
    TfidfVectorizer(use_idf=False, ngram_range=(1, 2)),
    make_pipeline(CountVectorizer(), TfidfTransformer()),
    make_pipeline(CountVectorizer(max_features=4), TfidfTransformer(use_idf=False, norm="l1")),
]


# What a class cannot be made without; every other one is made with what it has.
NEEDED: dict[str, dict[str, Any]] = {
    "AdaBoostClassifier": {"n_estimators": 4},
    "AdaBoostRegressor": {"n_estimators": 4},
    "ExtraTreesClassifier": {"n_estimators": 4},
    "ExtraTreesRegressor": {"n_estimators": 4},
    "GenericUnivariateSelect": {"mode": "k_best", "param": 2},
    "GradientBoostingClassifier": {"n_estimators": 4},
    "GradientBoostingRegressor": {"n_estimators": 4},
    "HistGradientBoostingClassifier": {"max_iter": 3},
    "HistGradientBoostingRegressor": {"max_iter": 3},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2},
    "MLPClassifier": {"max_iter": 3},
    "MLPRegressor": {"max_iter": 3},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "PolynomialFeatures": {"degree": 2},
    "RFE": {"estimator": Ridge()},
    "RFECV": {"estimator": Ridge(), "cv": 2},
    "RadiusNeighborsClassifier": {"radius": 9.0, "algorithm": "brute"},
    "RadiusNeighborsRegressor": {"radius": 9.0, "algorithm": "brute"},
    "RandomForestClassifier": {"n_estimators": 4},
    "RandomForestRegressor": {"n_estimators": 4},
    "SelectFromModel": {"estimator": Ridge()},
    "SequentialFeatureSelector": {"estimator": Ridge(), "n_features_to_select": 2, "cv": 2},
    "TruncatedSVD": {"n_components": 2},
}


def name_of(value: Any) -> str:
    return str(value).replace("\n", "")[:60] if not isinstance(value, int) else str(value)


def rows_of(seed: int) -> numpy.ndarray[Any, Any]:
    rng = numpy.random.default_rng(seed)
    return numpy.where(rng.random((ROWS, 5)) < 0.25, 0.0, rng.normal(size=(ROWS, 5)).round(3))


def classes_of(rows: Any, count: int) -> Any:
    scores = rows[:, 0] * rows[:, 1] + rows[:, 2]
    return numpy.argsort(numpy.argsort(scores)) * count // len(scores)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """So few rows take several threads longer than one."""
    with threadpoolctl.threadpool_limits(1):
        yield


@functools.cache
def estimators() -> dict[str, Any]:
    return dict(all_estimators())


def made(name: str) -> Any:
    """A model of a class of scikit-learn's by its name, with what it needs; None where there is no such class."""
    with warnings.catch_warnings():
        # Some classes are on their way out.
        warnings.simplefilter("ignore")
        own = estimators().get(name)
        return None if own is None else own(**NEEDED.get(name, {}))


def fitted(model: Any, rows: Any, target: Any) -> Any:
    with warnings.catch_warnings():
        # So few rows and iterations do not converge.
        warnings.simplefilter("ignore")
        return model.fit(rows, target)


def holds(model: Any, rows: Any) -> None:
    """The law: the slow way predicts the same and counts the same; all rows together and each alone."""
    given = rows[:CHECKED]
    found = counter(model)
    assert not isinstance(found, Unknown), found
    counts = found.count(given)
    assert counts.dtype == numpy.int64
    assert counts.shape == (CHECKED,)
    plain = given.toarray() if hasattr(given, "toarray") else given
    plain = plain.values if isinstance(plain, pandas.DataFrame) else plain
    predictions = model.predict(given)
    for place, row in enumerate(plain):
        tally = slow_scoring.Tally()
        expected = slow_scoring.predicted(model, row.tolist() if hasattr(row, "tolist") else row, tally)
        if isinstance(expected, str):
            assert predictions[place] == expected
        else:
            assert float(predictions[place]) == pytest.approx(float(expected), rel=1e-7, abs=1e-9)
        assert int(counts[place]) == tally.count, place
        assert found.count(given[place : place + 1]).tolist() == [tally.count]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", LINEAR_CLASSIFIERS + DENSE_CLASSIFIERS, ids=name_of)
def test_classifiers(model: Any, classes: int) -> None:
    """A classifier's work is what it takes to score a row in plain Python."""
    rows = rows_of(classes)
    holds(fitted(model, rows, classes_of(rows, classes)), rows)


@pytest.mark.parametrize("model", [model for model in LINEAR_CLASSIFIERS if getattr(model, "p", 2) != 1], ids=name_of)
def test_sparse_rows(model: Any) -> None:
    """A sparse row's work is the dense one's where a model takes both, zeros that are stored among them."""
    rows = rows_of(4)
    sparse = scipy.sparse.csr_matrix(rows)
    sparse.data[::9] = 0.0
    holds(fitted(model, sparse, classes_of(rows, 3)), sparse)


@pytest.mark.parametrize("model", REGRESSIONS, ids=name_of)
def test_regressions(model: Any) -> None:
    """A regression's work is what it takes to score a row in plain Python."""
    rows = rows_of(6)
    holds(fitted(model, rows, rows[:, 0] ** 2 + rows[:, 1]), rows)


@pytest.mark.parametrize("model", OF_COUNTS, ids=name_of)
def test_naive_bayes(model: Any) -> None:
    """Naive Bayes of counts takes a product for each count that is not zero, or a look-up for each."""
    rows = numpy.random.default_rng(1).poisson(0.8, (ROWS, 5)).clip(0, 3).astype(float)
    holds(fitted(model, rows, classes_of(rows, 3)), rows)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=3),
    ],
    ids=name_of,
)
def test_missing_values_on_the_way(model: Any) -> None:
    """A missing value is one comparison at each node that asks for it."""
    rows = rows_of(9)
    rows[numpy.random.default_rng(9).random(rows.shape) < 0.2] = numpy.nan
    holds(fitted(model, rows, classes_of(rows_of(9), 2)), rows)


def test_categories_of_histogram_boosting() -> None:
    """A node that asks for a category is one comparison, in whatever place the column stands."""
    rows = rows_of(3)
    rows[:, 2] = numpy.random.default_rng(3).integers(0, 6, ROWS)
    model = HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3, categorical_features=[2])
    holds(fitted(model, rows, rows[:, 2] % 3 + rows[:, 0]), rows)


@pytest.mark.parametrize("step", SCALERS, ids=name_of)
def test_transformers(step: Any) -> None:
    """A transformer's work adds up with that of the model behind it."""
    rows = rows_of(7)
    model = fitted(make_pipeline(step, Ridge()), rows, classes_of(rows, 4))
    for row, expected in zip(rows[:CHECKED], model[0].transform(rows[:CHECKED]), strict=True):
        made = slow_scoring.made(model[0], row.tolist(), slow_scoring.Tally())
        numpy.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-12)
    holds(model, rows)


@pytest.mark.parametrize("step", VECTORISERS, ids=name_of)
def test_texts(step: Any) -> None:
    """A text's work is its tokens, known or not, and the weights of those that are kept."""
    rng = numpy.random.default_rng(5)
    texts = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(ROWS)]
    model = fitted(make_pipeline(step, LogisticRegression()), texts, rng.integers(0, 3, ROWS))
    texts[0] = "words that nobody has seen before, madam"
    for text, expected in zip(texts[:CHECKED], model[0].transform(texts[:CHECKED]).toarray(), strict=True):
        made = slow_scoring.made(model[0], text, slow_scoring.Tally())
        numpy.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-12)
    holds(model, texts)


def mixed() -> pandas.DataFrame:
    rng = numpy.random.default_rng(8)
    return pandas.DataFrame(
        {
            "text": [" ".join(rng.choice(WORDS, 5)) for _ in range(ROWS)],
            "age": rng.integers(18, 90, ROWS).astype(float),
            "city": rng.choice(["Ulm", "Bonn", "Jena"], ROWS),
            "fee": rng.normal(size=ROWS),
        }
    )


def columnwise(**settings: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("words", TfidfVectorizer(), "text"),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["fee", "age"]),
            ("city", OneHotEncoder(), ["city"]),
            ("code", OrdinalEncoder(), ["city"]),
        ],
        **settings,
    )


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_column_transformers(threshold: float) -> None:
    """Each column's work is that of its own steps, whether they make a sparse table together or a dense one."""
    frame = mixed()
    model = make_pipeline(columnwise(sparse_threshold=threshold), LogisticRegression(max_iter=2000))
    holds(fitted(model, frame, numpy.arange(ROWS) % 3), frame)


def test_columns_are_found_by_name() -> None:
    """A frame whose columns stand in another order takes the same work."""
    frame = mixed()
    model = fitted(make_pipeline(columnwise(), RandomForestClassifier(5)), frame, numpy.arange(ROWS) % 2)
    found = counter(model)
    assert not isinstance(found, Unknown)
    turned = found.count(frame[["fee", "city", "text", "age"]])
    assert turned.tolist() == found.count(frame).tolist()


def test_calibrated_classifiers() -> None:
    """A calibrated classifier's work is that of all its folds."""
    rows = rows_of(2)
    model = fitted(CalibratedClassifierCV(LinearSVC(), cv=3), rows, classes_of(rows, 2))
    holds(model, rows)


def test_rows_within_a_radius() -> None:
    """By brute force every fitted row is compared; in a tree nobody counts how many are."""
    rows = rows_of(2)
    brute = counter(RadiusNeighborsRegressor(algorithm="brute").fit(rows, rows[:, 0]))
    assert not isinstance(brute, Unknown)
    assert brute.count(rows[:2]).tolist() == (numpy.count_nonzero(rows[:2], axis=1) * ROWS).tolist()
    tree = counter(RadiusNeighborsRegressor(algorithm="kd_tree").fit(rows, rows[:, 0]))
    assert tree == Unknown("RadiusNeighborsRegressor", "rows within a radius are looked for in a tree")


def test_counting_leaves_the_model_alone() -> None:
    """A search that is counted is not the model's own: what the model counts stands still."""
    rows = rows_of(2)
    model = KNeighborsClassifier(3, algorithm="kd_tree").fit(rows, classes_of(rows, 2))
    before = model._tree.get_n_calls()
    found = counter(model)
    assert not isinstance(found, Unknown)
    assert found.count(rows).min() > 0
    assert model._tree.get_n_calls() == before


def test_searched_models() -> None:
    """A search's work is that of the model that it found best."""
    rows = rows_of(2)
    search = fitted(GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2), rows, rows[:, 0])
    found = counter(search)
    assert not isinstance(found, Unknown)
    assert found.count(rows).tolist() == numpy.count_nonzero(rows, axis=1).tolist()


class OwnRidge(Ridge):
    """A model that does something else."""

    def predict(self, given: Any) -> Any:
        return super().predict(given) * 2


def test_unknown_steps_are_named() -> None:
    """What is derived, calls a function or has no rule is unknown, wherever it stands, and is named."""
    rows = rows_of(2)
    target = rows[:, 0]
    assert counter(OwnRidge().fit(rows, target)) == Unknown("OwnRidge", "there is no rule for such a step")
    for step, name in [(PowerTransformer(), "PowerTransformer"), (FunctionTransformer(abs), "FunctionTransformer")]:
        inside = make_pipeline(FeatureUnion([("s", StandardScaler()), ("p", step)]), Ridge())
        found = counter(fitted(inside, rows, target))
        assert isinstance(found, Unknown)
        assert found.step == name
    kernel = counter(SVR(kernel=lambda one, other: one @ other.T).fit(rows, target))
    assert kernel == Unknown("SVR", "its kernel is precomputed or a function")
    metric = KNeighborsRegressor(2, algorithm="brute", metric="canberra").fit(rows, target)
    assert counter(metric) == Unknown("KNeighborsRegressor", "the metric canberra")
    changed = Ridge().fit(rows, target)
    changed.predict = changed.predict
    assert counter(changed) == Unknown("Ridge", "it has a method of its own")
    assert counter(Ridge()) == Unknown("Ridge", "it looks other than expected (AttributeError)")


def test_scorers() -> None:
    """A composed scorer's work is that of its steps, and a compiled one's the same."""
    frame = mixed()[["age", "fee"]]
    scaler = StandardScaler().fit(frame)
    model = LogisticRegression().fit(scaler.transform(frame), numpy.arange(ROWS) % 3)
    steps = [Step("scaler.pkl", scaler), Step("model.pkl", model)]
    composition = compose(["age", "fee"], steps, frame)
    plain = ComposedScorer(describe(frame, ["age", "fee"], composition.output("y")), composition)
    compiled = compile_scorer(plain)
    assert isinstance(compiled, CompiledScorer)
    for scorer in (plain, compiled):
        found = counter(scorer)
        assert not isinstance(found, Unknown)
        assert found.count(plain.signature.conform(frame)).tolist() == [2 + 2 * 3] * ROWS


def test_functions_among_the_steps_are_unknown() -> None:
    """A step that is a function of the project is named, since nobody knows what it does."""
    frame = mixed()[["age", "fee"]]
    model = Ridge().fit(frame, frame["fee"])
    composition = compose(["age", "fee"], [Step("helpers:prepare", _same), Step("model.pkl", model)], frame)
    plain = ComposedScorer(describe(frame, ["age", "fee"], composition.output("y")), composition)
    assert counter(plain) == Unknown("helpers:prepare", "it is a function")


def _same(frame: pandas.DataFrame) -> pandas.DataFrame:
    return frame


def test_xgboost() -> None:
    """XGBoost's trees take one comparison a node on the way, those after the best iteration none."""
    xgboost = pytest.importorskip("xgboost")
    rows = rows_of(3)
    rows[::5, 1] = numpy.nan
    for classes in (2, 3):
        model = xgboost.XGBClassifier(n_estimators=6, max_depth=4, n_jobs=1)
        model.fit(rows, classes_of(rows_of(3), classes))
        trees = model.get_booster().trees_to_dataframe().set_index("ID")
        found = counter(model)
        assert not isinstance(found, Unknown)
        assert found.count(rows).tolist() == [_walked(trees, row) for row in rows]
    stopped = xgboost.XGBClassifier(n_estimators=40, max_depth=3, learning_rate=1.0, early_stopping_rounds=2, n_jobs=1)
    stopped.fit(
        rows[20:], classes_of(rows_of(3), 3)[20:], eval_set=[(rows[:20], classes_of(rows_of(3), 3)[:20])], verbose=False
    )
    trees = stopped.get_booster().trees_to_dataframe().set_index("ID")
    assert stopped.best_iteration + 1 < trees["Tree"].nunique() // 3
    found = counter(stopped)
    assert not isinstance(found, Unknown)
    kept = trees[trees["Tree"] < 3 * (stopped.best_iteration + 1)]
    assert found.count(rows).tolist() == [_walked(kept, row) for row in rows]


@pytest.mark.filterwarnings("ignore:.*gblinear. is deprecated:UserWarning")
def test_xgboost_linear() -> None:
    """XGBoost's linear booster takes one multiplication a number that is not zero, for each output."""
    xgboost = pytest.importorskip("xgboost")
    linear = xgboost.XGBRegressor(booster="gblinear", n_estimators=3).fit(rows_of(3), rows_of(3)[:, 0])
    found = counter(linear)
    assert not isinstance(found, Unknown)
    assert found.count(rows_of(3)).tolist() == numpy.count_nonzero(rows_of(3), axis=1).tolist()


def _walked(trees: pandas.DataFrame, row: Any) -> int:
    """The comparisons of all trees of XGBoost's own table."""
    count = 0
    for number in trees["Tree"].unique():
        node = trees.loc[f"{number}-0"]
        while node["Feature"] != "Leaf":
            value = numpy.float32(row[int(node["Feature"][1:])])
            side = "Missing" if numpy.isnan(value) else "Yes" if value < numpy.float32(node["Split"]) else "No"
            node = trees.loc[node[side]]
            count += 1
    return count


def test_lightgbm() -> None:
    """LightGBM's trees take one comparison a node on the way."""
    lightgbm = pytest.importorskip("lightgbm")
    rows = rows_of(3)
    for classes in (2, 3):
        model = lightgbm.LGBMClassifier(n_estimators=6, min_child_samples=4, n_jobs=1, verbose=-1)
        model.fit(rows, classes_of(rows, classes))
        roots = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
        found = counter(model)
        assert not isinstance(found, Unknown)
        assert found.count(rows).tolist() == [sum(_depth(root, row) for root in roots) for row in rows]
    leaves = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=4, linear_tree=True, n_jobs=1, verbose=-1)
    assert counter(leaves.fit(rows, rows[:, 0])) == Unknown("LightGBM", "its leaves are linear models")


def _depth(node: Any, row: Any) -> int:
    count = 0
    while "split_feature" in node:
        node = node["left_child" if row[node["split_feature"]] <= node["threshold"] else "right_child"]
        count += 1
    return count


def known(kind: str) -> list[str]:
    """The classes with a rule that can be fitted with little."""
    table = containers.PREDICTORS if kind == "predict" else columns.TRANSFORMERS
    names = [name.partition(".")[2] for name in table if name.startswith("sklearn.")]
    holders = ["AdaBoostClassifier", "AdaBoostRegressor", "OneVsRestClassifier"]
    return sorted([*names, *holders] if kind == "predict" else names)


@pytest.mark.parametrize("name", known("predict"))
def test_every_model_with_a_rule_is_known(name: str) -> None:
    """Each class that the rules name is scikit-learn's, is known once it is fitted, and counts alike in any batch."""
    model = made(name)
    if model is None:
        pytest.skip("not in this version of scikit-learn")
    rows = numpy.random.default_rng(2).integers(0, 4, (ROWS, 4)).astype(float)
    target = numpy.arange(ROWS) % 3 + 1
    fitted(model, rows, numpy.c_[rows[:, 0], target] if "MultiTask" in name else target)
    found = counter(model)
    assert not isinstance(found, Unknown), found
    counts = found.count(rows[:CHECKED])
    assert counts.tolist() == [int(found.count(rows[place : place + 1])[0]) for place in range(CHECKED)]
    assert name.startswith("Dummy") or counts.max() > 0


@pytest.mark.parametrize("name", known("transform"))
def test_every_transformer_with_a_rule_is_known(name: str) -> None:
    """Each transformer that the rules name is scikit-learn's, and is known before a model."""
    rows = numpy.random.default_rng(2).integers(1, 4, (ROWS, 4)).astype(float)
    target = (rows[:, 0] > 2).astype(int)
    if name == "MissingIndicator":
        rows[::3, 1] = numpy.nan
    model = fitted(make_pipeline(made(name), Ridge()), rows, target)
    found = counter(model)
    assert not isinstance(found, Unknown), found
    assert len(found.count(rows)) == ROWS
