"""A model for use inside of a program: frames in, predictions out."""

from __future__ import annotations

import functools
from typing import Any

import numpy
import pandas

from noteship.models.compiled import CompiledScorer
from noteship.models.scorer import Scorer, Scores
from noteship.models.signature import Signature

__all__ = ["LoadedModel"]

# Beyond so many rows the compiled form leaves all of them to the steps themselves; scikit-learn's own calls are spread
# over four times as many.
COMPILED_ROWS = 2048
PLAIN_ROWS = 8192


class LoadedModel:
    """A bundle's model: its name, its digest, and the scorer behind it.

    Guarantee: equal rows get what the service answers for them; a row's scores do not depend on the rows beside it,
    up to rounding. May be called from several threads at once.

    Loading scores the example row of the signature, so what is loaded works.
    """

    def __init__(self, name: str, digest: str, scorer: Scorer) -> None:
        self.name = name
        self.digest = digest
        self.scorer = scorer
        self.example = scorer.score(scorer.signature.decode([dict(scorer.signature.example)]))

    @property
    def signature(self) -> Signature:
        """What the rows must look like and what comes out."""
        return self.scorer.signature

    @functools.cached_property
    def probability_names(self) -> tuple[str, ...]:
        """The classes as texts, in the order of the probabilities; empty where the model has none."""
        return () if self.example.probabilities is None else tuple(map(_name, self.signature.output.classes))

    def predict(self, frame: pandas.DataFrame) -> numpy.ndarray[Any, Any]:
        """The predictions for the rows of a frame, of shape (n,).

        It has a column for each input, by name and in any order; further ones are left alone.
        Raises BadRows, MissingColumns, and what the steps raise.
        """
        return self.score(frame).predictions

    def score(self, frame: pandas.DataFrame) -> Scores:
        """The predictions and, where the model has them, the probabilities. Raises as `predict` does."""
        return self.score_encoded(self.signature.conform(frame))

    def score_encoded(self, frame: pandas.DataFrame) -> Scores:
        """The scores of rows that the signature has encoded."""
        if not len(frame):
            return self.example.part(0, 0)
        rows = COMPILED_ROWS if isinstance(self.scorer, CompiledScorer) else PLAIN_ROWS
        starts = range(0, len(frame), rows)
        return Scores.joined([self.scorer.score(frame.iloc[start : start + rows]) for start in starts])


def _name(label: Any) -> str:
    """A class as JSON writes it as a key."""
    return {True: "true", False: "false"}[label] if isinstance(label, bool) else str(label)
