"""How the values of one column are spread: bins of numbers, times and lengths, and words of texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy

__all__ = ["Shape", "shape", "words"]

Array = numpy.ndarray[Any, Any]

BINS = 40
# Linear bins say little where the whole is so many times wider than its inner 94 %. Then what is further away than
# that is wide is left out, and that is said. Of a normal law the whole is 2.3 times as wide, of an exponential 3.1.
OUTER = 0.03
TOO_WIDE = 4.0
# From here on positive values are told on a logarithmic axis: three decades, the middle far to the left.
DECADES = 3.0
# Words are looked for in so many texts; short words are the same everywhere.
MOST_TEXTS, SHORTEST_WORD, MOST_WORDS = 20_000, 4, 12
WORD = re.compile(rf"[^\W\d_]{{{SHORTEST_WORD},30}}")


@dataclass(frozen=True)
class Shape:
    """Counts between edges. `is_log`: the edges are even on a logarithmic scale. `below`, `above`: values not drawn."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    is_log: bool = False
    below: int = 0
    above: int = 0


def shape(values: Array, *, is_whole: bool = False, may_be_log: bool = True) -> Shape | None:
    """The bins of finite values; None where there are none."""
    values = values[numpy.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if not numpy.isfinite(high - low):
        return None
    # Beyond it, floats have no halves.
    is_whole = is_whole and max(abs(low), abs(high)) < 2**52
    if is_whole and high - low <= 2 * BINS:
        edges = numpy.arange(low - 0.5, high + 1)
        return _binned(values, edges)
    if low == high:
        half = max(abs(low), 1.0) / 2
        return _binned(values, numpy.linspace(low - half, low + half, 4))
    inner_low, middle, inner_high = numpy.quantile(values, [OUTER, 0.5, 1 - OUTER])
    if may_be_log and low > 0 and numpy.log10(high / low) > DECADES and high / middle > 10 ** (DECADES / 2):
        return _binned(values, numpy.geomspace(low, high, BINS + 1), is_log=True)
    if inner_high > inner_low and high - low > TOO_WIDE * (inner_high - inner_low):
        room = inner_high - inner_low
        low, high = max(low, float(inner_low - room)), min(high, float(inner_high + room))
    if is_whole:
        step = max(1.0, numpy.ceil((high - low + 1) / BINS))
        low = float(numpy.ceil(low))
        return _binned(values, numpy.arange(low - 0.5, high + step, step))
    return _binned(values, numpy.linspace(low, high, BINS + 1))


def _binned(values: Array, edges: Array, *, is_log: bool = False) -> Shape:
    # The last of even logarithmic edges may be a rounding away from the greatest value.
    if is_log:
        edges[0], edges[-1] = min(edges[0], values.min()), max(edges[-1], values.max())
    counts, _ = numpy.histogram(values, edges)
    below, above = int((values < edges[0]).sum()), int((values > edges[-1]).sum())
    return Shape(tuple(map(float, edges)), tuple(map(int, counts)), is_log, below, above)


def words(texts: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Words that most texts have, with the share of texts that have them; equals in the order of their letters."""
    found = Counter[str]()
    count = 0
    for text in texts:
        if count == MOST_TEXTS:
            break
        count += 1
        found.update(set(WORD.findall(text.casefold())))
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))[:MOST_WORDS]
    return tuple((word, number / count) for word, number in ordered if number > 1 or count == 1)
