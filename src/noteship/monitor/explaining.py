"""Where a change is, in words: features, rules and pairs, with their shares then and now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy

from noteship.monitor import statistics
from noteship.monitor.decision import Culprit, Share
from noteship.monitor.encoder import Encoder
from noteship.monitor.layout import Layout
from noteship.monitor.reference import Reference
from noteship.monitor.sketch import Sketch
from noteship.monitor.streams import Array

__all__ = ["culprits", "pairs", "rule_that_moved", "short"]

# Of the features that are named, one in five may be a wrong one. A feature that rings by itself is then named: it has a
# part of a budget that is divided by the features and some detectors more.
LEVEL = 0.2
MOST_CULPRITS, MOST_SHARES, MOST_PAIRS = 10, 3, 3
# One product in a thousand would be off by so many standard errors, by chance.
CHANCE = 3.3


def short(number: float) -> float:
    """Six digits: more would not be known."""
    return float(f"{number:.6g}")


def culprits(
    encoder: Encoder, log_r: Mapping[int, float], windows: float, sketch: Sketch, reference: Reference
) -> tuple[Culprit, ...]:
    """The features whose evidence `log_r`, by place, stands out among that of all; the most evident first.

    Without a change R + (windows - t) does not grow on average over the first `windows` windows t, so that R divided by
    their number is below an e-value whenever one stops among them (Ville 1939). It would not be, divided by t.
    """
    features = encoder.layout.features
    evidence = numpy.full(len(features), -math.inf)
    for place, each in log_r.items():
        evidence[place] = each
    found = statistics.e_benjamini_hochberg(evidence - math.log(max(windows, 1)), LEVEL)
    places = sorted(numpy.flatnonzero(found).tolist(), key=lambda place: (-evidence[place], place))[:MOST_CULPRITS]
    counts = sketch.features.sum(axis=0)
    named = []
    for place in places:
        name = features[place].name
        moved = _moved(counts[place], reference.feature_masses[place], MOST_SHARES)
        shares = tuple(Share(encoder.layout.bin_in_words(name, number), *both) for number, *both in moved)
        named.append(Culprit(name, features[place].group, short(evidence[place]), shares))
    return tuple(named)


def rule_that_moved(encoder: Encoder, detector: str, sketch: Sketch, reference: Reference) -> Share | None:
    """The leaf of a detector's tree that moved most, as a rule."""
    moved = _moved(sketch.counts(detector).sum(axis=0), reference.masses[detector], 1)
    if not moved:
        return None
    leaf, then, now = moved[0]
    return Share(" and ".join(encoder.rule(detector, leaf)) or "all rows", then, now)


def _moved(counts: Array, masses: Array, most: int) -> list[tuple[int, float, float]]:
    """The bins that moved most, with their shares then and now: in the order of what they add to the divergence."""
    rows = float(counts.sum())
    if not rows:
        return []
    shares = counts / rows
    gains = numpy.zeros(len(shares))
    numpy.divide((shares - masses) ** 2, masses, out=gains, where=masses > 0)
    order = numpy.argsort(-gains, kind="stable")[:most].tolist()
    return [(number, short(masses[number]), short(shares[number])) for number in order if gains[number] > 0]


def pairs(layout: Layout, sketch: Sketch, reference: Reference, effect: float) -> tuple[Share, ...]:
    """The pairs of dimensions whose mean product moved most: of ranks, correlations and variances; and means.

    None that moved by less, in its standard deviations, than the tolerance and what chance may do. `effect`: how many
    rows say as much as one independent one.
    """
    rows, sizes = sketch.rows, numpy.array(reference.moments.rows, float)
    if not rows:
        return ()
    now, then = sketch.products / rows, sizes @ reference.moments.means / sizes.sum()
    spread = reference.moments.spreads
    off = numpy.divide(numpy.abs(now - then), spread, out=numpy.zeros_like(spread), where=spread > 0)
    least = reference.tolerance + CHANCE * math.sqrt(effect / rows + 1 / sizes.sum())
    marks = layout.two_valued
    shared = [_telling(marks, each) for each in statistics.pairs_of(layout.dimensions)]
    far = [place for place in numpy.argsort(-off, kind="stable").tolist() if off[place] > least and shared[place]]
    return tuple(
        Share(_pairs(layout, shared[place]), short(then[place]), short(now[place]))
        for place in far[:MOST_PAIRS]
        if 2 * off[place] >= off[far[0]]
    )


def _telling(marks: set[int], shared: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the squares of what is so or not: a mean tells of it already."""
    return [pair for pair in dict.fromkeys(shared) if pair[0] != pair[1] or pair[0] not in marks]


def _pairs(layout: Layout, shared: Sequence[tuple[int, int]]) -> str:
    """Those that one feature has; which of several it is cannot be told."""
    return ", or ".join(_pair(layout, *pair) for pair in shared)


def _pair(layout: Layout, first: int, second: int) -> str:
    if second == layout.dimensions:
        return f"mean of {_named(layout, first)}"
    if first == second:
        return f"variance of {_named(layout, first)}"
    return f"{_named(layout, first)} with {_named(layout, second)}"


def _named(layout: Layout, dimension: int) -> str:
    """What stands in a dimension of z: a condition on it says so before its sign."""
    words = layout.condition(dimension, 0.0, is_above=True)
    return words.rpartition(" > ")[0] or words
