"""Where each field, prediction and work stands: among the numbers, the dimensions of z, and the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy

from noteship.monitor import arrays, dates, texts
from noteship.monitor.categories import MOST_LEVELS, Categories
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.ranks import Ranks
from noteship.monitor.streams import Array

__all__ = ["Feature", "Layout", "Placed", "Scales"]

MOST_BINS, FEWEST_BINS = 16, 6
# Bins of all features together; 16 each up to 75, fewer for more, so that sketches stay small.
ALL_BINS = 1_200
# Classes whose probabilities are watched one by one.
MOST_CLASSES = 12
# A flag of what is hardly ever missing: 1/10 is the spread of one row in a hundred.
LEAST_FLAG_SPREAD = 0.1
# All words together vary as much as this many numbers.
WORDS_WEIGHT = 8.0
LEAST_WORD_SPREAD = 0.02


@dataclass(frozen=True)
class Feature:
    """What has bins of its own, so that it can be named when it moves."""

    name: str
    group: Literal["input", "prediction", "work"]


@dataclass(frozen=True, eq=False)
class Placed:
    """n rows: z (n, dimensions); the bin of each feature (n, features); the logarithm of work to base 2 (n,)."""

    z: Array
    bins: Array
    log_work: Array | None


@dataclass(frozen=True, eq=False)
class Scales:
    """What is learned beside ranks and categories: where flags stand and what they and words are multiplied by."""

    flagged: Array
    flags: Array
    word_means: Array
    words: Array


class Layout:
    """Rows to numbers.

    Numbers, one column each, in this order: plain fields, other numbers, measures of texts, probabilities or predicted
    numbers; measures of dates, work. z: the ranks of all before the dates, then dates on circles, categories, words,
    flags of missing values.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        outputs: Sequence[tuple[str, int]],
        *,
        has_work: bool,
        seed: str,
    ) -> None:
        """Outputs: names of predicted numbers, with their places among the classes; none where labels are all."""
        self.fields, self.outputs, self.has_work, self.seed = tuple(fields), tuple(outputs), has_work, seed
        others = list(enumerate(field for field in fields if not field.is_plain))
        self._numbers = [place for place, field in others if field.kind in ("integer", "number")]
        self._texts = [place for place, field in others if field.kind == "text"]
        self._dates = [place for place, field in others if field.kind == "datetime"]
        self._categories = [place for place, field in others if field.kind in ("category", "boolean")]
        names = {place: field.name for place, field in others}
        ranked = [field.name for field in fields if field.is_plain] + [names[place] for place in self._numbers]
        ranked += [f"{names[place]}: {measure}" for place in self._texts for measure in texts.MEASURES]
        self._inputs = len(ranked)
        ranked += [name for name, _ in outputs]
        self._ranked = len(ranked)
        dated = [f"{names[place]}: {measure}" for place in self._dates for measure in dates.MEASURES]
        self.columns = (*ranked, *dated, *(["work"] if has_work else []))
        self._category_names = [names[place] for place in self._categories]
        self._label_names = [] if outputs else ["prediction"]
        self.features = tuple(self._features())
        self.width = max(FEWEST_BINS, min(MOST_BINS, ALL_BINS // max(len(self.features), 1)))
        self.ranks: Ranks
        self.categories: Categories
        self.labels: Categories
        self.scales: Scales

    def _features(self) -> list[Feature]:
        inputs = [Feature(name, "input") for name in self.columns[: self._inputs]]
        outputs = [Feature(name, "prediction") for name in self.columns[self._inputs : self._ranked]]
        rest = [Feature(name, "input") for name in self.columns[self._ranked :]]
        if self.has_work:
            rest[-1] = Feature("work", "work")
        named = [Feature(name, "input") for name in self._category_names]
        return inputs + outputs + rest + named + [Feature(name, "prediction") for name in self._label_names]

    def place(self, observed: Observed) -> Placed:
        """Encode rows."""
        numbers, words = self._numbers_of(observed)
        ranked, bins, missing = self.ranks.encode(numbers)
        parts = [ranked[:, : self._ranked]]
        if self._dates:
            dated = slice(self._ranked, self._ranked + 2 * len(self._dates))
            parts.append(dates.circles(numbers[:, dated]))
        if self._category_names:
            coded, codes = self.categories.encode([observed.others[place] for place in self._categories])
            parts.append(coded)
            bins = numpy.hstack([bins, codes])
        if self._label_names:
            coded, codes = self.labels.encode([observed.predictions.labels.tolist()])
            parts.append(coded)
            bins = numpy.hstack([bins, codes])
        if words is not None:
            parts.append(self._scaled(words))
        if len(self.scales.flagged):
            parts.append(self._flags(missing, len(numbers)))
        z = numpy.concatenate(parts, axis=1, dtype=numpy.float32, casting="same_kind")
        return Placed(z, bins, numbers[:, -1] if self.has_work else None)

    def _numbers_of(self, observed: Observed) -> tuple[Array, Array | None]:
        """All numbers, (n, columns), and the words, None without texts."""
        rows = len(observed)
        parts = [observed.numbers]
        parts += [_floats(observed.others[place])[:, None] for place in self._numbers]
        words = None
        for column, place in enumerate(self._texts):
            measured, hashed = texts.encode(observed.others[place], column)
            parts.append(measured)
            words = hashed if words is None else words + hashed
        if self.outputs:
            parts.append(self._output(observed.predictions))
        parts += [dates.measures(observed.others[place]) for place in self._dates]
        if self.has_work:
            work = numpy.full(rows, numpy.nan) if observed.work is None else observed.work
            parts.append(numpy.log2(numpy.maximum(work, 1.0))[:, None])
        return numpy.concatenate(parts, axis=1, dtype=numpy.float64), words

    def _output(self, predictions: Predictions) -> Array:
        if predictions.probabilities is None:
            return predictions.labels.astype(numpy.float64)[:, None]
        return predictions.probabilities[:, [place for _, place in self.outputs]]

    def _scaled(self, words: Array) -> Array:
        scaled: Array = (_damped(words) - self.scales.word_means) * self.scales.words
        return scaled

    def _flags(self, missing: Array | None, rows: int) -> Array:
        flagged = self.scales.flagged
        return numpy.zeros((rows, len(flagged))) if missing is None else missing[:, flagged] * self.scales.flags

    @classmethod
    def learn(cls, fields: Sequence[Field], observed: Observed, seed: str) -> Self:
        """What rows of the reference teach."""
        layout = cls(fields, _outputs(observed.predictions), has_work=observed.work is not None, seed=seed)
        numbers, words = layout._numbers_of(observed)
        layout.ranks = Ranks.learn(numbers, layout.width)
        most = min(MOST_LEVELS, layout.width - 2)
        layout.categories = Categories.learn([observed.others[place] for place in layout._categories], most, seed)
        labels = [observed.predictions.labels.tolist()] if layout._label_names else []
        layout.labels = Categories.learn(labels, most, seed)
        damped = _damped(words if words is not None else numpy.empty((1, 0)))
        spreads = numpy.maximum(damped.std(axis=0), LEAST_WORD_SPREAD)
        missing = numpy.isnan(numbers[:, : layout._inputs]).mean(axis=0)
        nulls = [field.has_nulls for field in layout.fields if field.is_plain]
        may_be = numpy.array(nulls + [False] * (layout._inputs - len(nulls)), dtype=bool)
        flagged = numpy.flatnonzero((missing > 0) | may_be)
        rates = missing[flagged]
        layout.scales = Scales(
            flagged,
            1 / numpy.maximum(numpy.sqrt(rates * (1 - rates)), LEAST_FLAG_SPREAD),
            arrays.rounded(damped.mean(axis=0), 6),
            arrays.rounded((WORDS_WEIGHT / texts.DIMENSIONS) ** 0.5 / spreads, 6),
        )
        return layout

    @property
    def _blocks(self) -> list[tuple[str, int]]:
        """The parts of z after the ranks, with their sizes."""
        return [
            ("dates", 4 * len(self._dates)),
            ("categories", self.categories.dimensions),
            ("labels", self.labels.dimensions),
            ("words", texts.DIMENSIONS if self._texts else 0),
            ("flags", len(self.scales.flagged)),
        ]

    @property
    def dimensions(self) -> int:
        """Of z."""
        return self._ranked + sum(size for _, size in self._blocks)

    @property
    def two_valued(self) -> set[int]:
        """The dimensions that say only whether something is so: their squares say the same once more."""
        found, start = set[int](), self._ranked
        hashed = {"categories"} if self.categories.is_hashed else set()
        for name, size in self._blocks:
            if name in {"categories", "labels", "flags"} - hashed:
                found.update(range(start, start + size))
            start += size
        return found

    @property
    def prediction_dimensions(self) -> list[int]:
        """Those of z that predictions are in."""
        if self.outputs:
            return list(range(self._inputs, self._ranked))
        start = self._ranked + 4 * len(self._dates) + self.categories.dimensions
        return list(range(start, start + self.labels.dimensions))

    @property
    def input_dimensions(self) -> list[int]:
        """All others, of inputs."""
        predicted = set(self.prediction_dimensions)
        return [dimension for dimension in range(self.dimensions) if dimension not in predicted]

    def condition(self, dimension: int, threshold: float, *, is_above: bool) -> str:
        """A condition on one dimension of z, in words."""
        sign = ">" if is_above else "<="
        if dimension < self._ranked:
            return f"{self.columns[dimension]} {sign} {self.ranks.value(dimension, threshold):.6g}"
        place = dimension - self._ranked
        for name, size in self._blocks:
            if place < size:
                return self._in_words(name, place, threshold, is_above=is_above)
            place -= size
        raise IndexError(dimension)

    def _in_words(self, block: str, place: int, threshold: float, *, is_above: bool) -> str:
        verb, sign = ("is", ">") if is_above else ("is not", "<=")
        if block == "flags":
            return f"{self.columns[self.scales.flagged[place]]} {verb} missing"
        if block == "dates":
            return f"{self._dated(place)} {sign} {threshold:.3g}"
        if block == "words" or (block == "categories" and self.categories.is_hashed):
            return f"{block}, projection {place + 1} {sign} {threshold:.3g}"
        coded = self.categories if block == "categories" else self.labels
        names = self._category_names if block == "categories" else self._label_names
        for name, levels in zip(names, coded.levels, strict=True):
            if place < len(levels) + 2:
                return f"{name} {verb} {[*map(repr, levels), 'another', 'missing'][place]}"
            place -= len(levels) + 2
        raise IndexError(place)

    def _dated(self, place: int) -> str:
        measures = 2 * len(self._dates)
        kind = "cosine" if place < measures else "sine"
        return f"{kind} of {self.columns[self._ranked + place % measures]}"

    def bin_in_words(self, feature: str, number: int) -> str:
        """A bin of a feature that is a number or a category."""
        names = [each.name for each in self.features]
        place = names.index(feature)
        if place >= len(self.columns):
            levels = self._levels[place - len(self.columns)]
            shown = [*map(repr, levels), "another", "missing"]
            return f"{feature} is {shown[number]}" if number < len(shown) else feature
        return self._interval(feature, place, number)

    def _interval(self, feature: str, place: int, number: int) -> str:
        bins, knots = self.ranks.bins[place], self.ranks.knots[place]
        if number == bins[-1]:
            return f"{feature} is missing"
        inside = numpy.flatnonzero(bins[:-1] == number)
        if not len(inside):
            return feature
        values = 2**knots if feature == "work" else knots
        first, last = int(inside[0]), int(inside[-1])
        lower = f"{values[first]:.6g} <= " if first else ""
        upper = f" < {values[last + 1]:.6g}" if last + 1 < len(values) else ""
        return f"{lower}{feature}{upper}"

    @property
    def _levels(self) -> tuple[tuple[Any, ...], ...]:
        return self.categories.levels + self.labels.levels

    def possible(self) -> Array:
        """Which bins of the features can hold a row, (features, width)."""
        found = numpy.zeros((len(self.features), self.width), dtype=bool)
        for place, bins in enumerate(self.ranks.bins):
            found[place, bins] = True
        for place, levels in enumerate(self._levels, len(self.columns)):
            found[place, : len(levels) + 2] = True
        return found

    def to_json(self) -> dict[str, Any]:
        """The written form, without the fields."""
        scales = {
            "flagged": self.scales.flagged.tolist(),
            "flags": arrays.to_json(self.scales.flags, "<f8"),
            "word_means": arrays.to_json(self.scales.word_means, "<f8"),
            "words": arrays.to_json(self.scales.words, "<f8"),
        }
        return {
            "outputs": [list(output) for output in self.outputs],
            "work": self.has_work,
            "ranks": self.ranks.to_json(),
            "categories": self.categories.to_json(),
            "labels": self.labels.to_json(),
            "scales": scales,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], fields: Sequence[Field], seed: str) -> Self:
        """The inverse of `to_json`."""
        outputs = [(str(name), int(place)) for name, place in value["outputs"]]
        layout = cls(fields, outputs, has_work=value["work"], seed=seed)
        layout.ranks = Ranks.from_json(value["ranks"])
        layout.categories = Categories.from_json(value["categories"], seed)
        layout.labels = Categories.from_json(value["labels"], seed)
        scales = value["scales"]
        layout.scales = Scales(
            numpy.array(scales["flagged"], dtype=numpy.intp),
            *(arrays.from_json(scales[name]) for name in ("flags", "word_means", "words")),
        )
        return layout


def _outputs(predictions: Predictions) -> list[tuple[str, int]]:
    """The numbers of a prediction: of two classes the second's probability says all."""
    if predictions.probabilities is None:
        return [] if predictions.classes else [("prediction", 0)]
    means = predictions.probabilities.mean(axis=0)
    if len(means) == 2:
        places = [1]
    else:
        places = sorted(numpy.argsort(-numpy.round(means, 6), kind="stable")[:MOST_CLASSES].tolist())
    return [(f"probability of {predictions.classes[place]!r}", place) for place in places]


def _damped(words: Array) -> Array:
    """The tenth time that a word comes says less than the first."""
    damped: Array = numpy.sign(words) * numpy.log1p(numpy.abs(words))
    return damped


def _floats(values: Sequence[Any]) -> Array:
    return numpy.array([numpy.nan if value is None else float(value) for value in values], dtype=numpy.float64)
