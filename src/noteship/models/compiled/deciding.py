"""From a model's raw scores to classes and probabilities, by scikit-learn's rules, ties included."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy

from noteship.models.compiled.program import Array, Aside

__all__ = ["SLACK", "Answers", "Decision", "clipped", "expit", "shares", "softmax", "symmetric"]

# Sums of some ten thousand products in another order differ by less than this times the sum of their sizes.
SLACK = 2.0**-40


@dataclass(frozen=True, eq=False)
class Answers:
    """For each row the number of its class, or its value; and the probabilities, where the model has them.

    `doubtful` are rows so close to a tie that rounding could decide.
    """

    chosen: Array
    probabilities: Array | None
    doubtful: Array | tuple[()] = ()


@dataclass(frozen=True, eq=False)
class Decision:
    """Classes by the largest score, the first of equals; with one score a row by its sign.

    `wins_at_zero` says whether a single score of 0 is for the second class. `probabilities` makes them of the scores.
    """

    probabilities: Callable[[Array], Array] | None
    wins_at_zero: bool = False

    def __call__(self, scores: Array, slack: Array | float) -> Answers:
        """The answers for scores (n, k) that are right up to `slack`. Raises Aside where they are not finite."""
        if scores.size == 1:
            return self._of_one(scores, float(scores[0, 0]), slack)
        if not numpy.isfinite(scores).all():
            raise Aside
        if scores.shape[1] == 1:
            single = scores[:, 0]
            margin = numpy.abs(single)
            chosen = (single >= 0 if self.wins_at_zero else single > 0).astype(numpy.intp)
        else:
            largest = numpy.partition(scores, -2, axis=1)
            margin = largest[:, -1] - largest[:, -2]
            chosen = scores.argmax(axis=1)
        doubtful = margin < slack
        return Answers(
            chosen, None if self.probabilities is None else self.probabilities(scores), doubtful.nonzero()[0]
        )

    def _of_one(self, scores: Array, score: float, slack: Array | float) -> Answers:
        """The same for one row with one score, in half the time."""
        if not math.isfinite(score):
            raise Aside
        chosen = numpy.array([score >= 0 if self.wins_at_zero else score > 0], dtype=numpy.intp)
        doubtful = numpy.zeros(1, dtype=numpy.intp) if abs(score) < slack else ()
        return Answers(chosen, None if self.probabilities is None else self.probabilities(scores), doubtful)


def expit(scores: Array) -> Array:
    """The logistic function: of one score a row for two classes, or of each class's against the rest."""
    from scipy import special  # type: ignore[import-untyped]

    return shares(special.expit(scores))


def clipped(scores: Array) -> Array:
    """As for the modified Huber loss: scores from -1 to 1 become probabilities from 0 to 1."""
    return shares((numpy.clip(scores, -1, 1) + 1.0) / 2.0)


def shares(each: Array) -> Array:
    """One probability a row with its complement; several against the rest, divided by their sum."""
    if each.shape[1] == 1:
        return numpy.concatenate((1.0 - each, each), axis=1)
    total = each.sum(axis=1)
    empty = total == 0
    if empty.any():
        each[empty] = 1.0
        total[empty] = each.shape[1]
    divided: Array = each / total[:, None]
    return divided


def softmax(scores: Array) -> Array:
    """Exponentials, divided by their sum."""
    powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    divided: Array = powers / powers.sum(axis=1, keepdims=True)
    return divided


def symmetric(scores: Array) -> Array:
    """The softmax of one score and its negative."""
    return softmax(numpy.concatenate((-scores, scores), axis=1))
