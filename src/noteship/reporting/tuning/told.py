"""What the page is told of a search, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy

from noteship import tuning
from noteship.monitor.streams import Array
from noteship.reporting.words import number

__all__ = ["Told"]

# Of the trials that are done; there are always some that are better than most.
TOP = 0.1
# What is further from the best than nine of ten trials is drawn at the axis' end where it would flatten the rest: into
# less than half of the chart.
SHOWN, FLAT = 0.9, 2.0
# Free on both sides of what is drawn.
MARGIN = 0.06


@dataclass(frozen=True)
class Told:
    """A search, its trials by number, and how much each parameter mattered. `project`: whose it is."""

    project: str
    search: tuning.Begun
    trials: Sequence[tuning.Trial]
    importances: Mapping[str, float]

    @property
    def best(self) -> tuning.Trial | None:
        """The best trial."""
        return tuning.best(self.trials, self.search.direction)

    @cached_property
    def valued(self) -> Sequence[tuning.Trial]:
        """The trials that came to a value, pruned ones included."""
        return [each for each in self.trials if each.value is not None and each.state != "failed"]

    @cached_property
    def done(self) -> Sequence[tuning.Trial]:
        """The trials that are done."""
        return [each for each in self.trials if each.is_done]

    @property
    def is_larger_better(self) -> bool:
        """The direction."""
        return self.search.direction == "maximize"

    @cached_property
    def top(self) -> Sequence[tuning.Trial]:
        """The best tenth of those that are done, one at least, the best first."""
        sign = -1 if self.is_larger_better else 1
        ordered = sorted(self.done, key=lambda each: (sign * (each.value or 0.0), each.number))
        return ordered[: max(1, round(TOP * len(ordered)))]

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The ends of an axis of values."""
        values = numpy.array([each.value for each in self.valued], dtype=float)
        if self.search.before is not None:
            values = numpy.append(values, self.search.before)
        low, high = float(values.min()), float(values.max())
        most = float(numpy.quantile(values, 1 - SHOWN if self.is_larger_better else SHOWN))
        width = high - most if self.is_larger_better else most - low
        if high - low > FLAT * width:
            low, high = (most, high) if self.is_larger_better else (low, most)
        room = (high - low) * MARGIN or abs(high) * MARGIN or 1.0
        return low - room, high + room

    def drawn(self, trials: Sequence[tuning.Trial]) -> Array:
        """Their values, those beyond the axis at its end."""
        result: Array = numpy.clip([each.value or 0.0 for each in trials], *self.limits)
        return result

    @property
    def beyond(self) -> int:
        """How many values are beyond the axis."""
        low, high = self.limits
        return sum(not low <= (each.value or 0.0) <= high for each in self.valued)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Parameters as charts call them: without the stage, where only one has the name."""
        every = list(self.search.space.dimensions)
        short = [name.rpartition(":" if ":" in name else ".")[2] for name in every]
        return {name: one if short.count(one) == 1 else name for name, one in zip(every, short, strict=True)}

    @property
    def by_importance(self) -> Sequence[str]:
        """The parameters, those that matter most first."""
        every = self.search.space.dimensions
        return sorted(every, key=lambda name: -self.importances.get(name, 0.0))

    @staticmethod
    def value(value: float | None) -> str:
        """A value in words."""
        return "none" if value is None else number(float(f"{value:.4g}")) if abs(value) >= 1000 else f"{value:.4g}"
