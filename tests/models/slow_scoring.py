"""Fitted models scored one row at a time in plain Python, with every operation that counts as work counted."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy
from sklearn.utils import murmurhash3_32

Row = Sequence[Any]


class Tally:
    """Multiplies, divides, compares and looks up, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def times(self, value: float, weight: float) -> float:
        """A product, which is not carried out where the row's own value is zero."""
        if value == 0:
            return 0.0
        self.count += 1
        return value * weight

    def product(self, one: float, other: float) -> float:
        """A product of two values of the row."""
        return 0.0 if one == 0 or other == 0 else self.times(one, other)

    def over(self, value: float, divisor: float) -> float:
        """A quotient, which is carried out also for zero."""
        self.count += 1
        return value / divisor

    def looked(self, value: Any) -> Any:
        """What was looked up, compared or computed in one operation."""
        self.count += 1
        return value

    def dot(self, row: Row, weights: Row) -> float:
        """A sum of products."""
        return sum(self.times(value, weight) for value, weight in zip(row, weights, strict=True))


def predicted(model: Any, row: Row, tally: Tally) -> Any:
    """What a model predicts for a row."""
    return PREDICTORS[type(model).__name__](model, row, tally)


def made(step: Any, row: Any, tally: Tally) -> list[float]:
    """What a transformer makes of a row."""
    return TRANSFORMERS[type(step).__name__](step, row, tally)


def _chosen(model: Any, scores: Sequence[float]) -> Any:
    """The class of the largest score, or by the sign of a single one; a regression's score itself."""
    if not hasattr(model, "classes_"):
        return scores[0] if len(scores) == 1 else list(scores)
    if len(scores) == 1:
        return model.classes_[int(scores[0] > 0)]
    return model.classes_[max(range(len(scores)), key=lambda place: scores[place])]


def _linear_scores(model: Any, row: Row, tally: Tally) -> list[float]:
    weights = numpy.atleast_2d(model.coef_).tolist()
    starts = numpy.broadcast_to(model.intercept_, len(weights)).tolist()
    return [tally.dot(row, each) + start for each, start in zip(weights, starts, strict=True)]


def _linear(model: Any, row: Row, tally: Tally) -> Any:
    return _chosen(model, _linear_scores(model, row, tally))


def _logs(model: Any, row: Row, tally: Tally) -> Any:
    priors = model.class_log_prior_.tolist()
    if type(model).__name__ == "ComplementNB":
        priors = [0.0] * len(priors)
    weights = model.feature_log_prob_.tolist()
    return _chosen(model, [tally.dot(row, each) + prior for each, prior in zip(weights, priors, strict=True)])


def _bernoulli(model: Any, row: Row, tally: Tally) -> Any:
    ones = [float(value > model.binarize) for value in row]
    scores = []
    for logs, prior in zip(model.feature_log_prob_.tolist(), model.class_log_prior_.tolist(), strict=True):
        absent = [math.log1p(-math.exp(each)) for each in logs]
        present = [log - other for log, other in zip(logs, absent, strict=True)]
        scores.append(tally.dot(ones, present) + prior + sum(absent))
    return _chosen(model, scores)


def _gaussian(model: Any, row: Row, tally: Tally) -> Any:
    scores = []
    for means, variances, prior in zip(model.theta_, model.var_, model.class_prior_, strict=True):
        far = 0.0
        for value, mean, variance in zip(row, means, variances, strict=True):
            distance = value - mean
            far += tally.over(tally.looked(distance * distance), variance)
        scores.append(math.log(prior) - 0.5 * (far + sum(math.log(2 * math.pi * each) for each in variances)))
    return _chosen(model, scores)


def _categorical(model: Any, row: Row, tally: Tally) -> Any:
    scores = model.class_log_prior_.tolist()
    for value, logs in zip(row, model.feature_log_prob_, strict=True):
        for place in range(len(scores)):
            scores[place] += tally.looked(logs[place][int(value)])
    return _chosen(model, scores)


