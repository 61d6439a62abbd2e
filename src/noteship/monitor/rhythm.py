"""What is usual at each hour of the week, from windows of the weeks before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy

from noteship import store
from noteship.monitor import arrays, errors, statistics
from noteship.monitor.memory import counted
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference, radii_of
from noteship.monitor.sketch import Sketch
from noteship.monitor.streams import Array
from noteship.monitor.windows import Windows

__all__ = ["Hour", "Sums", "hour_of", "week_of"]

VERSION = 1
HOUR_S, WEEK_S = 3_600, 604_800
# 1970 began on a Thursday; weeks begin on Monday.
MONDAY_S = 3 * 86_400
FEWEST_WEEKS = 4
# At each new week; so eight weeks count. No rows count more than fully, so their number is not overstated.
KEPT = 7 / 8
# Windows that are remembered as counted: those of eight weeks, of five minutes, and more.
REMEMBERED = 128
# The history's own error may be as large as the tolerance, or this.
LEAST_ERROR = 0.05


def hour_of(start: int) -> int:
    """The hour of the week, from 0 on Monday to 167, in UTC."""
    return (start + MONDAY_S) % WEEK_S // HOUR_S


def week_of(start: int) -> int:
    """The number of the week."""
    return (start + MONDAY_S) // WEEK_S


@dataclass(frozen=True, eq=False)
class Sums:
    """Discounted sums over rows: counts by bin, (bins,); products in two halves, (2, D), with their rows, (2,).

    squares: of requests' numbers of rows, (2,), by which it is known how many rows are as good as independent.
    """

    counts: Array
    products: Array
    rows: Array
    squares: Array

    @property
    def independent(self) -> Array:
        """Rows, (2,), all of one request counted as the same."""
        return numpy.asarray(self.rows**2 / numpy.maximum(self.squares, 1.0))

    @classmethod
    def of(cls, sketch: Sketch, week: int) -> Self:
        """Of a window. Weeks take turns in the halves: a direction and its baseline come from different ones."""
        half = numpy.array([week % 2 == 0, week % 2 == 1], float)
        return cls(
            counted(sketch).astype(float),
            half[:, None] * sketch.products,
            half * sketch.rows,
            half * sketch.rows_squared,
        )

    def plus(self, other: Self, kept: float = 1.0) -> Self:
        """With others; of these, a part is kept."""
        return type(self)(
            (kept * self.counts + other.counts).astype(numpy.float32),
            (kept * self.products + other.products).astype(numpy.float32),
            kept * self.rows + other.rows,
            kept * self.squares + other.squares,
        )

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        kinds = {"counts": "<f4", "products": "<f4", "rows": "<f8", "squares": "<f8"}
        return {name: arrays.to_json(getattr(self, name), kind) for name, kind in kinds.items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(*(arrays.from_json(value[name]) for name in ("counts", "products", "rows", "squares")))


@dataclass(frozen=True, eq=False)
class Hour:
    """One hour of the week. The present week is kept apart: no window is compared with itself or its neighbours.

    weeks: how many are in `past`; windows: the starts of those that were counted.
    """

    week: int
    weeks: int
    past: Sums
    present: Sums
    windows: tuple[int, ...]

    @classmethod
    def read(cls, windows: Windows, hour: int) -> tuple[store.Ref | None, Self | None]:
        """What is known of an hour; None before anything is. Raises DamagedDecisions."""
        ref = windows.objects.read_ref(_name(windows, hour))
        return ref, None if ref is None else cls.from_json(ref.value)

    @classmethod
    def count(cls, windows: Windows, start: int, sketch: Sketch) -> None:
        """Count a window in its hour, once, however often this is called."""
        while sketch.rows:
            ref, hour = cls.read(windows, hour_of(start))
            after = cls._first(start, sketch) if hour is None else hour._with(start, sketch)
            if after is hour:
                return
            try:
                windows.objects.write_ref(_name(windows, hour_of(start)), after.to_json(), expected=ref)
            except store.errors.RefMoved:
                continue
            return

    @classmethod
    def _first(cls, start: int, sketch: Sketch) -> Self:
        sums = Sums.of(sketch, week_of(start))
        return cls(week_of(start), 0, sums.plus(sums, -1.0), sums, (start,))

    def _with(self, start: int, sketch: Sketch) -> Self:
        if start in self.windows:
            return self
        week, sums = week_of(start), Sums.of(sketch, week_of(start))
        counted_windows = (*self.windows, start)[-REMEMBERED:]
        if week < self.week:
            return replace(self, past=self.past.plus(sums), windows=counted_windows)
        if week == self.week:
            return replace(self, present=self.present.plus(sums), windows=counted_windows)
        past = self.past.plus(self.present, KEPT)
        return type(self)(week, self.weeks + 1, past, sums, counted_windows)

    def reference(self, profile: Profile, tolerance: float, hour: int, week: int) -> Reference | None:
        """What windows of this hour are compared with in a week; None as long as there is not enough history.

        Requests of one hour of one week are taken for independent of each other; where they are not, the tolerance has
        to cover it.
        """
        past, weeks = (self.past, self.weeks) if week <= self.week else (self.past.plus(self.present), self.weeks + 1)
        halves = past.independent
        rows = float(halves.sum())
        if weeks < FEWEST_WEEKS or halves.min() < rows / 5:
            return None
        sizes = {name: int((profile.masses(name) > 0).sum()) for name in profile.encoder.bins}
        radii = {name: statistics.radius(size, max(1, int(rows)), tolerance) for name, size in sizes.items()}
        if max(radii.values()) > tolerance + max(tolerance, LEAST_ERROR):
            return None
        shape = profile.sketch().shape
        masses = {name: _shares(past.counts[shape.detectors[name]], profile.masses(name)) for name in sizes}
        counts = past.counts[: shape.features * shape.width].reshape(shape.features, shape.width)
        features = _shares(counts, profile.feature_masses)
        means = past.products.astype(float) / past.rows[:, None]
        moments = statistics.ReferenceMoments(
            (int(halves[0]), int(halves[1])), means, profile.pairs.factor, profile.pairs.rest
        )
        feature_radii = radii_of(features, rows, tolerance)
        return Reference(masses, radii, features, feature_radii, moments, tolerance, hour)

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "hour": VERSION,
            "week": self.week,
            "weeks": self.weeks,
            "past": self.past.to_json(),
            "present": self.present.to_json(),
            "windows": list(self.windows),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises DamagedDecisions."""
        try:
            if value["hour"] != VERSION:
                raise errors.DamagedDecisions(f"an hour of the week has version {value['hour']}, not {VERSION}")
            past, present = Sums.from_json(value["past"]), Sums.from_json(value["present"])
            return cls(int(value["week"]), int(value["weeks"]), past, present, tuple(map(int, value["windows"])))
        except (ValueError, KeyError, TypeError) as error:
            raise errors.DamagedDecisions("an hour of the week is missing or changed") from error


def _name(windows: Windows, hour: int) -> str:
    return f"{windows.prefix}hours/{hour:03}"


def _shares(counts: Array, masses: Array) -> Array:
    """Shares in the history, with half a row added to each bin that a row can be in, as the profile has it."""
    smoothed = (counts + 0.5) * (masses > 0)
    return numpy.asarray(smoothed / smoothed.sum(axis=-1, keepdims=True), float)
