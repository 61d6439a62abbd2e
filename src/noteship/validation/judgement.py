"""What was found of a model on rows that it was not fitted on: plain values, written as JSON.

Written form: canonical fields of the dataclasses below, version 1. A number that does not exist, such as a precision
where nothing was flagged, is NaN here and null there.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, Self

__all__ = [
    "VERSION",
    "Agreement",
    "Calibration",
    "CalibrationBin",
    "Compared",
    "Confusion",
    "Cost",
    "ErrorsBySize",
    "Estimate",
    "Gate",
    "Judgement",
    "Latency",
    "Regression",
    "Shift",
    "Slice",
    "Split",
    "Threshold",
    "Thresholds",
]

VERSION = 1


@dataclass(frozen=True)
class _Plain:
    """A dataclass of plain values, of tuples and mappings of them, and of others of its kind."""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain values; what is not a number is null."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; fields that it does not know are left out."""
        hints = typing.get_type_hints(cls)
        return cls(
            **{each.name: _read(hints[each.name], value[each.name]) for each in fields(cls) if each.name in value}
        )


@dataclass(frozen=True)
class Estimate(_Plain):
    """A number, and the interval that it lies in with the judgement's `confidence`; NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Split(_Plain):
    """Which rows were held out.

    - how: "share" (of every class alike), "time" (the last rows), "group" (no group on both sides), "file"
    - share, column, file: as declared; None where that split has none
    - boundary: of a split by time, the earliest moment that was held out
    - groups: of a split by group, how many were held out, and of how many in all
    - unlabelled: rows without an answer, which no part has
    - duplicates: held-out rows whose inputs are those of a row of the training part
    - classes: of a classification, rows by class in the training part and held out
    """

    how: Literal["share", "time", "group", "file"]
    train_rows: int
    held_rows: int
    seed: int = 0
    share: float | None = None
    column: str | None = None
    file: str | None = None
    boundary: str | None = None
    groups: tuple[int, int] | None = None
    unlabelled: int = 0
    duplicates: int = 0
    classes: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Slice(_Plain):
    """The held-out rows that are alike in one column.

    - value: as people are told it: a category, "10 to 25", "missing", "80 to 200 letters"
    - is_small: too few rows to say much
    - few: measures that rest on too few of its rows, those of one class for example
    - p: how likely so much a worse loss than that of the other rows is by chance, corrected for the number of slices
    - is_worse: whether that is below the judgement's `level`; never of a small slice
    - loss, usual: of a slice that was tested, what its answers lack, and what those to other rows do. Of classes the
      share of wrong answers, and that of other rows with as many of each class; of numbers the median distance from
      the truth, with groups the mean
    """

    column: str
    value: str
    rows: int
    metrics: Mapping[str, Estimate]
    is_small: bool = False
    p: float = math.nan
    is_worse: bool = False
    few: tuple[str, ...] = ()
    loss: float = math.nan
    usual: float = math.nan


@dataclass(frozen=True)
class CalibrationBin(_Plain):
    """Rows of like scores: the mean score, and the share that was so, with an interval."""

    low: float
    high: float
    rows: int
    predicted: float
    observed: Estimate


@dataclass(frozen=True)
class Calibration(_Plain):
    """Whether scores are probabilities.

    - of: whose probability: the positive class, or "the predicted class"
    - bins: those that have rows
    - ece: how far the expected calibration error, by rows in bins of equal width, is above a calibrated model's
    - shown, by_chance: that error as it is, and as it is on average of answers that are drawn by the scores
    - p: how often that of such answers is as large or larger; NaN where rows are no evidence of their own
    """

    of: str
    bins: tuple[CalibrationBin, ...]
    ece: Estimate
    shown: float = math.nan
    by_chance: float = math.nan
    p: float = math.nan


@dataclass(frozen=True)
class Confusion(_Plain):
    """Counts of held-out rows: a row for each true class, a column for each predicted one."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Threshold(_Plain):
    """What flagging every row with a score of at least `threshold` would give.

    `recall` against `false_alarms`, the share of the other rows that is flagged, draws the ROC curve; `precision`
    against `recall` the other one.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    flagged: float
    false_alarms: float


@dataclass(frozen=True)
class Thresholds(_Plain):
    """Thresholds on the probability of `positive`, upwards; `best` is that of the highest F1 on these rows.

    `chosen` is the one at which the model itself decides; None where it has none, as with more than two classes.
    """

    positive: str
    points: tuple[Threshold, ...]
    best: float
    chosen: float | None = None


@dataclass(frozen=True)
class ErrorsBySize(_Plain):
    """Held-out rows of like predictions: the span of predictions, the errors in the target's unit."""

    low: float
    high: float
    rows: int
    mae: Estimate
    bias: Estimate


@dataclass(frozen=True)
class Regression(_Plain):
    """Predictions against truth.

    - edges: of the bins of both axes, upwards; what lies beyond is in the outermost
    - counts: rows by true value (outer) and prediction (inner)
    - residuals: quantiles of predicted less true, by share: "0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"
    - histogram_edges, histogram: residuals in bins; what lies beyond is in the outermost
    - by_size: errors by parts of equal size of the predictions
    """

    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    residuals: Mapping[str, float]
    histogram_edges: tuple[float, ...]
    histogram: tuple[int, ...]
    by_size: tuple[ErrorsBySize, ...]


