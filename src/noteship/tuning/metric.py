"""The metric that trials are compared by: a number in a file that a stage writes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from noteship.nearest import nearest
from noteship.tuning.errors import KeyMissing, NoNumber, UnreadableMetric
from noteship.tuning.trials import Direction

__all__ = ["FileMetric", "direction_of", "flattened"]

SUFFIXES = (".json", ".jsonl", ".csv")
# How the last part of a metric's name is read; what a longer name ends with counts as well (val_loss).
LARGER = ("accuracy", "acc", "auc", "f1", "precision", "recall", "r2", "mcc", "kappa", "ndcg", "map")
SMALLER = ("loss", "error", "rmse", "mse", "mae", "mape", "brier", "deviance", "perplexity", "logloss")
# A score may be of what is to be small, such as Brier's: beside words of LARGER and these alone it is to be large.
PARTS = ("test", "val", "valid", "validation", "train", "cv", "best", "final")
KINDS = ("mean", "avg", "average", "macro", "micro", "weighted", "balanced", "roc", "pr", "matthews", "cohen")


@dataclass(frozen=True)
class FileMetric:
    """`FILE:KEY`; of a .json file a dotted key, of .csv and .jsonl the last row's column."""

    file: str
    key: str

    @classmethod
    def of(cls, text: str) -> FileMetric | None:
        """Of its written form; None for what is none."""
        file, colon, key = text.rpartition(":")
        return cls(file, key) if colon and key and file.endswith(SUFFIXES) else None

    def read(self, data: bytes) -> float:
        """Its value in the file's bytes. Raises UnreadableMetric, KeyMissing, NoNumber."""
        values = flattened(self._last(data))
        if self.key not in values:
            numbers = tuple(name for name, each in values.items() if _number(each) is not None)
            raise KeyMissing(self.file, self.key, nearest(self.key, numbers), numbers)
        found = _number(values[self.key])
        if found is None:
            raise NoNumber(self.file, self.key, str(values[self.key]))
        return found

    def _last(self, data: bytes) -> dict[str, Any]:
        """The document, or the last row."""
        try:
            text = data.decode("utf-8-sig")
            if self.file.endswith(".csv"):
                return _last_row(text)
            lines = text.strip().splitlines()
            found = json.loads((lines[-1] if lines else "") if self.file.endswith(".jsonl") else text)
        except ValueError as error:
            raise UnreadableMetric(self.file, str(error)) from error
        if not isinstance(found, dict):
            raise UnreadableMetric(self.file, "it holds no object with names")
        return found


def _last_row(text: str) -> dict[str, Any]:
    import csv

    rows = [row for row in csv.reader(text.splitlines()) if row]
    if len(rows) < 2:
        raise ValueError("it has no row below its header")
    return dict(zip(rows[0], rows[-1], strict=False))


def flattened(value: Any, before: str = "") -> dict[str, Any]:
    """All that is in tables within tables, by dotted names; lists by places from 0."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[str, Any] = {}
        for name, each in parts:
            found |= flattened(each, f"{before}.{name}" if before else str(name))
        return found
    return {before: value}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def direction_of(name: str) -> Direction | None:
    """What a metric of this name is surely searched for; None where the name does not say.

    >>> direction_of("test.f1"), direction_of("val_loss"), direction_of("neg_rmse"), direction_of("share")
    ('maximize', 'minimize', None, None)
    >>> direction_of("f1_score"), direction_of("brier_score")
    ('maximize', None)
    """
    words = name.rpartition(".")[2].lower().replace("-", "_").split("_")
    if "neg" in words or "negative" in words:
        return None
    is_score = words[-1] == "score" and {*words[:-1]} <= {*LARGER, *PARTS, *KINDS}
    if words[-1] in LARGER or is_score:
        return "maximize"
    return "minimize" if words[-1] in SMALLER or words[-2:] == ["log", "loss"] else None
