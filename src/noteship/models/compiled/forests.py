"""scikit-learn's trees, forests and boosted trees as `Trees`, with what is made of the leaves' values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.models.compiled.deciding import SLACK, Answers, Decision
from noteship.models.compiled.gathering import gathered
from noteship.models.compiled.program import Array, Beyond, Program, Stack, Work
from noteship.models.compiled.trees import Tree, Trees

__all__ = ["CLASSIFIERS", "REGRESSORS"]


@dataclass(frozen=True, eq=False)
class _Mean:
    """The trees' mean, added up in their order: equal shares of the votes must stay equal. It tells the trees' work."""

    trees: Trees
    decision: Decision | None

    def __call__(self, given: Array) -> tuple[Answers, Array]:
        leaves = self.trees.leaves(given)
        return self._answers(leaves, len(given)), self.trees.work(leaves)

    def _answers(self, leaves: Array, count: int) -> Answers:
        found = self.trees.values.take(leaves.reshape(-1), axis=0).reshape(self.trees.count, -1)
        mean = numpy.add.reduce(found, axis=0).reshape(count, -1) / self.trees.count
        if self.decision is not None:
            return self.decision(mean, 0.0)
        return Answers(mean[:, 0], None)


@dataclass(frozen=True, eq=False)
class _Sum:
    """What boosting started from, and every iteration's tree for each score. It tells the trees' work."""

    trees: Trees
    start: Array
    slack: float
    decision: Decision | None
    inverse: Callable[[Array], Array] | None

    def __call__(self, given: Array) -> tuple[Answers, Array]:
        leaves = self.trees.leaves(given)
        return self._answers(leaves, len(given)), self.trees.work(leaves)

    def _answers(self, leaves: Array, count: int) -> Answers:
        found = self.trees.values[:, 0].take(leaves.reshape(-1)).reshape(-1, len(self.start), count)
        scores = numpy.add.reduce(found, axis=0).T + self.start
        if self.decision is not None:
            return self.decision(scores, self.slack)
        single = scores[:, 0]
        return Answers(single if self.inverse is None else self.inverse(single), None)


def _voting(value: Any, given: Stack, program: Program) -> None:
    _mean(value, [value], given, program, Decision(_themselves))


def _forest(value: Any, given: Stack, program: Program) -> None:
    _mean(value, value.estimators_, given, program, Decision(_themselves))


def _tree_regression(value: Any, given: Stack, program: Program) -> None:
    _mean(value, [value], given, program, None)


def _forest_regression(value: Any, given: Stack, program: Program) -> None:
    _mean(value, value.estimators_, given, program, None)


def _mean(value: Any, estimators: Any, given: Stack, program: Program, decision: Decision | None) -> None:
    if value.n_outputs_ != 1:
        raise Beyond(f"a {type(value).__name__} with several targets")
    if decision is not None and len(value.classes_) < 2:
        raise Beyond(f"a {type(value).__name__} with one class")
    trees = Trees([_tree(estimator.tree_) for estimator in estimators])
    wire = gathered(given, trees.features, program, takes_null=_takes_null(estimators[0]), single=True)
    program.add(_Mean(trees, decision), (wire,), 1, work=Work(tells=1))


def _boosting(value: Any, given: Stack, program: Program) -> None:
    """GradientBoostingClassifier, of which a score of 0 is for the second class."""
    decision = Decision(value._loss.predict_proba, wins_at_zero=True)
    _sum_of_stages(value, given, program, decision)


def _boosting_regression(value: Any, given: Stack, program: Program) -> None:
    _sum_of_stages(value, given, program, None)


def _sum_of_stages(value: Any, given: Stack, program: Program, decision: Decision | None) -> None:
    if not (isinstance(value.init_, str) or type(value.init_).__module__.startswith("sklearn.dummy")):
        raise Beyond(f"a {type(value).__name__} that starts from another model")
    start = value._raw_predict_init(numpy.zeros((1, value.n_features_in_), dtype=numpy.float32))[0]
    trees = [_tree(estimator.tree_, value.learning_rate) for estimator in value.estimators_.reshape(-1)]
    _sum(trees, start, given, program, decision=decision, single=True)


def _histogram(value: Any, given: Stack, program: Program) -> None:
    """HistGradientBoostingClassifier."""
    _sum_of_iterations(value, given, program, Decision(value._loss.predict_proba), None)


def _histogram_regression(value: Any, given: Stack, program: Program) -> None:
    _sum_of_iterations(value, given, program, None, value._loss.link.inverse)


def _sum_of_iterations(value: Any, given: Stack, program: Program, decision: Any, inverse: Any) -> None:
    if value.is_categorical_ is not None:
        raise Beyond(f"a {type(value).__name__} with categories of its own")
    trees = [_histogram_tree(predictor.nodes) for iteration in value._predictors for predictor in iteration]
    start = numpy.asarray(value._baseline_prediction, dtype=numpy.float64).reshape(-1)
    _sum(trees, start, given, program, decision=decision, inverse=inverse)


def _sum(
    trees: list[Tree],
    start: Array,
    given: Stack,
    program: Program,
    *,
    decision: Decision | None,
    inverse: Callable[[Array], Array] | None = None,
    single: bool = False,
) -> None:
    if not trees:
        raise Beyond("boosting without a tree")
    size = float(numpy.abs(start).max()) + sum(float(numpy.abs(tree.value).max()) for tree in trees)
    joined = Trees(trees)
    wire = gathered(given, joined.features, program, takes_null=not single, single=single)
    program.add(_Sum(joined, start, size * SLACK, decision, inverse), (wire,), 1, work=Work(tells=1))


def _tree(tree: Any, scale: float = 1.0) -> Tree:
    values = tree.value[:, 0, :]
    return Tree(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_goes_left=tree.missing_go_to_left,
        value=values if scale == 1.0 else values * scale,
        depth=int(tree.max_depth),
    )


def _histogram_tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    if nodes["is_categorical"].any():
        raise Beyond("boosting with categories of its own")
    return Tree(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=numpy.where(is_leaf, -1, nodes["left"].astype(numpy.intp)),
        right=numpy.where(is_leaf, -1, nodes["right"].astype(numpy.intp)),
        missing_goes_left=nodes["missing_go_to_left"],
        value=nodes["value"].reshape(-1, 1),
        depth=int(nodes["depth"].max()),
    )


def _takes_null(value: Any) -> bool:
    """Whether the model takes NaN; where that cannot be asked, rows with NaN are for the plain scorer."""
    tags = value.__sklearn_tags__() if hasattr(value, "__sklearn_tags__") else None
    return bool(tags is not None and tags.input_tags.allow_nan)


def _themselves(scores: Array) -> Array:
    return scores


CLASSIFIERS: Mapping[str, Callable[[Any, Stack, Program], None]] = {
    "DecisionTreeClassifier": _voting,
    "ExtraTreeClassifier": _voting,
    "ExtraTreesClassifier": _forest,
    "GradientBoostingClassifier": _boosting,
    "HistGradientBoostingClassifier": _histogram,
    "RandomForestClassifier": _forest,
}
REGRESSORS: Mapping[str, Callable[[Any, Stack, Program], None]] = {
    "DecisionTreeRegressor": _tree_regression,
    "ExtraTreeRegressor": _tree_regression,
    "ExtraTreesRegressor": _forest_regression,
    "GradientBoostingRegressor": _boosting_regression,
    "HistGradientBoostingRegressor": _histogram_regression,
    "RandomForestRegressor": _forest_regression,
}
