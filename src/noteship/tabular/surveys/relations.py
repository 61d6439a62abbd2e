"""How strongly columns go together, each pair on a scale from 0 to 1, with a sign where there is a direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas

from noteship.tabular.surveys.coding import Array, coded, numbers, rank
from noteship.tabular.surveys.columns import Counted

__all__ = ["Pair", "Relations", "relations"]

# More categories say little on this many rows, and take long.
MOST_CODES = 30
# Fewer rows with both values say nothing.
FEWEST = 10
MOST_COLUMNS = 100
MOST_PAIRS = 12


@dataclass(frozen=True)
class Pair:
    """Two columns. measure: "Spearman", "correlation ratio" or "Cramér's V"; pearson: of two numbers, beside it."""

    one: str
    other: str
    measure: str
    value: float
    pearson: float | None = None


@dataclass(frozen=True)
class Relations:
    """A symmetric matrix over these columns, NaN where nothing can be said; and its strongest pairs."""

    columns: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    strongest: tuple[Pair, ...]


def relations(frame: pandas.DataFrame, counted: Sequence[Counted], first: str | None = None) -> Relations:
    """Of all columns but free texts and those with one value only; a hundred of them, `first` in any case.

    Two numbers (or times): Spearman's rank correlation over rows that have both, of the ranks in all rows that have
    one. A number and a category: the correlation ratio of ranks, corrected for bias (Kelley, 1935). Two categories:
    Cramér's V, corrected for bias (Bergsma, 2013). Cost: a product of matrices, and 2 ms a pair with a category.
    """
    fitting = [each for each in counted if each.distinct > 1 and each.role not in ("text", "other")]
    kept = sorted(range(len(fitting)), key=lambda place: (fitting[place].name != first, place))[:MOST_COLUMNS]
    fitting = [fitting[place] for place in sorted(kept)]
    numeric = [each.name for each in fitting if each.role in ("number", "whole", "time")]
    categories = [each.name for each in fitting if each.role in ("category", "truth")]
    names = tuple(each.name for each in fitting)
    place = {name: number for number, name in enumerate(names)}
    matrix = numpy.full((len(names), len(names)), numpy.nan)
    values = numpy.column_stack([numbers(frame[name]) for name in numeric]) if numeric else numpy.empty((len(frame), 0))
    ranks = numpy.column_stack([rank(values[:, each]) for each in range(len(numeric))]) if numeric else values
    at = [place[name] for name in numeric]
    spearman, pearson = _correlations(ranks), _correlations(values)
    matrix[numpy.ix_(at, at)] = spearman
    codes = {name: coded(frame[name], MOST_CODES) for name in categories}
    for name in categories:
        for other, ratio in zip(numeric, _ratios(codes[name], ranks), strict=True):
            matrix[place[name], place[other]] = matrix[place[other], place[name]] = ratio
        for other in categories:
            if place[other] > place[name]:
                v = _cramer(codes[name], codes[other])
                matrix[place[name], place[other]] = matrix[place[other], place[name]] = v
    numpy.fill_diagonal(matrix, 1.0)
    linear = {(numeric[a], numeric[b]): float(pearson[a, b]) for a in range(len(numeric)) for b in range(len(numeric))}
    strongest = _strongest(names, matrix, set(categories), linear)
    return Relations(names, tuple(tuple(map(float, row)) for row in matrix), strongest)


def _correlations(values: Array) -> Array:
    """Pearson's, over rows in which both are present."""
    if not values.shape[1]:
        return numpy.empty((0, 0))
    there = (~numpy.isnan(values)).astype(float)
    with numpy.errstate(invalid="ignore", divide="ignore", over="ignore"):
        count = there.T @ there
        centre = numpy.nansum(values, axis=0) / there.sum(axis=0)
        scale = numpy.sqrt(numpy.nansum((values - centre) ** 2, axis=0) / there.sum(axis=0))
        filled = numpy.nan_to_num((values - centre) / scale)
        sums, squares = filled.T @ there, (filled**2).T @ there
        covariance = filled.T @ filled - sums * sums.T / count
        spread = numpy.sqrt(numpy.maximum(squares - sums**2 / count, 0))
        made = covariance / (spread * spread.T)
    made[(count < FEWEST) | ~numpy.isfinite(made)] = numpy.nan
    within: Array = numpy.clip(made, -1, 1)
    return within


def _ratios(codes: Array, ranks: Array) -> list[float]:
    """Of each column of ranks, how much of its variance is between the groups: its root, after correction."""
    return [_ratio(codes, ranks[:, place]) for place in range(ranks.shape[1])]


def _ratio(codes: Array, ranks: Array) -> float:
    both = (codes >= 0) & ~numpy.isnan(ranks)
    count = int(both.sum())
    groups, values = codes[both], ranks[both]
    sizes = numpy.bincount(groups) if count else numpy.zeros(0)
    used = int((sizes > 0).sum())
    if count < max(FEWEST, used + 2) or used < 2:
        return float("nan")
    total = float(((values - values.mean()) ** 2).sum())
    if not total:
        return float("nan")
    sums = numpy.bincount(groups, values)
    there = sizes > 0
    between = float((sums[there] ** 2 / sizes[there]).sum() - values.sum() ** 2 / count)
    corrected = 1 - (1 - between / total) * (count - 1) / (count - used)
    return float(numpy.sqrt(max(corrected, 0.0)))


def _cramer(one: Array, other: Array) -> float:
    both = (one >= 0) & (other >= 0)
    count = int(both.sum())
    if count < FEWEST:
        return float("nan")
    width = int(other.max()) + 1
    table = numpy.bincount(one[both] * width + other[both], minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return float("nan")
    expected = numpy.outer(table.sum(axis=1), table.sum(axis=0)) / count
    phi = float(((table - expected) ** 2 / expected).sum()) / count
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (count - 1))
    least = min(each - 1 - (each - 1) ** 2 / (count - 1) for each in (rows, columns))
    return float(min(1.0, numpy.sqrt(phi / least))) if least > 0 else float("nan")


def _strongest(
    names: Sequence[str], matrix: Array, categories: set[str], linear: dict[tuple[str, str], float]
) -> tuple[Pair, ...]:
    size = numpy.abs(numpy.nan_to_num(numpy.triu(matrix, 1)))
    order = numpy.argsort(-size, axis=None, kind="stable")[:MOST_PAIRS]
    made = []
    for one, other in zip(*numpy.unravel_index(order, size.shape), strict=True):
        if size[one, other] > 0:
            pair = (names[one], names[other])
            kinds = sum(name in categories for name in pair)
            measure = ("Spearman", "correlation ratio", "Cramér's V")[kinds]
            made.append(Pair(*pair, measure, float(matrix[one, other]), linear.get(pair)))
    return tuple(made)