def _perceptron(model: Any, row: Row, tally: Tally) -> Any:
    functions: dict[str, Callable[[float], float]] = {
        "relu": lambda value: max(0.0, value),
        "tanh": math.tanh,
        "logistic": lambda value: 1 / (1 + math.exp(-value)),
        "identity": lambda value: value,
    }
    values = list(row)
    for layer, (weights, starts) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        sums = starts.tolist()
        for place in range(len(sums)):
            for value, weight in zip(values, weights[:, place].tolist(), strict=True):
                sums[place] += tally.looked(value * weight) if layer else tally.times(value, weight)
        is_last = layer == model.n_layers_ - 2
        values = sums if is_last else [functions[model.activation](each) for each in sums]
    return _chosen(model, values)


def _centroids(model: Any, row: Row, tally: Tally) -> Any:
    far = [
        sum(tally.looked((value - middle) ** 2) for value, middle in zip(row, each, strict=True))
        for each in model.centroids_
    ]
    return _chosen(model, [-each for each in far])


def _leaf(tree: Any, row: Row, tally: Tally) -> Any:
    node = 0
    while tree.children_left[node] != -1:
        value = numpy.float32(row[tree.feature[node]])
        goes_left = bool(tree.missing_go_to_left[node]) if numpy.isnan(value) else value <= tree.threshold[node]
        node = (tree.children_left if tally.looked(goes_left) else tree.children_right)[node]
    return tree.value[node][0]


def _trees(model: Any, row: Row, tally: Tally) -> Any:
    trees = [each.tree_ for each in getattr(model, "estimators_", [model])]
    leaves = [_leaf(tree, row, tally) for tree in trees]
    return _chosen(model, [sum(column) / len(trees) for column in zip(*leaves, strict=True)])


def _stages(model: Any, row: Row, tally: Tally) -> Any:
    scores = model._raw_predict_init(numpy.zeros((1, model.n_features_in_), dtype=numpy.float32))[0].tolist()
    for stage in model.estimators_:
        for place, each in enumerate(stage):
            scores[place] += model.learning_rate * _leaf(each.tree_, row, tally)[0]
    return _chosen(model, scores)


def _iterations(model: Any, row: Row, tally: Tally) -> Any:
    prepared = model._preprocess_X(numpy.array([row]), reset=False)[0]
    known, _ = model._bin_mapper.make_known_categories_bitsets()
    scores = numpy.ravel(model._baseline_prediction).tolist()
    for iteration in model._predictors:
        for place, predictor in enumerate(iteration):
            scores[place] += _histogram_leaf(predictor, known, prepared, tally)
    return _chosen(model, scores)


def _histogram_leaf(predictor: Any, known: Any, row: Any, tally: Tally) -> float:
    node = predictor.nodes[0]
    while not node["is_leaf"]:
        value = row[node["feature_idx"]]
        goes_left = bool(node["missing_go_to_left"])
        if node["is_categorical"]:
            # One categorical column in these models, the first of the prepared ones.
            if not numpy.isnan(value) and _has(known[0], int(value)):
                goes_left = _has(predictor.raw_left_cat_bitsets[node["bitset_idx"]], int(value))
        elif not numpy.isnan(value):
            goes_left = value <= node["num_threshold"]
        node = predictor.nodes[node["left"] if tally.looked(goes_left) else node["right"]]
    return float(node["value"])


