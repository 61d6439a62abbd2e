"""The seam between a model and whatever serves, judges or watches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy
import pandas

from noteship.models.signature import Signature

__all__ = ["Scorer", "Scores"]


@dataclass(frozen=True, eq=False)
class Scores:
    """What a batch of n rows was given.

    `predictions` has shape (n,). For a classification into k `classes`, `probabilities` has shape (n, k) in the order
    of the classes, or is None where the model has none; for a regression it is None and `classes` is empty.
    `trace` is what a scorer that counts its own work has noted on the way, for its `work` alone: some numbers a row. It
    is None where the work has to be counted from the rows.
    """

    predictions: numpy.ndarray[Any, Any]
    probabilities: numpy.ndarray[Any, Any] | None
    classes: tuple[Any, ...]
    trace: numpy.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.predictions)

    def part(self, start: int, end: int) -> Self:
        """The scores of the rows from `start` to before `end`."""
        probabilities = None if self.probabilities is None else self.probabilities[start:end]
        trace = None if self.trace is None else self.trace[start:end]
        return type(self)(self.predictions[start:end], probabilities, self.classes, trace)

    def aligned(self, classes: tuple[Any, ...]) -> Self:
        """The same with probabilities in the order of all `classes`: a rare one may not be among the rows of a fit."""
        if self.probabilities is None or self.classes == classes:
            return self
        probabilities = numpy.zeros((len(self), len(classes)))
        probabilities[:, [classes.index(label) for label in self.classes]] = self.probabilities
        return type(self)(self.predictions, probabilities, classes)

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """The scores of consecutive batches as one."""
        if len(pieces) == 1:
            return pieces[0]
        probabilities = [piece.probabilities for piece in pieces if piece.probabilities is not None]
        traces = [piece.trace for piece in pieces if piece.trace is not None]
        return cls(
            predictions=numpy.concatenate([piece.predictions for piece in pieces]),
            probabilities=numpy.concatenate(probabilities) if probabilities else None,
            classes=pieces[0].classes,
            trace=numpy.concatenate(traces) if len(traces) == len(pieces) else None,
        )


class Scorer(Protocol):
    """Rows in, scores out. Guarantee: a row's scores do not depend on the rows beside it, up to rounding."""

    @property
    def signature(self) -> Signature:
        """What the rows must look like and what comes out."""
        ...

    def score(self, frame: pandas.DataFrame) -> Scores:
        """Score rows that the signature has encoded; at least one. May be called from several threads at once."""
        ...
