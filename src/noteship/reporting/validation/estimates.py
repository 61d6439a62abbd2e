"""What of a judgement is a value of all rows, with its interval, as rows over an axis: metrics, differences, gates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from noteship.reporting.lanes import Kind, Lane, Lanes, Mark
from noteship.reporting.scales import Scale
from noteship.reporting.validation.telling import interval, is_of_one, measured, signed, words_of
from noteship.validation.judgement import Estimate, Gate, Judgement
from noteship.validation.measures import MEASURES

__all__ = ["differences", "gates", "groups", "marked", "spans"]

Estimates = Mapping[str, Estimate]
# Metrics that can be read off one axis; of all others each has its own.
ALIKE = (
    tuple(name for name, each in MEASURES.items() if each.better == "more"),
    ("log_loss", "brier"),
    ("rmse", "mae", "median_ae"),
)
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
        scale = Scale.around(spans(rows), most=1.0 if is_of_one(names[0]) else None)
        line = 0.0 if scale.low < 0 < scale.high else math.nan
        made.append(Lanes(shown_heads, rows, scale, line, about=_about(names)))
    return made


def _metric(judgement: Judgement, name: str, others: Estimates) -> Lane:
    estimate = judgement.metrics[name]
    numbers = [measured(name, estimate.value), interval(name, estimate)]
    marks = [marked(estimate)]
    if others:
        beside = others.get(name, Estimate(math.nan))
        numbers.append(measured(name, beside.value))
        marks.append(marked(beside, "other"))
    hint = "the main metric" if name == judgement.metric else ""
    return Lane(words_of(name, judgement), tuple(numbers), tuple(marks), hint)


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
    champion = judgement.champion
    told, is_chance = champion.differences, not champion.p < judgement.level
    made = []
    for names in _alike(told):
        rows = tuple(
            _difference(words_of(name, judgement), name, told[name], is_chance if name == judgement.metric else None)
            for name in names
        )
        furthest = max((abs(each) for each in spans(rows) if math.isfinite(each)), default=0.0) or 1.0
        scale = Scale.around([-furthest, furthest])
        heads = ("metric", "difference", "interval", "worse or better than the champion")
        made.append(Lanes(heads, rows, scale, 0.0, about=_sides(names)))
    return made


def _sides(names: Sequence[str]) -> str:
    first = MEASURES.get(names[0])
    if first is None or first.better == "zero":
        return ""
    return "Right of the line is better" if first.better == "more" else "Left of the line is better"


def _difference(words: str, name: str, estimate: Estimate, is_chance: bool | None) -> Lane:
    """Only of the main metric it is said whether it is better: of ten, one is by chance.

    Both have to say so, the test and the interval; which of two biases is better, neither says.
    """
    kind: Kind = "main"
    if is_chance is False and not (name in MEASURES and MEASURES[name].better == "zero"):
        kind = "good" if _is_better(name, estimate) else "bad" if _is_better(name, _turned(estimate)) else "main"
    told = interval(name, estimate)
    hint = "" if is_chance is None else f"the main metric: {WORDS[kind]}"
    return Lane(words, (signed(name, estimate.value), told), (marked(estimate, kind),), hint)


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


def marked(estimate: Estimate, kind: Kind = "main") -> Mark:
    """As it is drawn."""
    return Mark(estimate.value, estimate.low, estimate.high, kind)


def spans(rows: Iterable[Lane]) -> list[float]:
    """What an axis has to hold of these rows."""
    return [value for row in rows for mark in row.marks for value in mark.span]
