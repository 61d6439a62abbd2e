"""Shares of rows by bin, in the reference and in windows, feature by feature, as they are drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from noteship.monitor import Profile, Sketch
from noteship.monitor.layout import Layout
from noteship.monitor.sketch import WORK_BINS, WORK_BINS_PER_OCTAVE
from noteship.monitor.streams import Array
from noteship.reporting.words import number, shown

__all__ = ["Comparison", "Histogram", "compare", "compare_work"]

# Labels of more letters would stand in each other's place.
LABEL_LENGTH = 18
# How many letters' widths a chart is wide, and what is free between two labels.
LETTERS, FREE = 41, 1.2
# Missing ones stand apart from numbers, which have an order, by so much of their bars: room for a label on each side.
APART = 0.2
WORK_BARS = 48


@dataclass(frozen=True, eq=False)
class Comparison:
    """One feature. Bars are one wide, and begin at `places`; `ticks` say what is where.

    distance: how far the shares are apart beyond what chance does, as the most that any quantity's mean has moved, in
    its standard deviations. most: the bin that moved most, in words, with its shares then and now.
    """

    name: str
    group: str
    is_ordered: bool
    places: Array
    reference: Array
    window: Array
    ticks: tuple[tuple[float, str], ...]
    distance: float
    most: tuple[str, float, float]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Shares by work on a logarithmic scale: bar i holds what takes from edges[i] to edges[i + 1]."""

    edges: Array
    reference: Array
    window: Array


def compare(profile: Profile, sketch: Sketch, *, effect: float = 1.0) -> list[Comparison]:
    """Every feature, in the order of the profile. `effect`: how many rows say as much as one independent one."""
    layout = profile.encoder.layout
    before, now = profile.features.sum(axis=0), sketch.features.sum(axis=0)
    compared = []
    for place in range(len(layout.features)):
        is_possible = profile.feature_masses[place] > 0
        bins = [bin_ for bin_ in numpy.flatnonzero(is_possible).tolist() if before[place, bin_] or now[place, bin_]]
        distance = _distance(now[place], profile.feature_masses[place], float(before[place].sum()), effect)
        compared.append(_compared(layout, place, bins, (before[place], now[place]), distance))
    return compared


def _compared(
    layout: Layout, place: int, bins: Sequence[int], counts: tuple[Array, Array], distance: float
) -> Comparison:
    feature = layout.features[place]
    is_ordered = place < len(layout.columns)
    reference, window = (_shares(each)[list(bins)] for each in counts)
    ticks, places = _numbers(layout, place, bins) if is_ordered else _levels(layout, place, bins)
    most = (feature.name, 0.0, 0.0)
    if len(bins):
        gains = (window - reference) ** 2 / numpy.maximum(reference, 0.5 / max(1, int(counts[0].sum())))
        which = int(gains.argmax())
        words = layout.bin_in_words(feature.name, bins[which])
        most = (words, float(reference[which]), float(window[which]))
    return Comparison(feature.name, feature.group, is_ordered, places, reference, window, ticks, distance, most)


def _shares(counts: Array) -> Array:
    return numpy.asarray(counts / max(1, int(counts.sum())))


def _distance(counts: Array, masses: Array, reference_rows: float, effect: float) -> float:
    """The root of the chi-squared divergence, less what it would be by chance alone."""
    rows = float(counts.sum())
    if not rows:
        return 0.0
    kept = masses > 0
    divergence = float(((counts[kept] / rows - masses[kept]) ** 2 / masses[kept]).sum())
    chance = (int(kept.sum()) - 1) * (effect / rows + 1 / max(1.0, reference_rows))
    return math.sqrt(max(0.0, divergence - chance))


def _levels(layout: Layout, place: int, bins: Sequence[int]) -> tuple[tuple[tuple[float, str], ...], Array]:
    """A label below each bar."""
    levels = (layout.categories.levels + layout.labels.levels)[place - len(layout.columns)]
    names = [*(shown(str(each), LABEL_LENGTH) for each in levels), "another", "missing"]
    return tuple((at + 0.5, names[bin_]) for at, bin_ in enumerate(bins)), numpy.arange(float(len(bins)))


