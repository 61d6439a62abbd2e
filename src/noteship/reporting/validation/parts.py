"""What of a judgement is about a part of the rows, or about rows that were changed, as rows over an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from noteship.reporting.lanes import Kind, Lane, Lanes
from noteship.reporting.scales import Scale
from noteship.reporting.validation.estimates import marked, spans
from noteship.reporting.validation.telling import chance, interval, is_of_one, measured, signed, words_of
from noteship.reporting.words import number, percent, shown
from noteship.validation.judgement import Calibration, Estimate, Judgement, Shift, Slice
from noteship.validation.measures import goodness

__all__ = ["by_size", "calibration", "robustness", "slices"]

CHANGED = {
    "missing": "{} is missing",
    "shifted": "{} is shifted",
    "noise": "{} is noisy",
    "permuted": "{} is of another row",
    "unseen": "{} was never seen",
    "cut": "{} is cut short",
    "dropped": "words are dropped from {}",
}


def slices(judgement: Judgement) -> Lanes | None:
    """By the main metric, the worst first, and those with few rows after all others."""
    name = judgement.metric
    overall = judgement.metrics.get(name, Estimate(math.nan)).value
    given = [each for each in judgement.slices if name in each.metrics]
    if not given:
        return None
    given.sort(key=_by(name))
    few = {"group": "groups", "time": "rows or stretches of time"}.get(judgement.split.how, "rows")
    is_of_classes = judgement.kind == "classification"
    rows = tuple(_slice(name, each, few, is_of_classes) for each in given)
    scale = Scale.around([*spans(rows), overall], most=1.0 if is_of_one(name) else None)
    return Lanes(
        ("slice", words_of(name, judgement), "interval", "rows", "on the rows of the slice"), rows, scale, overall
    )


def _by(name: str) -> Callable[[Slice], tuple[bool, float]]:
    """A missing value is worse than any."""

    def order(each: Slice) -> tuple[bool, float]:
        value = each.metrics[name].value
        return each.is_small, goodness(name, value) if math.isfinite(value) else -math.inf

    return order


def _slice(name: str, given: Slice, few: str, is_of_classes: bool) -> Lane:
    estimate = given.metrics[name]
    hint = ""
    if given.is_worse:
        hint = "wrong more often than other rows of the same class" if is_of_classes else "farther off than other rows"
        # Of losses that are mostly equal, the middle one says nothing.
        if given.loss > given.usual:
            told = percent if is_of_classes else number
            hint += f": {told(given.loss)} against {told(given.usual)}"
        hint += f" ({chance(given.p)})" if chance(given.p) else ""
    elif given.is_small:
        hint = f"few {few}: this says little"
    kind: Kind = "bad" if given.is_worse else "other" if given.is_small else "main"
    numbers = (measured(name, estimate.value), interval(name, estimate), f"{given.rows:,}")
    return Lane(f"{shown(given.column, 60)}: {shown(given.value, 60)}", numbers, (marked(estimate, kind),), hint)


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
    heads = ("what was changed", "after", "change", "interval", "change")
    return Lanes(heads, rows, Scale.around([0.0, *spans(rows)]), 0.0, is_bars=True)


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
    return Lane(name, numbers, (marked(given.change, "bad" if harm else "main"),), "; ".join(hints))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def calibration(given: Calibration) -> Lanes:
    """Of rows with like scores, the share that was so, next to the line at what was promised."""
    rows = tuple(
        Lane(
            f"{percent(each.low)} to {percent(each.high)}",
            (percent(each.predicted), percent(each.observed.value), f"{each.rows:,}"),
            (marked(each.observed),),
            line=each.predicted,
        )
        for each in given.bins
    )
    scale = Scale.around([*spans(rows), *(each.predicted for each in given.bins)], least=0.0, most=1.0)
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
            (marked(each.mae),),
        )
        for each in given
    )
    scale = Scale.around([*spans(rows), 0.0])
    overall = judgement.metrics.get("mae", Estimate(math.nan)).value
    heads = ("predicted", "mean absolute error", "interval", "bias", "rows", "mean absolute error")
    return Lanes(heads, rows, scale, overall)
