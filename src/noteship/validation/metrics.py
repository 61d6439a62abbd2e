"""The measures of a model's answers, for any weights of the rows at once: resamples are weights.

Every measure is that of scikit-learn where it has it of equal weights, apart from these: a share of nothing, such as
the precision where no row was flagged, is NaN; averages over classes are over those that have rows, or were predicted;
the Brier score of k classes is half the sum over the classes, as of two.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy

from noteship.validation import intervals

__all__ = ["Array", "Classified", "Measured", "Measurer", "Regressed", "Share"]

Array = numpy.ndarray[Any, Any]
Measured = Mapping[str, Array]
# With fewer rows of a class, resamples of an area under ROC are too much alike.
RARE = 30
# A percentage of a true value nearer to 0 than this share of the usual one may be of any size.
NEAR_ZERO = 0.1


@dataclass(frozen=True)
class Share:
    """A measure that is a share of rows: `count` of `of`; `is_f1` where it is a Jaccard index, and F1 = 2J/(1 + J)."""

    count: int
    of: int
    is_f1: bool = False


class Measurer(Protocol):
    """What can be measured of n rows."""

    def measure(self, weights: Array) -> Measured:
        """By name the r values for weights of shape (r, n); NaN where it does not exist."""
        ...

    def shares(self) -> Mapping[str, Share]:
        """Those of the measures that are shares of rows."""
        ...

    def reckoned(self, confidence: float) -> Mapping[str, intervals.Interval]:
        """Intervals that need no resamples, if rows are independent; those of `shares` apart."""
        ...

    @property
    def unsure(self) -> frozenset[str]:
        """Measures that a few rows may decide that were not seen: no interval can be told."""
        ...

    @property
    def loss(self) -> Array:
        """What each answer lacks, of shape (n,)."""
        ...

    @property
    def rests_on(self) -> int:
        """The number of rows that a measure at its limit, 0 or 1, is known from."""
        ...

    def cases(self) -> Mapping[str, int]:
        """How many rows each measure rests on; all rows where it is not told."""
        ...

    def part(self, places: Array, *, label_only: bool = True) -> Measurer:
        """Of some of the rows."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Classified:
    """Answers in `classes` classes, as places among them.

    - true, predicted: of shape (n,); probabilities: of shape (n, classes), None where the model has none
    - positive: the class that precision, recall and F1 are about, None for the average over all
    """

    true: Array
    predicted: Array
    probabilities: Array | None
    classes: int
    positive: int | None = None

    def __len__(self) -> int:
        return len(self.true)

    @property
    def loss(self) -> Array:
        """1 for each wrong answer, else 0."""
        wrong: Array = (self.true != self.predicted).astype(numpy.float64)
        return wrong

    @property
    def rests_on(self) -> int:
        """The rows of the rarest class."""
        sizes = numpy.bincount(self.true, minlength=self.classes)
        return int(sizes[sizes > 0].min())

    @property
    def unsure(self) -> frozenset[str]:
        """None is."""
        return frozenset()

    def reckoned(self, confidence: float) -> Mapping[str, intervals.Interval]:
        """Balanced accuracy, from the interval of each class; the area under ROC where one of two classes is rare."""
        sizes = numpy.bincount(self.true, minlength=self.classes)
        hits = numpy.bincount(self.true[self.true == self.predicted], minlength=self.classes)
        there = [(int(hits[place]), int(sizes[place])) for place in numpy.flatnonzero(sizes)]
        shares = [intervals.wilson(count, of, confidence) for count, of in there]
        found = {"balanced_accuracy": intervals.mean_of([count / of for count, of in there], shares)}
        if self.probabilities is not None and self.classes == len(there) == 2 and sizes.min() < RARE:
            place = 1 if self.positive is None else self.positive
            value = float(self._ranked(place).measure(numpy.ones((1, len(self))))[0][0])
            found["roc_auc"] = intervals.area(value, int(sizes[place]), int(sizes[1 - place]), confidence)
        return found

    def cases(self) -> Mapping[str, int]:
        """How many rows each measure rests on: those of a class, or those that were flagged."""
        few, shares = self.rests_on, self.shares()
        whole = ("accuracy", "log_loss", "brier")
        names = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "mcc")
        scored = ("roc_auc", "average_precision", "log_loss", "brier")
        return {
            name: shares[name].of if name in shares else len(self) if name in whole else few
            for name in (*names, *scored)
        }

    def part(self, places: Array, *, label_only: bool = True) -> Classified:
        """Of some of the rows; with `label_only` without what needs probabilities."""
        probabilities = None if self.probabilities is None or label_only else self.probabilities[places]
        return Classified(self.true[places], self.predicted[places], probabilities, self.classes, self.positive)

    def confusion(self, weights: Array) -> Array:
        """Of shape (r, classes, classes): true, predicted."""
        cells = self.true * self.classes + self.predicted
        counts = numpy.zeros((len(weights), self.classes**2))
        order = numpy.argsort(cells, kind="stable")
        there, starts = numpy.unique(cells[order], return_index=True)
        counts[:, there] = numpy.add.reduceat(weights[:, order], starts, axis=1)
        return counts.reshape(len(weights), self.classes, self.classes)

    def shares(self) -> Mapping[str, Share]:
        """Accuracy, and of a positive class precision, recall and F1."""
        right = int((self.true == self.predicted).sum())
        shares = {"accuracy": Share(right, len(self))}
        if self.positive is not None:
            is_true, flagged = self.true == self.positive, self.predicted == self.positive
            hits = int((is_true & flagged).sum())
            shares["precision"] = Share(hits, int(flagged.sum()))
            shares["recall"] = Share(hits, int(is_true.sum()))
            # Without a row of the class there is nothing to find: no F1, whatever was flagged.
            either = int((is_true | flagged).sum()) if is_true.any() else 0
            shares["f1"] = Share(hits, either, is_f1=True)
        return shares

    def measure(self, weights: Array) -> Measured:
        """By name the values for each row of weights."""
        with warnings.catch_warnings(), numpy.errstate(divide="ignore", invalid="ignore"):
            # The mean of no class at all.
            warnings.simplefilter("ignore", RuntimeWarning)
            measured = dict(self._by_answers(self.confusion(weights)))
            if self.probabilities is not None:
                measured |= self._by_scores(weights)
        return measured

    def _by_answers(self, counts: Array) -> Iterator[tuple[str, Array]]:
        hits = numpy.diagonal(counts, axis1=1, axis2=2)
        truly, flagged = counts.sum(axis=2), counts.sum(axis=1)
        there = truly + flagged > 0
        recall = hits / truly
        yield "accuracy", hits.sum(axis=1) / truly.sum(axis=1)
        yield "balanced_accuracy", numpy.nanmean(recall, axis=1)
        f1 = 2 * hits / (truly + flagged)
        # Of a class that was never predicted, or has no rows, nothing was found: averages count it so.
        precision = numpy.where(there & (flagged == 0), 0.0, hits / flagged)
        if self.positive is None:
            yield "f1", numpy.nanmean(f1, axis=1)
            yield "precision", numpy.nanmean(precision, axis=1)
            yield "recall", numpy.nanmean(numpy.where(there & (truly == 0), 0.0, recall), axis=1)
        else:
            place = self.positive
            yield "f1", numpy.where(truly[:, place] > 0, f1[:, place], numpy.nan)
            yield "precision", hits[:, place] / flagged[:, place]
            yield "recall", recall[:, place]
        yield "mcc", _correlation(hits, truly, flagged)

    def _by_scores(self, weights: Array) -> Measured:
        assert self.probabilities is not None
        total = weights.sum(axis=1)
        curves = [self._ranked(place).measure(weights) for place in self._ranked_classes]
        # Whether one of two classes or the other is asked about, the area is the same; the precision is not.
        return {
            "roc_auc": numpy.nanmean([area for area, _ in curves], axis=0),
            "average_precision": numpy.nanmean([average for _, average in curves], axis=0),
            "log_loss": weights @ self._log_losses / total,
            "brier": weights @ self._squares / total,
        }

    @cached_property
    def _ranked_classes(self) -> tuple[int, ...]:
        there = numpy.unique(self.true).tolist()
        return (self.positive,) if self.positive is not None else tuple(there)

    @cached_property
    def _rankings(self) -> dict[int, _Ranked]:
        return {}

    def _ranked(self, place: int) -> _Ranked:
        if place not in self._rankings:
            assert self.probabilities is not None
            self._rankings[place] = _Ranked.of(self.probabilities[:, place], self.true == place)
        return self._rankings[place]

    @cached_property
    def _log_losses(self) -> Array:
        assert self.probabilities is not None
        given = self.probabilities[numpy.arange(len(self)), self.true]
        # As scikit-learn does: a row that was surely otherwise would count for ever.
        losses: Array = -numpy.log(numpy.clip(given, numpy.finfo(numpy.float64).eps, None))
        return losses

    @cached_property
    def _squares(self) -> Array:
        assert self.probabilities is not None
        squares: Array = ((self.probabilities - numpy.eye(self.classes)[self.true]) ** 2).sum(axis=1) / 2
        return squares


