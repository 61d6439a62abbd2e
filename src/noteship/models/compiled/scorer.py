"""A model in its compiled form, behind the same seam as the plain one, which is kept for the rows it leaves."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

from noteship.models.compiled.program import Array, Aside, Program
from noteship.models.composition import ComposedScorer
from noteship.models.rows import Rows
from noteship.models.scorer import Scores
from noteship.models.signature import Signature

__all__ = ["CompiledScorer"]

# What a call of scikit-learn costs beside the rows is spread over so many that it is as quick; a thousand dense columns
# of them are 16 MB.
ROWS_LIMIT = 2048


class CompiledScorer:
    """A compiled model; `form` says which kind in words, `plain` is the scorer that it stands for.

    Guarantee: the same labels as `plain`, also in ties, and the same numbers up to rounding. Rows that scikit-learn
    refuses, and those so close to a tie that rounding could decide, go to `plain`, so that its errors are raised; so
    do batches of more than 2048 rows.
    May be called from several threads at once.
    """

    def __init__(self, plain: ComposedScorer, program: Program, labels: Any, form: str) -> None:
        self.plain = plain
        self.form = form
        self._program = program
        self._labels = labels
        self._classes = plain.composition.predictor.classes

    @property
    def signature(self) -> Signature:
        """What the rows must look like and what comes out."""
        return self.plain.signature

    def score(self, frame: pandas.DataFrame) -> Scores:
        """Scores of encoded rows."""
        if len(frame) > ROWS_LIMIT:
            return self.plain.score(frame)
        return self.score_rows(Rows.of_frame(self.signature, frame))

    def score_rows(self, rows: Rows) -> Scores:
        """Scores of checked rows. Raises whatever `plain` raises."""
        scores, left = self.attempt(rows) if len(rows) <= ROWS_LIMIT else (None, [])
        if scores is None:
            return self.plain.score(rows.frame)
        if left:
            exact = self.plain.score(rows.frame.iloc[left])
            scores.predictions[left] = exact.predictions
            if scores.probabilities is not None:
                scores.probabilities[left] = exact.probabilities
        return scores

    def work(self, rows: Rows, trace: Array) -> Array:
        """The work of each row, int64 of shape (n,), by the trace that their scores have: what `plain` counts."""
        return self._program.work(rows, trace)

    def attempt(self, rows: Rows) -> tuple[Scores | None, list[int]]:
        """Scores by the compiled form alone, and the rows that are left to `plain`: some, or with None all of them."""
        if not len(rows) or not rows.is_exact or (rows.numbers.size and numpy.isinf(rows.numbers).any()):
            return None, list(range(len(rows)))
        try:
            answers, trace = self._program.run(rows)
        except Aside:
            return None, list(range(len(rows)))
        predictions = answers.chosen if self._labels is None else self._labels.take(answers.chosen)
        return Scores(predictions, answers.probabilities, self._classes, trace), list(answers.doubtful)
