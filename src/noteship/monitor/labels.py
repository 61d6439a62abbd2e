"""What labels that come later say of the predictions of a window: counts that add."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

__all__ = ["Judgement", "Kind", "Labels", "Score"]

VERSION = 1
# As many classes as a person can read a table of.
MOST_CLASSES = 20
# Of a normal distribution, 95 % are so many standard deviations around the mean.
DEVIATIONS = 1.96
# Squares of more than this, added up, might be no numbers any more.
MOST_DIFFERENCE = 1e140

Kind = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A label beside what was predicted, and whether they are the same."""

    label: Any
    prediction: Any
    is_right: bool


class Score(NamedTuple):
    """The share of right answers, or the mean absolute error; and between what it is, with a probability of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Labels:
    """Of the labels for one window's predictions, how many came and how many were right. They add.

    - right: of classes, those that were predicted
    - absolute, squared: of numbers, the differences from those predicted, and their squares, added up
    - pairs: how often a label came for a prediction, by both as JSON writes them; where there are up to 20 classes
    """

    kind: Kind
    labels: int = 0
    right: int = 0
    absolute: float = 0.0
    squared: float = 0.0
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: Kind, judgements: Iterable[Judgement]) -> Self:
        """Count them; of numbers, not those where none was predicted."""
        every = list(judgements)
        if kind == "classification":
            pairs = Counter((_text(each.label), _text(each.prediction)) for each in every)
            return cls(kind, len(every), sum(each.is_right for each in every), pairs=_few(pairs))
        found = [abs(float(each.label) - float(each.prediction)) for each in every if each.prediction is not None]
        differences = [min(each, MOST_DIFFERENCE) for each in found if not math.isnan(each)]
        return cls(kind, len(differences), 0, sum(differences), sum(each * each for each in differences))

    def __add__(self, other: Labels) -> Labels:
        pairs = _few(Counter(self.pairs) + Counter(other.pairs))
        return Labels(
            self.kind,
            self.labels + other.labels,
            self.right + other.right,
            self.absolute + other.absolute,
            self.squared + other.squared,
            pairs,
        )

    @property
    def score(self) -> Score | None:
        """How good the predictions were, if labels come whatever was predicted; None without any.

        The interval is Wilson's (1927, "Probable inference, the law of succession, and statistical inference"); of a
        mean absolute error, the normal one.
        """
        if not self.labels:
            return None
        if self.kind == "classification":
            return _share(self.right, self.labels)
        mean = self.absolute / self.labels
        error = math.sqrt(max(0.0, self.squared / self.labels - mean * mean) / self.labels)
        return Score(mean, max(0.0, mean - DEVIATIONS * error), mean + DEVIATIONS * error)

    @property
    def root_mean_square(self) -> float | None:
        """Of the differences of numbers."""
        return math.sqrt(self.squared / self.labels) if self.labels and self.kind == "regression" else None

    @property
    def table(self) -> list[tuple[Any, Any, int]]:
        """Label, prediction, how often; empty where not all labels are in it."""
        if sum(self.pairs.values()) != self.labels:
            return []
        return [(json.loads(label), json.loads(made), count) for (label, made), count in sorted(self.pairs.items())]

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "format": VERSION,
            "kind": self.kind,
            "labels": self.labels,
            "right": self.right,
            "absolute": self.absolute,
            "squared": self.squared,
            "pairs": [[label, made, count] for (label, made), count in sorted(self.pairs.items())],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError and TypeError."""
        if value["format"] != VERSION or value["kind"] not in ("classification", "regression"):
            raise ValueError(f"it has format {value['format']!r}, and this noteship reads format {VERSION}")
        pairs = {(str(label), str(made)): int(count) for label, made, count in value["pairs"]}
        sums = float(value["absolute"]), float(value["squared"])
        return cls(value["kind"], int(value["labels"]), int(value["right"]), *sums, pairs)


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


def _few(pairs: Mapping[tuple[str, str], int]) -> Mapping[tuple[str, str], int]:
    """As they are, or none: of many classes."""
    return dict(pairs) if len({each for pair in pairs for each in pair}) <= MOST_CLASSES else {}


def _share(right: int, labels: int) -> Score:
    """A share and its interval, which stays between 0 and 1 however few there are."""
    share, square = right / labels, DEVIATIONS * DEVIATIONS
    middle = (share + square / (2 * labels)) / (1 + square / labels)
    half = DEVIATIONS * math.sqrt(share * (1 - share) / labels + square / (4 * labels * labels)) / (1 + square / labels)
    return Score(share, max(0.0, middle - half), min(1.0, middle + half))