@dataclass(frozen=True, eq=False)
class _Ranked:
    """Rows by rising score: their order, where each run of equal scores begins, and which of them are of the class."""

    order: Array
    starts: Array
    within: Array

    @classmethod
    def of(cls, scores: Array, within: Array) -> _Ranked:
        order = numpy.argsort(scores, kind="stable")
        starts = numpy.flatnonzero(numpy.diff(scores[order], prepend=-numpy.inf))
        return cls(order, starts, within[order].astype(numpy.float64))

    def measure(self, weights: Array) -> tuple[Array, Array]:
        """The area under ROC and the average precision."""
        ordered = weights[:, self.order]
        inside = numpy.add.reduceat(ordered * self.within, self.starts, axis=1)
        outside = numpy.add.reduceat(ordered, self.starts, axis=1) - inside
        inside_below, outside_below = numpy.cumsum(inside, axis=1), numpy.cumsum(outside, axis=1)
        total_in, total_out = inside_below[:, -1:], outside_below[:, -1:]
        area = (inside * (outside_below - outside / 2)).sum(axis=1) / (total_in * total_out)[:, 0]
        flagged_in = total_in - inside_below + inside
        flagged = flagged_in + total_out - outside_below + outside
        precision = numpy.divide(flagged_in, flagged, out=numpy.zeros_like(flagged), where=flagged > 0)
        average = (inside * precision).sum(axis=1) / total_in[:, 0]
        return area, average


