"""Whether a model's probabilities are what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy

from noteship.validation.judgement import Calibration, CalibrationBin
from noteship.validation.metrics import Array, Classified, Measured, Share
from noteship.validation.resampling import Resampling

__all__ = ["calibrate"]

BINS = 10
PREDICTED = "the predicted class"


def calibrate(judged: Classified, resampling: Resampling, words: tuple[str, ...]) -> Calibration | None:
    """Scores of the positive class, else of the class that is predicted, in ten bins of equal width.

    The expected calibration error (Naeini, Cooper and Hauskrecht 2015) of a perfect model is not 0: each bin's share is
    off by chance. The share of each bin has an interval that tells so. None where the model has no probabilities.
    """
    if judged.probabilities is None:
        return None
    if judged.positive is None:
        scores = judged.probabilities.max(axis=1)
        so, of = judged.true == judged.probabilities.argmax(axis=1), PREDICTED
    else:
        scores, so = judged.probabilities[:, judged.positive], judged.true == judged.positive
        of = words[judged.positive]
    binned = _Binned(scores, so.astype(numpy.float64))
    found = resampling.estimates(binned)
    bins = tuple(
        CalibrationBin(
            number / BINS,
            (number + 1) / BINS,
            int((binned.bins == number).sum()),
            float(scores[binned.bins == number].mean()),
            found[str(number)],
        )
        for number in binned.there
    )
    return Calibration(of, bins, found["ece"])


@dataclass(frozen=True, eq=False)
class _Binned:
    """A measurer of the share that was so in each bin, named by its number, and of the expected calibration error."""

    scores: Array
    so: Array

    def __len__(self) -> int:
        return len(self.so)

    @cached_property
    def bins(self) -> Array:
        places: Array = numpy.minimum((self.scores * BINS).astype(numpy.intp), BINS - 1)
        return places

    @cached_property
    def there(self) -> list[int]:
        return [int(each) for each in numpy.unique(self.bins)]

    @cached_property
    def _table(self) -> Array:
        """For each row and bin: whether it is in it, whether it was so, and its score."""
        inside = self.bins[:, None] == numpy.array(self.there)
        return numpy.hstack([inside, inside * self.so[:, None], inside * self.scores[:, None]])

    @property
    def loss(self) -> Array:
        return (self.so - self.scores) ** 2

    @property
    def rests_on(self) -> int:
        return len(self)

    def part(self, places: Array, *, label_only: bool = True) -> _Binned:
        del label_only
        return _Binned(self.scores[places], self.so[places])

    def shares(self) -> Mapping[str, Share]:
        inside = [self.bins == number for number in self.there]
        pairs = zip(self.there, inside, strict=True)
        return {str(number): Share(int(self.so[rows].sum()), int(rows.sum())) for number, rows in pairs}

    def measure(self, weights: Array) -> Measured:
        rows, so, scores = numpy.split(weights @ self._table, 3, axis=1)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            shares = so / rows
        error = numpy.abs(so - scores).sum(axis=1) / rows.sum(axis=1)
        return {"ece": error, **{str(number): shares[:, place] for place, number in enumerate(self.there)}}
