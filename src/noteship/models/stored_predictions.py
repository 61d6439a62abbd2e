"""Which columns of a stored table are a model's predictions or probabilities, told by their names and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from pandas.api import types

from noteship.models.scorer import Scores

__all__ = ["Expected", "expected_predictions", "may_be_predictions"]

PREDICTED = re.compile(r"pred|y_?hat|forecast|estimate[ds]?$|guess|output", re.IGNORECASE)
PROBABLE = re.compile(r"prob|(^|_)p(_|$)|likelihood", re.IGNORECASE)
OTHER = re.compile(r"true|truth|actual|observed|resid|err(or)?($|_)|correct|diff|is_right", re.IGNORECASE)
WORD = re.compile(r"[^0-9a-z]+")
# Probabilities that were rounded do not quite sum to one.
SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class Expected:
    """A stored column and what of the scores it should equal: `place` in the classes, or the prediction itself."""

    column: str
    place: int | None = None

    def of(self, scores: Scores) -> Any:
        """What the scorer gives for that column."""
        if self.place is None or scores.probabilities is None:
            return numpy.asarray(scores.predictions)
        return scores.probabilities[:, self.place]


def expected_predictions(
    table: pandas.DataFrame, classes: Sequence[Any], raw: Sequence[str], target: str | None, path: str
) -> list[Expected]:
    """The columns of predictions and probabilities in a stored table; none where nothing looks like one."""
    names = [name for name in table.columns if name not in set(raw) and name != target]
    if [*table.columns] == [str(number) for number in range(len(table.columns))]:
        return _of_array(table, classes, path)
    if not classes:
        return [Expected(name) for name in names if _is_predicted(name) and types.is_numeric_dtype(table[name].dtype)]
    labels = [Expected(name) for name in names if _is_predicted(name) and _are_labels(table[name], classes)]
    taken = {expected.column for expected in labels}
    return labels + _probabilities(table, [name for name in names if name not in taken], classes)


def may_be_predictions(series: pandas.Series[Any], classes: Sequence[Any]) -> bool:
    """Whether a column's values are of the model's kind: labels it knows, or numbers."""
    return _are_labels(series, classes) if classes else types.is_numeric_dtype(series.dtype)


def _is_predicted(name: str) -> bool:
    return bool(PREDICTED.search(name)) and not OTHER.search(name) and not PROBABLE.search(name)


def _are_labels(series: pandas.Series[Any], classes: Sequence[Any]) -> bool:
    known = {str(label) for label in classes}
    return {str(value) for value in series.dropna().unique().tolist()} <= known


def _probabilities(table: pandas.DataFrame, names: list[str], classes: Sequence[Any]) -> list[Expected]:
    found = []
    for name in names:
        if not _are_probabilities(table[name]) or OTHER.search(name):
            continue
        words = [word for word in WORD.split(name.lower()) if word]
        told = [place for place, label in enumerate(classes) if str(label).lower() in (name.lower(), *words)]
        if told and (PROBABLE.search(name) or PREDICTED.search(name) or str(classes[told[0]]) == name):
            found.append(Expected(name, told[0]))
        elif len(classes) == 2 and (PROBABLE.search(name) or PREDICTED.search(name)):
            found.append(Expected(name, 1))
    return found


def _are_probabilities(series: pandas.Series[Any]) -> bool:
    return types.is_float_dtype(series.dtype) and bool(series.dropna().between(0, 1).all())


def _of_array(table: pandas.DataFrame, classes: Sequence[Any], path: str) -> list[Expected]:
    """An array without names: one column of predictions, or one of probabilities for each class."""
    if len(table.columns) == 1:
        only = str(table.columns[0])
        if classes:
            return [Expected(only)] if _are_labels(table[only], classes) else []
        return [Expected(only)] if PREDICTED.search(path) and types.is_numeric_dtype(table[only].dtype) else []
    if len(table.columns) != len(classes) or not all(_are_probabilities(table[name]) for name in table.columns):
        return []
    if not numpy.allclose(table.sum(axis=1), 1.0, atol=SUM_TOLERANCE):
        return []
    return [Expected(str(name), place) for place, name in enumerate(table.columns)]
