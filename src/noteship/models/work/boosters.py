"""The work of XGBoost's and LightGBM's models, which tell the leaf that each tree leads a row to.

As in `trees`, one comparison a node on the way; neither library is imported here, the model brings its own.
Cost: the trees are walked once more, by the library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from noteship.models.work.parts import Beyond, Counts, Rule, nonzeros

__all__ = ["PREDICTORS"]


def _xgboost(value: Any) -> Rule:
    """The sum of the depths of the leaves; for a linear booster nnz(x) · outputs."""
    booster = value.get_booster()
    if json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear":
        outputs = len(numpy.atleast_1d(value.intercept_))
        return lambda given: nonzeros(given) * outputs
    tables = [_by_number(json.loads(text)) for text in booster.get_dump(dump_format="json")]

    def count(given: Any) -> Counts:
        leaves = numpy.asarray(value.apply(given))
        return _summed(tables, leaves.reshape(len(leaves), -1))

    return count


def _lightgbm(value: Any) -> Rule:
    """The sum of the depths of the leaves; trees with linear models in their leaves are not known."""
    tables = [_by_leaf(tree["tree_structure"]) for tree in value.booster_.dump_model()["tree_info"]]

    def count(given: Any) -> Counts:
        leaves = numpy.asarray(value.predict(given, pred_leaf=True))
        return _summed(tables, leaves.reshape(len(leaves), -1))

    return count


def _summed(tables: list[Counts], leaves: Any) -> Counts:
    """The depths of each row's leaves, (n, trees); a model stopped early gives fewer trees than it has."""
    total = numpy.zeros(len(leaves), dtype=numpy.int64)
    for place, column in enumerate(leaves.T.astype(numpy.intp)):
        total += tables[place].take(column)
    return total


def _by_number(root: Mapping[str, Any]) -> Counts:
    """The depth of each leaf of XGBoost's, by the number of its node."""
    found: dict[int, int] = {}
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        found[int(node["nodeid"])] = depth
        waiting += [(child, depth + 1) for child in node.get("children", ())]
    return _table(found)


def _by_leaf(root: Mapping[str, Any]) -> Counts:
    """The depth of each leaf of LightGBM's, by its own number; a tree that is a leaf alone has none. Raises Beyond."""
    found: dict[int, int] = {}
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if "split_feature" not in node:
            if "leaf_const" in node:
                raise Beyond("LightGBM", "its leaves are linear models")
            found[int(node.get("leaf_index", 0))] = depth
            continue
        waiting += [(node["left_child"], depth + 1), (node["right_child"], depth + 1)]
    return _table(found)


def _table(found: Mapping[int, int]) -> Counts:
    table = numpy.zeros(max(found) + 1, dtype=numpy.int64)
    for number, depth in found.items():
        table[number] = depth
    return table


PREDICTORS: Mapping[str, Callable[[Any], Rule]] = {
    "lightgbm.LGBMClassifier": _lightgbm,
    "lightgbm.LGBMRanker": _lightgbm,
    "lightgbm.LGBMRegressor": _lightgbm,
    "xgboost.XGBClassifier": _xgboost,
    "xgboost.XGBRanker": _xgboost,
    "xgboost.XGBRFClassifier": _xgboost,
    "xgboost.XGBRFRegressor": _xgboost,
    "xgboost.XGBRegressor": _xgboost,
}
