"""How good predictions were, as far as labels have come, beside what their probabilities had promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noteship.monitor import Labels
from noteship.monitor.pieces import stamp
from noteship.reporting.history import History
from noteship.reporting.words import number, percent, when

__all__ = ["Realised", "by_window", "realised"]

# Labels that are told of together: a share of one in ten is then known to two in a hundred.
ENOUGH = 1_000


@dataclass(frozen=True)
class Realised:
    """The labels for the predictions of some windows, from the one that began at `since` on.

    - expected: the share of right answers that was expected of these windows, as many labels as each has
    """

    labels: Labels
    since: int
    windows: int
    expected: float | None

    def __str__(self) -> str:
        """In words; empty without a label.

        >>> str(Realised(Labels("classification", 412, 383), 0, 3, 0.95))
        '93.0 % (90.1 % to 95.1 %) of 412 labels for windows since 1970-01-01 00:00 UTC; expected 95.0 %'
        """
        score = self.labels.score
        if score is None:
            return ""
        many = f"{self.labels.labels:,} {'label' if self.labels.labels == 1 else 'labels'}"
        told = f"of {many} for windows since {when(self.since)}"
        if self.labels.kind == "regression":
            mean, low, high = map(number, score)
            square = number(self.labels.root_mean_square or 0.0)
            return f"mean absolute error {mean} ({low} to {high}), root mean square {square}, {told}"
        share, low, high = map(percent, score)
        expected = "" if self.expected is None else f"; expected {percent(self.expected)}"
        return f"{share} ({low} to {high}) {told}{expected}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"since": stamp(self.since), "windows": self.windows, "expected": self.expected, **_told(self.labels)}


def realised(history: History) -> Realised | None:
    """Of the latest windows for which labels came, back to a thousand labels; None without any."""
    chosen: list[int] = []
    total = 0
    for start in sorted(history.labels, reverse=True):
        if total >= ENOUGH:
            break
        if history.labels[start].labels:
            chosen.append(start)
            total += history.labels[start].labels
    if not chosen:
        return None
    labels = history.labels[chosen[-1]]
    for start in reversed(chosen[:-1]):
        labels += history.labels[start]
    return Realised(labels, chosen[-1], len(chosen), _mean(_expected(history), chosen, history.labels))


def _expected(history: History) -> Mapping[int, float]:
    """What was expected of windows, by their starts."""
    here = {each.start: each.accuracy.expected for each in history.decisions if each.accuracy is not None}
    return {**history.expected, **here}


def _mean(expected: Mapping[int, float], starts: Sequence[int], labels: Mapping[int, Labels]) -> float | None:
    """The mean of what was expected, each window as often as it has labels; None where most labels lack it."""
    weights = {start: labels[start].labels for start in starts if start in expected}
    total = sum(weights.values())
    if not total or 2 * total < sum(labels[start].labels for start in starts):
        return None
    return sum(expected[start] * weight for start, weight in weights.items()) / total


def by_window(history: History) -> list[dict[str, Any]]:
    """All windows for which labels came, for programs."""
    expected = _expected(history)
    return [
        {"start": stamp(start), "expected": expected.get(start), **_told(labels)}
        for start, labels in sorted(history.labels.items())
    ]


def _told(labels: Labels) -> dict[str, Any]:
    """Labels of one window or of several."""
    value: dict[str, Any] = {"labels": labels.labels}
    score = labels.score
    interval = None if score is None else [score.low, score.high]
    if labels.kind == "regression":
        mean, square = None if score is None else score.value, labels.root_mean_square
        return {**value, "mean_absolute_error": mean, "interval": interval, "root_mean_square": square}
    table = [{"label": label, "prediction": made, "count": count} for label, made, count in labels.table]
    share = None if score is None else score.value
    return {**value, "right": labels.right, "accuracy": share, "interval": interval, "table": table}
