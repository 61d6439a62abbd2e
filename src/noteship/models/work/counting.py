"""Counting the work of a model's rows: the number of multiplications, comparisons and look-ups that scoring takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from noteship.models.composition import ComposedScorer, Composition
from noteship.models.work.containers import predictor, transformer
from noteship.models.work.parts import Beyond, Counts, Part, Unknown, WorkCounter

__all__ = ["counter"]


def counter(model: Any) -> WorkCounter | Unknown:
    """The counter of a fitted model's work, or which of its steps is not known.

    `model` is a fitted estimator, whose rows are what its `predict` takes; or a scorer, compiled or not, whose rows are
    frames that its signature has encoded.

    Guarantee: a row's work depends on the row and the model alone, not on the rows beside it, nor on whether the row is
    dense or sparse; it is the work of scoring once, whatever predictions and probabilities share. Only classes that are
    known exactly are counted: a class derived from one of these is not known, nor is a function.
    Cost: no more than the walk through the steps before the last one, and what the rule of each step says.
    """
    try:
        if hasattr(model, "signature"):
            return _composed(getattr(model, "plain", model))
        return predictor(model)
    except Beyond as reason:
        return reason.unknown
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A fitted object of another version has other attributes.
        return Unknown(type(model).__name__, f"it looks other than expected ({type(error).__name__})")


def _composed(scorer: ComposedScorer) -> WorkCounter:
    composition = scorer.composition
    front: list[Part] = []
    for step in composition.front:
        if step.is_function:
            raise Beyond(step.label, "it is a function")
        front.append(transformer(step.value))
    return _Composed(composition, tuple(front), predictor(composition.steps[len(front)].value))


@dataclass(frozen=True, eq=False)
class _Composed:
    """The steps of a composition, each given what the composition hands it."""

    composition: Composition
    front: tuple[Part, ...]
    last: WorkCounter

    def count(self, given: pandas.DataFrame) -> Counts:
        total = numpy.zeros(len(given), dtype=numpy.int64)

        def through(number: int, value: Any) -> Any:
            counts, made = self.front[number].through(value)
            numpy.add(total, counts, out=total)
            return made

        return total + self.last.count(self.composition.handed(given, through))