@dataclass(frozen=True)
class Latency(_Plain):
    """Milliseconds of one call."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Cost(_Plain):
    """What scoring takes on the machine that judged.

    - form: "compiled" or "plain", as it will be served
    - one, batch: calls for one row, and for 32; rows_per_second: of the latter
    - work_mean, work_p99: multiplications that a row takes; None where a step is not counted, with `uncounted`
    - machine: what it was measured on
    """

    form: Literal["compiled", "plain"]
    one: Latency
    batch: Latency
    rows_per_second: float
    work_mean: float | None = None
    work_p99: float | None = None
    uncounted: str = ""
    machine: str = ""


@dataclass(frozen=True)
class Shift(_Plain):
    """The same held-out rows with their inputs changed, and what that does to one metric.

    - kind: "missing", "shifted", "noise", "permuted", "unseen", "cut" (texts) or "dropped" (words)
    - column: the input that was changed
    - strength: as people are told it: "10 % of the rows", "by 1 standard deviation"
    - before, after: the metric; change: after less before, paired
    - refused: rows that the model does not take so; the metric is then of the others
    - why: why nothing was measured, and `after` is NaN
    """

    kind: str
    column: str
    strength: str
    metric: str
    before: Estimate
    after: Estimate
    change: Estimate
    refused: int = 0
    why: str = ""


@dataclass(frozen=True)
class Agreement(_Plain):
    """How far the bundle and the clone that was judged for it differ on the held-out rows.

    - same: the share of rows that both answer alike; of a regression, within a hundredth of the target's spread
    - mean_difference: between their probabilities (half the sum over classes) or answers, without sign
    - better, worse: rows that the bundle alone answers rightly, or wrongly; of a regression nearer, or farther
    - p: how likely so much a worse bundle is by chance if neither is worse: paired, one-sided, by the main metric; the
      smaller one of two tests, doubled: on the held-out rows, and on these rows changed a little
    - is_worse: whether `p` is below the judgement's `level`
    - difference: of the main metric on the held-out rows, the bundle's less the clone's, on the same resamples
    - changed: the main metric of the bundle and of the clone on rows changed a little; None where none could be
    - knows: whether the bundle is better on the held-out rows by more than chance, so that it was fitted on them
    - is_testable: whether there are groups enough to find a difference by them; where not, it was looked for by rows
    """

    rows: int
    same: float
    mean_difference: float
    better: int
    worse: int
    p: float
    is_worse: bool
    difference: Estimate | None = None
    changed: tuple[float, float] | None = None
    knows: bool = False
    is_testable: bool = True


@dataclass(frozen=True)
class Compared(_Plain):
    """The champion on the same rows.

    - how: "refitted" on the same training part, "as it is", which may have been fitted on the held-out rows, or
      "not compared"; why: of the last two
    - metrics: its own; differences: the judged model's less the champion's, on the same resamples
    - p: how likely so large a difference of losses is by chance if neither is better: paired, two-sided
    """

    digest: str
    how: Literal["refitted", "as it is", "not compared"]
    why: str = ""
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    p: float = math.nan


@dataclass(frozen=True)
class Gate(_Plain):
    """One of `[validate] gates`: how it is written, whether it is passed, and the numbers on both sides.

    - left, comparison, right: of a gate that is one comparison, its sides' values; else None and ""
    - estimate: of a gate that compares one measure, that measure with its interval
    """

    expression: str
    passed: bool
    told: str
    left: float | None = None
    comparison: str = ""
    right: float | None = None
    estimate: Estimate | None = None


@dataclass(frozen=True)
class Judgement(_Plain):
    """All that is known of one bundle from one judging.

    - bundle: its digest; name: its project's
    - metric: the main one; positive: the class that precision, recall and F1 are about, None for all alike (macro)
    - judged: "clone", the bundle's steps fitted anew on the training part, or "bundle", with `why`
    - metrics: of what was judged; bundle_metrics: of the bundle itself on the same rows
    - classes, calibration, confusion, thresholds: of a classification; regression: of the other kind
    - confidence: of every interval; level: of every test; resamples: that intervals are from
    - passed: whether the bundle may be promoted; failures: why not, beside gates
    - settings: [validate] as it was; environment: "python", "packages", "machine"
    - lineage: the bundle's: {"stages": [...]}
    - seconds, at: how long the judging took, and when it was, in UTC; with `cost`, all that depends on the time
    """

    bundle: str
    name: str
    kind: Literal["classification", "regression"]
    target: str
    metric: str
    split: Split
    judged: Literal["clone", "bundle"]
    why: str
    metrics: Mapping[str, Estimate]
    bundle_metrics: Mapping[str, Estimate]
    positive: str | None = None
    classes: tuple[str, ...] = ()
    slices: tuple[Slice, ...] = ()
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    thresholds: Thresholds | None = None
    regression: Regression | None = None
    cost: Cost | None = None
    robustness: tuple[Shift, ...] = ()
    agreement: Agreement | None = None
    champion: Compared | None = None
    gates: tuple[Gate, ...] = ()
    passed: bool = False
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    confidence: float = 0.95
    level: float = 0.01
    resamples: int = 1000
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    at: str = ""
    version: int = VERSION


def _plain(value: Any) -> Any:
    if isinstance(value, _Plain):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is float:
        return math.nan if value is None else float(value)
    if origin is types.UnionType:
        return None if value is None else _read(next(each for each in arguments if each is not types.NoneType), value)
    if is_dataclass(hint) and isinstance(hint, type) and issubclass(hint, _Plain):
        return hint.from_json(value)
    if origin is tuple:
        return tuple(_read(arguments[0], each) for each in value)
    if origin is Mapping:
        return {key: _read(arguments[1], each) for key, each in value.items()}
    return value
