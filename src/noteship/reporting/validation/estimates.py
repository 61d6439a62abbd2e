"""What of a judgement is a value with an interval, as rows over an axis: metrics, gates, slices, shifts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from noteship.reporting.lanes import Kind, Lane, Lanes, Mark
from noteship.reporting.scales import Scale
from noteship.reporting.validation.telling import chance, interval, is_of_one, measured, signed, words_of
from noteship.reporting.words import number, percent, shown
from noteship.validation.judgement import Calibration, Estimate, Gate, Judgement, Shift, Slice
from noteship.validation.measures import MEASURES

__all__ = ["by_size", "calibration", "differences", "gates", "groups", "robustness", "slices"]

Estimates = Mapping[str, Estimate]
# Metrics that can be read off one axis; of all others each has its own.
ALIKE = (
    tuple(name for name, each in MEASURES.items() if each.better == "more"),
    ("log_loss", "brier"),
    ("rmse", "mae", "median_ae"),
)
CHANGED = {
    "missing": "{} is missing",
    "shifted": "{} is shifted",
    "noise": "{} is noisy",
    "permuted": "{} is of another row",
    "unseen": "{} was never seen",
    "cut": "{} is cut short",
    "dropped": "words are dropped from {}",
}
WORDS: Mapping[Kind, str] = {"good": "better", "bad": "worse", "main": "not to be told apart"}
# Losses that are no quantities of the target.
UNITLESS = ("log_loss", "brier", "mape")


def groups(judgement: Judgement, heads: tuple[str, ...] = ("value",), others: Estimates | None = None) -> list[Lanes]:
    """All metrics, by axis; the heads are of the judged model's value and, with `others`, of that of another."""
    compared = others or {}
    drawn = f"● judged, □ {heads[-1]}" if compared else "on these rows"
    shown_heads = ("metric", heads[0], "interval", *(heads[1:] if compared else ()), drawn)
    made = []
    # That of the main metric comes first.
    for names in sorted(_alike(judgement.metrics), key=lambda each: judgement.metric not in each):
        rows = tuple(_metric(judgement, name, compared) for name in names)
        scale = Scale.around(_spans(rows), most=1.0 if is_of_one(names[0]) else None)
        line = 0.0 if scale.low < 0 < scale.high else math.nan
        made.append(Lanes(shown_heads, rows, scale, line, about=_about(names)))
    return made


def _metric(judgement: Judgement, name: str, others: Estimates) -> Lane:
    estimate = judgement.metrics[name]
    numbers = [measured(name, estimate.value), interval(name, estimate)]
    marks = [_mark(estimate)]
    if others:
        beside = others.get(name, Estimate(math.nan))
        numbers.append(measured(name, beside.value))
        marks.append(_mark(beside, "other"))
    hint = "the main metric" if name == judgement.metric else ""
    return Lane(words_of(name), tuple(numbers), tuple(marks), hint)


def _alike(names: Iterable[str]) -> list[list[str]]:
    there = list(names)
    found = [[name for name in group if name in there] for group in ALIKE]
    rest = [[name] for name in there if not any(name in group for group in ALIKE)]
    return [group for group in [*found, *rest] if group]


def _about(names: Sequence[str]) -> str:
    """What metrics on one axis have in common."""
    first = MEASURES.get(names[0])
    if first is None:
        return ""
    match first.better:
        case "more":
            return "The more, the better; 1 is perfect"
        case "zero":
            return "Zero is best; on either side it is wrong"
        case _:
            return f"The less, the better{'' if names[0] in UNITLESS else ', in the unit of the target'}"


def differences(judgement: Judgement) -> list[Lanes]:
    """The judged model's metrics less the champion's, with a line at none; each axis as wide to both sides."""
    if judgement.champion is None:
        return []
    told = judgement.champion.differences
    made = []
    for names in _alike(told):
        rows = tuple(_difference(name, told[name]) for name in names)
        furthest = max((abs(each) for each in _spans(rows) if math.isfinite(each)), default=0.0) or 1.0
        scale = Scale.around([-furthest, furthest])
        heads = ("metric", "difference", "interval", "worse or better than the champion")
        made.append(Lanes(heads, rows, scale, 0.0, about=_sides(names)))
    return made


def _sides(names: Sequence[str]) -> str:
    first = MEASURES.get(names[0])
    if first is None or first.better == "zero":
        return ""
    return "Right of the line is better" if first.better == "more" else "Left of the line is better"


def _difference(name: str, estimate: Estimate) -> Lane:
    kind: Kind = "good" if _is_better(name, estimate) else "bad" if _is_better(name, _turned(estimate)) else "main"
    told = interval(name, estimate)
    hint = WORDS[kind]
    if name in MEASURES and MEASURES[name].better == "zero":
        kind, hint = "main", ""
    return Lane(words_of(name), (signed(name, estimate.value), told), (_mark(estimate, kind),), hint)


def _is_better(name: str, difference: Estimate) -> bool:
    """Beyond what chance may do."""
    less = name in MEASURES and MEASURES[name].better == "less"
    return difference.high < 0 if less else difference.low > 0


def _turned(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.value, -estimate.high, -estimate.low)


def gates(given: Sequence[Gate]) -> Lanes:
    """Each over an axis of its own: the line is what is asked for."""
    return Lanes(("gate", "", "value, and the line that it has to keep to"), tuple(map(_gate, given)))