def _numbers(layout: Layout, place: int, bins: Sequence[int]) -> tuple[tuple[tuple[float, str], ...], Array]:
    """Labels at some edges; for few values, at the bars' middles. Missing values stand apart."""
    knots, by_interval = layout.ranks.knots[place], layout.ranks.bins[place]
    values = 2.0**knots if layout.features[place].group == "work" else knots
    missing = int(by_interval[-1])
    apart_by = APART * len(bins) if len(bins) > 1 else 0.0
    places = numpy.array([at + apart_by * (bin_ == missing) for at, bin_ in enumerate(bins)])
    ordered = [bin_ for bin_ in bins if bin_ != missing]
    apart = [(float(places[-1]) + 0.5, "missing")] if len(ordered) < len(bins) else []
    intervals = [numpy.flatnonzero(by_interval[:-1] == bin_) for bin_ in ordered]
    if _is_discrete(knots):
        ticks = [(at + 0.5, _value(knots, values, inside)) for at, inside in enumerate(intervals)]
    else:
        ends = [float(values[inside[0]]) for inside in intervals]
        ends += [float(values[min(intervals[-1][-1] + 1, len(values) - 1)])] if intervals else []
        ticks = [(float(at), number(each)) for at, each in enumerate(ends)]
    return (*_readable(ticks, float(places[-1]) + 1), *apart), places


def _is_discrete(knots: Array) -> bool:
    """Few values have a knot each, and one just beside the first for what is below all."""
    return len(knots) > 1 and bool(knots[0] == numpy.nextafter(knots[1], -numpy.inf))


def _value(knots: Array, values: Array, inside: Array) -> str:
    """The values of a bin, or beyond which it is: its knot is then just beside that."""
    first, last = int(inside[0]), int(inside[-1])
    if first == 0:
        return f"< {number(float(values[1]))}"
    if first > 1 and knots[first] == numpy.nextafter(knots[first - 1], numpy.inf):
        return f"> {number(float(values[first - 1]))}"
    one, other = number(float(values[first])), number(float(values[last]))
    return one if one == other else f"{one} to {other}"


def _readable(ticks: Sequence[tuple[float, str]], width: float) -> list[tuple[float, str]]:
    """As many as do not run into each other on an axis `width` wide, at equal steps; the first and the last if at all.

    >>> _readable([(0, "0.001"), (1, "0.002"), (2, "0.003"), (3, "0.004")], width=12)
    [(0, '0.001'), (3, '0.004')]
    """
    last = len(ticks) - 1
    kept: list[tuple[float, str]] = []
    for step in range(1, len(ticks) + 1):
        inner = [place for place in range(0, last, step) if place <= last - step]
        kept = [ticks[place] for place in [*inner, last]]
        if all(
            (right[0] - left[0]) / width * LETTERS >= (len(left[1]) + len(right[1])) / 2 + FREE
            for left, right in itertools.pairwise(kept)
        ):
            break
    return kept


def compare_work(profile: Profile, sketch: Sketch) -> Histogram | None:
    """Shares by work; None where none was counted."""
    layout = profile.encoder.layout
    if not layout.has_work or not sketch.worked_rows:
        return None
    window = _shares(sketch.work)
    reference = _work_of(layout, profile.features[:, [each.group for each in layout.features].index("work")])
    held = numpy.flatnonzero(window + reference)
    first, end = max(0, int(held[0]) - 1), min(WORK_BINS, int(held[-1]) + 2)
    step = -(-(end - first) // WORK_BARS)
    edges = numpy.arange(first, end + step, step)
    both = [numpy.add.reduceat(each[first:end], edges[:-1] - first) for each in (reference, window)]
    return Histogram(2.0 ** (edges / WORK_BINS_PER_OCTAVE), *both)


def _work_of(layout: Layout, counts: Array) -> Array:
    """The reference's shares, from its ranks at knots; for few values, the share of each."""
    place = len(layout.columns) - 1
    knots, middles, by_interval = layout.ranks.knots[place], layout.ranks.middles[place], layout.ranks.bins[place]
    if not _is_discrete(knots):
        bounds = numpy.arange(WORK_BINS + 1) / WORK_BINS_PER_OCTAVE
        return numpy.diff(numpy.interp(bounds, knots, middles, left=0.0, right=1.0))
    rows = counts.sum(axis=0)
    shares = numpy.zeros(WORK_BINS)
    # Values that share a bin share its rows as their ranks say.
    gaps = numpy.gradient(middles)
    for bin_ in numpy.unique(by_interval[:-1]).tolist():
        inside = numpy.flatnonzero(by_interval[:-1] == bin_)
        inside = inside[knots[inside] > -math.inf]
        weights = gaps[inside] / gaps[inside].sum() if gaps[inside].sum() else numpy.ones(len(inside)) / len(inside)
        where = numpy.clip(knots[inside] * WORK_BINS_PER_OCTAVE + 1e-9, 0, WORK_BINS - 1).astype(int)
        numpy.add.at(shares, where, weights * rows[bin_])
    return shares / max(1.0, float(shares.sum()))