def _has(bits: Any, place: int) -> bool:
    return bool(int(bits[place // 32]) >> (place % 32) & 1)


def _dense(table: Any) -> Any:
    return table.toarray() if hasattr(table, "toarray") else table


def _vote(model: Any, nearest: Sequence[int]) -> Any:
    if not hasattr(model, "classes_"):
        return float(numpy.mean(model._y[list(nearest)]))
    votes = Counter(int(model._y[place]) for place in nearest)
    return _chosen(model, [votes[place] for place in range(len(model.classes_))])


def _neighbours(model: Any, row: Row, tally: Tally) -> Any:
    if model._fit_method != "brute":
        return _vote(model, _Search(model, row, tally).nearest())
    far = []
    for other in _dense(model._fit_X).tolist():
        if model.effective_metric_ == "manhattan":
            far.append(sum(tally.looked(abs(one - two)) for one, two in zip(row, other, strict=True)))
        else:
            # Half of the squared distance, without the row's own norm, which is the same for all.
            far.append(sum(each * each for each in other) / 2 - tally.dot(row, other))
    return _vote(model, sorted(range(len(far)), key=far.__getitem__)[: model.n_neighbors])


class _Search:
    """The search through a k-d tree or a ball tree, the nearer child first, for the squared distance."""

    def __init__(self, model: Any, row: Row, tally: Tally) -> None:
        data, places, nodes, bounds = map(numpy.asarray, model._tree.get_arrays())
        self.data, self.places, self.nodes, self.bounds = data, places, nodes, bounds
        self.row, self.tally, self.wanted = row, tally, model.n_neighbors
        self.best: list[tuple[float, int]] = []

    def nearest(self) -> list[int]:
        self._visit(0, self._least(0))
        return [place for _, place in sorted(self.best)]

    def _visit(self, node: int, least: float) -> None:
        if len(self.best) == self.wanted and least > self.best[-1][0]:
            return
        told = self.nodes[node]
        if told["is_leaf"]:
            for place in self.places[told["idx_start"] : told["idx_end"]]:
                self.best = sorted([*self.best, (self._squared(self.data[place]), int(place))])[: self.wanted]
            return
        children = [2 * node + 1, 2 * node + 2]
        leasts = [self._least(child) for child in children]
        for first in (0, 1) if leasts[0] <= leasts[1] else (1, 0):
            self._visit(children[first], leasts[first])

    def _squared(self, other: Row) -> float:
        return sum(self.tally.looked((one - two) ** 2) for one, two in zip(self.row, other, strict=True))

    def _least(self, node: int) -> float:
        if len(self.bounds) == 1:
            return max(0.0, math.sqrt(self._squared(self.bounds[0][node])) - self.nodes[node]["radius"]) ** 2
        lows, highs = self.bounds[0][node], self.bounds[1][node]
        return sum(
            max(low - value, 0.0, value - high) ** 2 for value, low, high in zip(self.row, lows, highs, strict=True)
        )


def _vectors(model: Any, row: Row, tally: Tally) -> Any:
    own = sum(value * value for value in row)
    kernels = []
    weights = _dense(model._dual_coef_)
    for vector in _dense(model.support_vectors_).tolist():
        product = tally.dot(row, vector)
        squared = own + sum(each * each for each in vector) - 2 * product
        kernels.append(
            {
                "linear": lambda: product,  # noqa: B023
                "rbf": lambda: math.exp(-model._gamma * squared),  # noqa: B023
                "poly": lambda: (model._gamma * product + model.coef0) ** model.degree,  # noqa: B023
                "sigmoid": lambda: math.tanh(model._gamma * product + model.coef0),  # noqa: B023
            }[model.kernel]()
        )
    if not hasattr(model, "classes_"):
        return (
            sum(tally.looked(each * kernel) for each, kernel in zip(weights[0], kernels, strict=True))
            + (model._intercept_[0])
        )
    ends = numpy.cumsum([0, *model._n_support])
    votes = [0] * len(model.classes_)
    for number, (one, two) in enumerate(itertools.combinations(range(len(model.classes_)), 2)):
        score = model._intercept_[number]
        for mine, each in ((one, weights[two - 1]), (two, weights[one])):
            score += sum(tally.looked(each[place] * kernels[place]) for place in range(ends[mine], ends[mine + 1]))
        votes[one if score > 0 else two] += 1
    return _chosen(model, votes)


def _pipeline(model: Any, row: Any, tally: Tally) -> Any:
    for _, step in model.steps[:-1]:
        row = made(step, row, tally)
    return predicted(model.steps[-1][1], row, tally)


def _voting(model: Any, row: Row, tally: Tally) -> Any:
    told = [predicted(each, row, tally) for each in model.estimators_]
    if not hasattr(model, "classes_"):
        return sum(told) / len(told)
    votes = Counter(int(each) for each in told)
    return _chosen(model, [votes[place] for place in range(len(model.classes_))])


def _stacking(model: Any, row: Row, tally: Tally) -> Any:
    return predicted(model.final_estimator_, [predicted(each, row, tally) for each in model.estimators_], tally)


def _calibrated(model: Any, row: Row, tally: Tally) -> Any:
    total = 0.0
    for each in model.calibrated_classifiers_:
        score = _linear_scores(each.estimator, row, tally)[0]
        total += 1 / (1 + math.exp(each.calibrators[0].a_ * score + each.calibrators[0].b_))
    return model.classes_[int(total / len(model.calibrated_classifiers_) > 0.5)]


PREDICTORS: dict[str, Callable[[Any, Any, Tally], Any]] = {
    **dict.fromkeys(
        (
            "ElasticNet",
            "Lasso",
            "LinearDiscriminantAnalysis",
            "LinearRegression",
            "LinearSVC",
            "LinearSVR",
            "LogisticRegression",
            "Perceptron",
            "Ridge",
            "RidgeClassifier",
            "SGDClassifier",
        ),
        _linear,
    ),
    **dict.fromkeys(("ComplementNB", "MultinomialNB"), _logs),
    **dict.fromkeys(("DecisionTreeClassifier", "DecisionTreeRegressor"), _trees),
    **dict.fromkeys(("ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor"), _trees),
    **dict.fromkeys(("GradientBoostingClassifier", "GradientBoostingRegressor"), _stages),
    **dict.fromkeys(("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), _iterations),
    **dict.fromkeys(("KNeighborsClassifier", "KNeighborsRegressor"), _neighbours),
    **dict.fromkeys(("NuSVC", "SVC", "SVR"), _vectors),
    **dict.fromkeys(("MLPClassifier", "MLPRegressor"), _perceptron),
    **dict.fromkeys(("VotingClassifier", "VotingRegressor"), _voting),
    "BernoulliNB": _bernoulli,
    "CalibratedClassifierCV": _calibrated,
    "CategoricalNB": _categorical,
    "GaussianNB": _gaussian,
    "NearestCentroid": _centroids,
    "Pipeline": _pipeline,
    "StackingRegressor": _stacking,
}


def _standard(step: Any, row: Row, tally: Tally) -> list[float]:
    means = step.mean_ if step.with_mean else None
    return _scaled(row, means, step.scale_, tally)


def _robust(step: Any, row: Row, tally: Tally) -> list[float]:
    return _scaled(row, step.center_, step.scale_, tally)


def _scaled(row: Row, middles: Any, scales: Any, tally: Tally) -> list[float]:
    if scales is None:
        return [value - middle for value, middle in zip(row, middles, strict=True)]
    if middles is None:
        return [tally.times(value, 1 / scale) for value, scale in zip(row, scales, strict=True)]
    return [tally.over(value - middle, scale) for value, middle, scale in zip(row, middles, scales, strict=True)]


def _least_most(step: Any, row: Row, tally: Tally) -> list[float]:
    return [tally.times(value, scale) + start for value, scale, start in zip(row, step.scale_, step.min_, strict=True)]


def _largest(step: Any, row: Row, tally: Tally) -> list[float]:
    return [tally.times(value, 1 / scale) for value, scale in zip(row, step.scale_, strict=True)]


def _normalised(step: Any, row: Row, tally: Tally) -> list[float]:
    norms = {"l1": lambda: sum(map(abs, row)), "l2": lambda: math.hypot(*row), "max": lambda: max(map(abs, row))}
    norm = norms[step.norm]() or 1.0
    return [tally.times(value, 1 / norm) for value in row]


def _weighted(step: Any, row: Row, tally: Tally) -> list[float]:
    values = [math.log(value) + 1 if value and step.sublinear_tf else value for value in row]
    if step.use_idf:
        values = [tally.times(value, weight) for value, weight in zip(values, step.idf_, strict=True)]
    return values if step.norm is None else _normalised(step, values, tally)


def _components(step: Any, row: Row, tally: Tally) -> list[float]:
    means = getattr(step, "mean_", [0.0] * len(row))
    values = [
        tally.dot(row, each) - sum(mean * weight for mean, weight in zip(means, each, strict=True))
        for each in step.components_
    ]
    if not getattr(step, "whiten", False):
        return values
    return [tally.over(value, math.sqrt(each)) for value, each in zip(values, step.explained_variance_, strict=True)]


def _products(step: Any, row: Row, tally: Tally) -> list[float]:
    known: dict[tuple[int, ...], float] = {(): 1.0} | {(place,): value for place, value in enumerate(row)}
    choose = itertools.combinations if step.interaction_only else itertools.combinations_with_replacement
    for size in range(2, step.degree + 1):
        for places in choose(range(len(row)), size):
            known[places] = tally.product(known[places[:-1]], row[places[-1]])
    powers = [tuple(place for place, power in enumerate(each) for _ in range(power)) for each in step.powers_]
    return [known[places] for places in powers]


def _one_hot(step: Any, row: Row, tally: Tally) -> list[float]:
    found = [tally.looked(value) for value in row]
    return [
        float(value == each) for value, known in zip(found, step.categories_, strict=True) for each in known.tolist()
    ]


def _ordinal(step: Any, row: Row, tally: Tally) -> list[float]:
    return [
        float(known.tolist().index(tally.looked(value))) for value, known in zip(row, step.categories_, strict=True)
    ]


def _filled(step: Any, row: Row, tally: Tally) -> list[float]:
    return [
        filling if tally.looked(value != value) else value for value, filling in zip(row, step.statistics_, strict=True)
    ]


def _selected(step: Any, row: Row, tally: Tally) -> list[float]:
    return [value for value, is_kept in zip(row, step.get_support(), strict=True) if is_kept]


def _same(step: Any, row: Row, tally: Tally) -> list[float]:
    return list(row)


def _tokens(step: Any, text: str) -> list[str]:
    words = re.findall(r"\b\w\w+\b", text.lower())
    least, most = step.ngram_range
    return [" ".join(words[at : at + n]) for n in range(least, most + 1) for at in range(len(words) - n + 1)]


def _counted(step: Any, text: str, tally: Tally) -> list[float]:
    counts = [0.0] * len(step.vocabulary_)
    for token in _tokens(step, text):
        place = tally.looked(step.vocabulary_.get(token))
        if place is not None:
            counts[place] += 1
    return counts


def _counted_weighted(step: Any, text: str, tally: Tally) -> list[float]:
    return _weighted(step, _counted(step, text, tally), tally)


def _hashed(step: Any, text: str, tally: Tally) -> list[float]:
    counts = [0.0] * step.n_features
    for token in _tokens(step, text):
        number = tally.looked(murmurhash3_32(token, 0))
        counts[abs(number) % step.n_features] += -1 if number < 0 and step.alternate_sign else 1
    return counts if step.norm is None else _normalised(step, counts, tally)


def _union(step: Any, row: Any, tally: Tally) -> list[float]:
    result: list[float] = []
    for name, inner in step.transformer_list:
        values = made(inner, row, tally)
        weight = (step.transformer_weights or {}).get(name)
        result += values if weight is None else [tally.times(value, weight) for value in values]
    return result


def _columns(step: Any, row: Row, tally: Tally) -> list[float]:
    result: list[float] = []
    for name, inner, chosen in step.transformers_:
        if isinstance(inner, str):
            continue
        places = step._transformer_to_input_indices[name]
        result += made(inner, row[places[0]] if isinstance(chosen, str) else [row[place] for place in places], tally)
    return result


def _chain(step: Any, row: Any, tally: Tally) -> list[float]:
    for _, inner in step.steps:
        row = made(inner, row, tally)
    return list(row)


TRANSFORMERS: dict[str, Callable[[Any, Any, Tally], list[float]]] = {
    **dict.fromkeys(("PCA", "TruncatedSVD"), _components),
    **dict.fromkeys(("SelectKBest", "VarianceThreshold"), _selected),
    "ColumnTransformer": _columns,
    "CountVectorizer": _counted,
    "FeatureUnion": _union,
    "FunctionTransformer": _same,
    "HashingVectorizer": _hashed,
    "MaxAbsScaler": _largest,
    "MinMaxScaler": _least_most,
    "Normalizer": _normalised,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "Pipeline": _chain,
    "PolynomialFeatures": _products,
    "RobustScaler": _robust,
    "SimpleImputer": _filled,
    "StandardScaler": _standard,
    "TfidfTransformer": _weighted,
    "TfidfVectorizer": _counted_weighted,
}
