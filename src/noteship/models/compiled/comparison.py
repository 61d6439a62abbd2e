"""Whether a compiled model and the plain one give the same, and what each costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy
import pandas

from noteship.models.compiled.scorer import CompiledScorer
from noteship.models.composition import ComposedScorer
from noteship.models.rows import Rows
from noteship.models.scorer import Scores

__all__ = ["ROWS_LIMIT", "Comparison", "compare"]

# Text of so many rows takes scikit-learn a few seconds.
ROWS_LIMIT = 20_000
PIECE_ROWS = 512
# Differences of sums in another order are about 1e-15; what people see of a probability has fewer digits.
TOLERANCE = 1e-6
# Rows whose single scoring is timed: the quickest of so many is what it costs on a quiet machine.
TIMED_ROWS = 20


@dataclass(frozen=True)
class Comparison:
    """What two scorers give for the same rows.

    - rows: how many were compared, of `of_rows`, evenly taken
    - aside: rows that the compiled form left to the plain one, those that the model refuses among them
    - labels_differ, numbers_differ: rows with another label; with a number that is further away than 1e-6
    - largest: the largest difference of a probability, or of a value relative to its size beyond 1
    - plain_us, compiled_us: microseconds for one row by itself
    """

    rows: int
    of_rows: int
    aside: int
    labels_differ: int
    numbers_differ: int
    largest: float
    plain_us: float
    compiled_us: float

    @property
    def is_same(self) -> bool:
        """Whether the compiled form may stand for the plain one."""
        return self.labels_differ == 0 and self.numbers_differ == 0

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return asdict(self)


def compare(plain: ComposedScorer, compiled: CompiledScorer, frame: pandas.DataFrame) -> Comparison:
    """Compare on encoded rows; at least one. Of more than 20,000 that many are taken, evenly."""
    of_rows = len(frame)
    if of_rows > ROWS_LIMIT:
        frame = frame.iloc[numpy.linspace(0, of_rows - 1, ROWS_LIMIT).astype(int)]
    aside = labels_differ = numbers_differ = 0
    largest = 0.0
    for start in range(0, len(frame), PIECE_ROWS):
        rows = Rows.of_frame(compiled.signature, frame.iloc[start : start + PIECE_ROWS])
        expected = _expected(plain, rows)
        given, left = compiled.attempt(rows)
        aside += len(left)
        if given is None:
            continue
        if expected is None:
            labels_differ += len(rows)
            continue
        labels, distances = _differences(expected, given, left)
        labels_differ += labels
        numbers_differ += int((~(distances <= TOLERANCE)).sum())
        largest = max(largest, float(distances.max(initial=0.0)))
    first = [Rows.of_frame(compiled.signature, frame.iloc[[place]]) for place in range(min(TIMED_ROWS, len(frame)))]
    return Comparison(
        rows=len(frame),
        of_rows=of_rows,
        aside=aside,
        labels_differ=labels_differ,
        numbers_differ=numbers_differ,
        largest=largest,
        plain_us=_quickest(lambda rows: _expected(plain, rows), first),
        compiled_us=_quickest(lambda rows: compiled.attempt(rows)[0], first),
    )


def _expected(plain: ComposedScorer, rows: Rows) -> Scores | None:
    """The plain scores; None where the model refuses one of the rows, which the compiled form must then do, too."""
    try:
        return plain.score(rows.frame)
    except Exception:
        # Steps raise anything for rows that they do not take, such as unknown categories.
        return None


def _differences(expected: Scores, given: Scores, left: list[int]) -> tuple[int, Any]:
    """How many labels differ, `left` aside, and how far each row's numbers are apart; infinitely if one has none."""
    count = len(expected)
    if expected.predictions.dtype != given.predictions.dtype:
        return count, numpy.full(count, numpy.inf)
    if not expected.classes:
        distance = numpy.abs(expected.predictions - given.predictions)
        return 0, distance / numpy.maximum(1.0, numpy.abs(expected.predictions))
    differs = expected.predictions != given.predictions
    differs[left] = False
    labels = int(differs.sum())
    if expected.probabilities is None or given.probabilities is None:
        same = expected.probabilities is given.probabilities
        return labels, numpy.full(count, 0.0 if same else numpy.inf)
    return labels, numpy.abs(expected.probabilities - given.probabilities).max(axis=1)


def _quickest(score: Callable[[Rows], Any], each: list[Rows]) -> float:
    taken = []
    for rows in each:
        start = time.perf_counter()
        if score(rows) is not None:
            taken.append(time.perf_counter() - start)
    return round(min(taken, default=0.0) * 1e6, 1)