def _gate(gate: Gate) -> Lane:
    kind: Kind = "good" if gate.passed else "bad"
    said = "✓ passed" if gate.passed else "✗ failed"
    if gate.left is None or gate.right is None or not math.isfinite(gate.left + gate.right):
        return Lane(gate.expression, (said,), (), gate.told)
    # What was measured is on one side, what is asked for on the other; with an interval it is known on which.
    is_left = gate.estimate is None or gate.estimate.value == gate.left
    value, line = (gate.left, gate.right) if is_left else (gate.right, gate.left)
    bounds = (gate.estimate.low, gate.estimate.high) if gate.estimate is not None else (math.nan, math.nan)
    mark = Mark(value, *bounds, kind)
    return Lane(gate.expression, (said,), (mark,), gate.told, line, Scale.around([*mark.span, line]))


def slices(judgement: Judgement) -> Lanes | None:
    """By the main metric, the worst first, and those with few rows after all others."""
    name = judgement.metric
    overall = judgement.metrics.get(name, Estimate(math.nan)).value
    given = [each for each in judgement.slices if name in each.metrics]
    if not given:
        return None
    given.sort(key=_by(name))
    rows = tuple(_slice(name, each) for each in given)
    scale = Scale.around([*_spans(rows), overall], most=1.0 if is_of_one(name) else None)
    return Lanes(("slice", words_of(name), "interval", "rows", "on the rows of the slice"), rows, scale, overall)


def _by(name: str) -> Callable[[Slice], tuple[bool, float]]:
    """A missing value is worse than any."""
    sign = 1 if name not in MEASURES or MEASURES[name].better == "more" else -1

    def order(each: Slice) -> tuple[bool, float]:
        value = sign * each.metrics[name].value
        return each.is_small, value if math.isfinite(value) else -math.inf

    return order


def _slice(name: str, given: Slice) -> Lane:
    estimate = given.metrics[name]
    hint = ""
    if given.is_worse:
        hint = f"worse than the other rows ({chance(given.p)})" if chance(given.p) else "worse than the other rows"
    elif given.is_small:
        hint = "few rows: this says little"
    kind: Kind = "bad" if given.is_worse else "other" if given.is_small else "main"
    numbers = (measured(name, estimate.value), interval(name, estimate), f"{given.rows:,}")
    return Lane(f"{shown(given.column, 60)}: {shown(given.value, 60)}", numbers, (_mark(estimate, kind),), hint)


def robustness(given: Sequence[Shift]) -> Lanes | None:
    """How far the metric goes with each change of the inputs, as bars from no change; the greatest harm first."""
    if not given:
        return None
    name = given[0].metric
    better = 1 if is_of_one(name) else -1
    ordered = sorted(
        given, key=lambda each: (not math.isfinite(each.change.value), better * _finite(each.change.value))
    )
    rows = tuple(_shift(each, better) for each in ordered)
    heads = ("what was changed", f"{words_of(name)} after", "change", "interval", "change")
    return Lanes(heads, rows, Scale.around([0.0, *_spans(rows)]), 0.0, is_bars=True)


def _shift(given: Shift, better: int) -> Lane:
    column = shown(given.column, 60)
    name = CHANGED[given.kind].format(column) if given.kind in CHANGED else f"{column}: {shown(given.kind)}"
    hints = [shown(given.strength)]
    if given.refused:
        rest = "" if given.why else ", the metric is of the others"
        hints.append(f"{given.refused:,} {'row' if given.refused == 1 else 'rows'} refused{rest}")
    if given.why:
        hints.append(f"not measured: {shown(given.why, 200)}")
    harm = given.change.high < 0 if better > 0 else given.change.low > 0
    numbers = (
        measured(given.metric, given.after.value),
        signed(given.metric, given.change.value),
        interval(given.metric, given.change),
    )
    return Lane(name, numbers, (_mark(given.change, "bad" if harm else "main"),), "; ".join(hints))


def calibration(given: Calibration) -> Lanes:
    """Of rows with like scores, the share that was so, next to the line at what was promised."""
    rows = tuple(
        Lane(
            f"{percent(each.low)} to {percent(each.high)}",
            (percent(each.predicted), percent(each.observed.value), f"{each.rows:,}"),
            (_mark(each.observed),),
            line=each.predicted,
        )
        for each in given.bins
    )
    scale = Scale.around([*_spans(rows), *(each.predicted for each in given.bins)], least=0.0, most=1.0)
    return Lanes(("predicted", "on average", "was so", "rows", "was so, and the line that was promised"), rows, scale)


def by_size(judgement: Judgement) -> Lanes | None:
    """Of a regression, the mean absolute error by what was predicted."""
    if judgement.regression is None or not judgement.regression.by_size:
        return None
    given = judgement.regression.by_size
    rows = tuple(
        Lane(
            f"{number(each.low)} to {number(each.high)}".replace("-", "−"),
            (
                measured("mae", each.mae.value),
                interval("mae", each.mae),
                signed("bias", each.bias.value),
                f"{each.rows:,}",
            ),
            (_mark(each.mae),),
        )
        for each in given
    )
    scale = Scale.around([*_spans(rows), 0.0])
    overall = judgement.metrics.get("mae", Estimate(math.nan)).value
    heads = ("predicted", "mean absolute error", "interval", "bias", "rows", "mean absolute error")
    return Lanes(heads, rows, scale, overall)


def _mark(estimate: Estimate, kind: Kind = "main") -> Mark:
    return Mark(estimate.value, estimate.low, estimate.high, kind)


def _spans(rows: Iterable[Lane]) -> list[float]:
    return [value for row in rows for mark in row.marks for value in mark.span]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
