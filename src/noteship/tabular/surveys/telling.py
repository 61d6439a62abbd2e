"""How much one column alone tells of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy
import pandas

from noteship.tabular.surveys.coding import Array, binned, coded, folds, numbers, rank
from noteship.tabular.surveys.columns import Counted

__all__ = ["Target", "Tells", "area", "score", "target_of", "tells"]

# A whole number with more values is a quantity.
MOST_CLASSES = 20
# More are no classes: names, or free text.
MOST_LABELS = 200
# Classes with fewer rows are left out of comparisons.
FEWEST_ROWS = 10
COARSE, FINE, FINE_ROWS = 20, 200, 15
MOST_VALUES = 1_000
FOLDS = 5


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    - codes: of the rows looked at, from 0, -1 where missing or rare; of numbers, of their tenths
    - classes: by code; none of numbers
    """

    name: str
    kind: Literal["classes", "numbers"]
    codes: Array
    values: Array
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tells:
    """What one column alone tells of the target.

    - share: mutual information, as a share of the target's entropy, corrected for bias (Miller and Madow, 1955)
    - score: how well it predicts the target in rows that it was not fitted on: of classes the balanced accuracy, from
      0 for chance to 1; of numbers the share of variance
    - auc: of a number and two classes, the area under the ROC curve, 0.5 at least
    """

    name: str
    share: float
    score: float
    auc: float | None = None


def target_of(frame: pandas.DataFrame, counted: Counted) -> Target | None:
    """The target's values in the rows looked at; None where they are nothing that can be compared."""
    if counted.role in ("other", "time") or counted.distinct < 2:
        return None
    values = frame[counted.name]
    if counted.role == "number" or (counted.role == "whole" and counted.distinct > MOST_CLASSES):
        known = numbers(values)
        return Target(counted.name, "numbers", binned(known, 10), known)
    if counted.distinct > min(MOST_LABELS, counted.present / 2):
        return None
    codes = coded(values, MOST_LABELS)
    sizes = numpy.bincount(codes[codes >= 0])
    kept = int((sizes >= FEWEST_ROWS).sum())
    if kept < 2:
        kept = len(sizes)
    # Codes are by frequency. What is hardly ever answered, or spelled so, would hide what tells the others apart.
    codes = numpy.where(codes < kept, codes, -1)
    first = [_named(values.iloc[int((codes == code).argmax())]) for code in range(kept)]
    return Target(counted.name, "classes", codes, codes.astype(float), tuple(first))


def _named(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value == round(value) else str(value)


def tells(frame: pandas.DataFrame, counted: Sequence[Counted], target: Target) -> tuple[Tells, ...]:
    """Each column that can be compared, the most telling first."""
    made = []
    for each in counted:
        if each.name == target.name or each.role == "other" or each.distinct < 2:
            continue
        if each.role == "text" and each.distinct > each.present / 2:
            continue
        made.append(_tells(frame[each.name], each, target))
    return tuple(sorted(made, key=lambda each: (-round(each.share, 9), each.name)))


def _tells(values: pandas.Series[Any], counted: Counted, target: Target) -> Tells:
    auc = None
    if counted.role in ("number", "whole", "time"):
        known = numbers(values)
        fine = binned(known, max(10, min(FINE, len(known) // FINE_ROWS)))
        coarse = binned(known, COARSE)
        if target.kind == "classes" and len(target.classes) == 2:
            above = area(known, target.codes == 1, target.codes >= 0)
            auc = max(above, 1 - above)
    else:
        fine = coded(values, MOST_VALUES)
        coarse = numpy.minimum(fine, 5 * COARSE - 1)
    return Tells(counted.name, _information(coarse + 1, target.codes), score(fine + 1, target), auc)


def area(values: Array, positive: Array, used: Array) -> float:
    """Under the ROC curve: the chance that a positive row has the greater value, half where they are equal."""
    used = used & ~numpy.isnan(values)
    positive = positive[used]
    more, less = int(positive.sum()), int((~positive).sum())
    if not more or not less:
        return 0.5
    ranks = rank(values[used])
    return float((ranks[positive].sum() - more * (more + 1) / 2) / (more * less))


def _table(one: Array, other: Array) -> Array:
    width = int(other.max()) + 1
    made: Array = numpy.bincount(one * width + other, minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    return made


def _information(codes: Array, labels: Array) -> float:
    used = labels >= 0
    if not used.any():
        return 0.0
    table = _table(codes[used], labels[used]).astype(float)
    count = table.sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    whole = _entropy(columns / count)
    if whole <= 0:
        return 0.0
    shared = _entropy(rows / count) + whole - _entropy(table.ravel() / count)
    # Of each entropy the bias is -(values - 1) / 2n.
    bias = ((table > 0).sum() - (rows > 0).sum() - (columns > 0).sum() + 1) / (2 * count)
    return float(numpy.clip((shared - bias) / whole, 0.0, 1.0))


def _entropy(shares: Array) -> float:
    shares = shares[shares > 0]
    return float(-(shares * numpy.log(shares)).sum())


def score(codes: Array, target: Target) -> float:
    """Of codes from 0, how well they predict the target out of fold; see `Tells.score`."""
    used = target.codes >= 0
    codes = codes[used]
    if not len(codes):
        return 0.0
    part = folds(len(codes), FOLDS)
    return (
        _balanced(codes, target.codes[used], part)
        if target.kind == "classes"
        else _variance(codes, target.values[used], part)
    )


def _balanced(codes: Array, labels: Array, part: Array) -> float:
    predicted = numpy.zeros(len(codes), numpy.int64)
    width = int(labels.max()) + 1
    for each in range(FOLDS):
        out = part == each
        table = _padded(_table(codes[~out], labels[~out]), int(codes.max()) + 1, width)
        totals = numpy.maximum(table.sum(axis=0), 1)
        # As if all classes were as frequent; a code that was never seen says nothing.
        predicted[out] = (table / totals).argmax(axis=1)[codes[out]]
        predicted[out] = numpy.where(table.sum(axis=1)[codes[out]] > 0, predicted[out], -1)
    sizes = numpy.bincount(labels, minlength=width)
    right = numpy.bincount(labels[predicted == labels], minlength=width)
    there = sizes > 0
    classes = int(there.sum())
    if classes < 2:
        return 0.0
    accuracy = float((right[there] / sizes[there]).mean())
    return max(0.0, (accuracy - 1 / classes) / (1 - 1 / classes))


def _padded(table: Array, rows: int, columns: int) -> Array:
    made = numpy.zeros((rows, columns))
    made[: table.shape[0], : table.shape[1]] = table
    return made


def _variance(codes: Array, values: Array, part: Array) -> float:
    # Of ranks, so that a few far values do not decide.
    values = rank(values)
    predicted = numpy.full(len(codes), values.mean())
    for each in range(FOLDS):
        out = part == each
        count = numpy.bincount(codes[~out], minlength=int(codes.max()) + 1)
        sums = numpy.bincount(codes[~out], values[~out], minlength=len(count))
        means = numpy.where(count > 0, sums / numpy.maximum(count, 1), values.mean())
        predicted[out] = means[codes[out]]
    whole = float(((values - values.mean()) ** 2).sum())
    return max(0.0, 1 - float(((values - predicted) ** 2).sum()) / whole) if whole else 0.0