@dataclass(frozen=True, eq=False)
class Regressed:
    """Answers that are numbers, of shape (n,)."""

    true: Array
    predicted: Array

    def __len__(self) -> int:
        return len(self.true)

    @cached_property
    def errors(self) -> Array:
        """Predicted less true."""
        return self.predicted - self.true

    @property
    def loss(self) -> Array:
        """How far off each answer is."""
        return numpy.abs(self.errors)

    @property
    def rests_on(self) -> int:
        """All rows."""
        return len(self)

    @property
    def unsure(self) -> frozenset[str]:
        """The percentage, where true values come near to 0."""
        sizes = numpy.abs(self.true)
        return frozenset({"mape"}) if sizes.min() < NEAR_ZERO * numpy.median(sizes) else frozenset()

    def reckoned(self, confidence: float) -> Mapping[str, intervals.Interval]:
        """None is."""
        del confidence
        return {}

    def cases(self) -> Mapping[str, int]:
        """All measures rest on all rows."""
        return {}

    def part(self, places: Array, *, label_only: bool = True) -> Regressed:
        """Of some of the rows."""
        del label_only
        return Regressed(self.true[places], self.predicted[places])

    def shares(self) -> Mapping[str, Share]:
        """None is one."""
        return {}

    def measure(self, weights: Array) -> Measured:
        """By name the values for each row of weights; no percentage where a true value is 0."""
        total = weights.sum(axis=1)
        squares = weights @ self.errors**2
        about = self.true - self.true.mean()
        spread = weights @ about**2 - (weights @ about) ** 2 / total
        measured = {
            "rmse": numpy.sqrt(squares / total),
            "mae": weights @ self.loss / total,
            "median_ae": self._median(weights),
            "bias": weights @ self.errors / total,
        }
        with numpy.errstate(divide="ignore", invalid="ignore"):
            measured["r2"] = numpy.where(spread > 1e-12 * total, 1 - squares / spread, numpy.nan)
        if (self.true != 0).all():
            measured["mape"] = weights @ (self.loss / numpy.abs(self.true)) / total
        return measured

    @cached_property
    def _by_loss(self) -> Array:
        return numpy.argsort(self.loss, kind="stable")

    def _median(self, weights: Array) -> Array:
        """The mean of the two values that the half of the weight lies between."""
        sums = numpy.cumsum(weights[:, self._by_loss], axis=1)
        half = sums[:, -1:] / 2
        sorted_loss = self.loss[self._by_loss]
        lower = sorted_loss[(sums >= half).argmax(axis=1)]
        upper = sorted_loss[(sums > half).argmax(axis=1)]
        median: Array = (lower + upper) / 2
        return median


def _correlation(hits: Array, truly: Array, flagged: Array) -> Array:
    """Of k classes (Gorodkin 2004); 0 where all rows are, or all were predicted as, one class."""
    total = truly.sum(axis=1)
    covariance = hits.sum(axis=1) * total - (truly * flagged).sum(axis=1)
    spread = (total**2 - (truly**2).sum(axis=1)) * (total**2 - (flagged**2).sum(axis=1))
    return numpy.where(spread > 0, covariance / numpy.sqrt(spread), 0.0)
