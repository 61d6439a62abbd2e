"""Whether a model's probabilities are what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy

from noteship.monitor import streams
from noteship.validation.intervals import Interval
from noteship.validation.judgement import Calibration, CalibrationBin, Estimate
from noteship.validation.metrics import Array, Classified, Measured, Share
from noteship.validation.resampling import Resampling

__all__ = ["calibrate"]

BINS = 10
# Of answers as a calibrated model's would be; they tell one in a hundred.
DRAWS = 1_000
CELLS = 2_000_000
PREDICTED = "the predicted class"


def calibrate(judged: Classified, resampling: Resampling, words: tuple[str, ...]) -> Calibration | None:
    """Scores of the positive class, else of the class that is predicted, in ten bins of equal width.

    The expected calibration error (Naeini, Cooper and Hauskrecht 2015) of a calibrated model is not 0: each bin's share
    is off by chance. So answers are drawn by the scores a thousand times, as a calibrated model's would be, and the
    error that is told is what exceeds the mean of theirs; resamples of an error are further off than it is, and give
    no interval. None where the model has no probabilities.
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
    if resampling.groups is None:
        found = {name: resampling.share(share) for name, share in binned.shares().items()}
    else:
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
    shown, drawn = binned.error(binned.so[None, :])[0], binned.by_chance(resampling.seed)
    p = float((1 + (drawn >= shown).sum()) / (1 + DRAWS)) if resampling.groups is None else numpy.nan
    ece = Estimate(max(0.0, float(shown - drawn.mean())))
    return Calibration(of, bins, ece, float(shown), float(drawn.mean()), p)


@dataclass(frozen=True, eq=False)
class _Binned:
    """A measurer of the share that was so in each bin, named by its number."""

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
        """For each row and bin: whether it is in it, and whether it was so."""
        return numpy.hstack([self._inside, self._inside * self.so[:, None]])

    @cached_property
    def _inside(self) -> Array:
        inside: Array = (self.bins[:, None] == numpy.array(self.there)).astype(numpy.float64)
        return inside

    def error(self, so: Array) -> Array:
        """The expected calibration error if the rows were so, for answers of shape (r, n)."""
        error: Array = numpy.abs((so - self.scores) @ self._inside).sum(axis=1) / len(self)
        return error

    def by_chance(self, seed: int) -> Array:
        """That error of answers that are drawn by the scores."""
        drawn, step = [], max(1, CELLS // len(self))
        random = numpy.random.Generator(numpy.random.PCG64(int(streams.integers(str(seed), "calibrated", 1)[0])))
        for start in range(0, DRAWS, step):
            count = min(step, DRAWS - start)
            drawn.append(self.error((random.random((count, len(self))) < self.scores).astype(numpy.float64)))
        return numpy.concatenate(drawn)

    @property
    def loss(self) -> Array:
        return (self.so - self.scores) ** 2

    @property
    def rests_on(self) -> int:
        return len(self)

    @property
    def unsure(self) -> frozenset[str]:
        return frozenset()

    def reckoned(self, confidence: float) -> Mapping[str, Interval]:
        del confidence
        return {}

    def cases(self) -> Mapping[str, int]:
        return {}

    def part(self, places: Array, *, label_only: bool = True) -> _Binned:
        del label_only
        return _Binned(self.scores[places], self.so[places])

    def shares(self) -> Mapping[str, Share]:
        inside = [self.bins == number for number in self.there]
        pairs = zip(self.there, inside, strict=True)
        return {str(number): Share(int(self.so[rows].sum()), int(rows.sum())) for number, rows in pairs}

    def measure(self, weights: Array) -> Measured:
        rows, so = numpy.split(weights @ self._table, 2, axis=1)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            shares = so / rows
        return {str(number): shares[:, place] for place, number in enumerate(self.there)}
