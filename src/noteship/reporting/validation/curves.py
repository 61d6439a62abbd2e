"""Charts of scores: thresholds, the two curves, and whether scores are probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy

from noteship.reporting.canvas import COLOURS, Axes, Canvas, Easel
from noteship.reporting.scales import Scale
from noteship.reporting.words import escaped, number
from noteship.validation.judgement import Calibration, Split, Threshold, Thresholds

__all__ = ["calibration", "legend", "precision_and_recall", "receiver", "share_of", "thresholds"]

# Inches; four are beside each other on a wide page.
WIDTH, HEIGHT = 2.6, 2.7
LEFT, RIGHT, BOTTOM, TOP = 0.56, 0.16, 0.44, 0.42
# Of Okabe and Ito (2008), which are told apart by day and by night, and by who sees few colours.
GREEN, ORANGE = "#009E73", "#E69F00"
SHARES = ([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
# Room beside the ends of axes, so that lines on them are seen.
EDGE = 0.02


def thresholds(easel: Easel, given: Thresholds) -> str:
    """Precision, recall and F1 by threshold; upright lines where the model decides, and where F1 is best."""
    canvas = _square(easel)
    axes = canvas.axes[0]
    at = [each.threshold for each in given.points]
    for name, colour, dashes in (("precision", GREEN, (1, 0)), ("recall", ORANGE, (5, 1.5)), ("f1", "window", (1, 0))):
        values = [getattr(each, name) for each in given.points]
        width = 1.9 if name == "f1" else 1.3
        label = "F1" if name == "f1" else name
        axes.plot(at, values, color=COLOURS.get(colour, colour), linewidth=width, dashes=dashes, label=label)
    if given.chosen is not None:
        axes.axvline(given.chosen, color=COLOURS["ink"], linewidth=1, dashes=(3, 2), label="the model's")
    axes.axvline(given.best, color=COLOURS["quiet"], linewidth=1, dashes=(1, 1.5), label="best F1")
    legend(axes, columns=3)
    _shares(axes, "y")
    axes.set_ylim(-EDGE, 1 + EDGE)
    _along(axes, at)
    axes.set_xlabel("flagged from this probability on")
    return canvas.svg(escaped(f"precision, recall and F1 by threshold on {given.positive}"))


def receiver(easel: Easel, given: Thresholds) -> str:
    """Recall against false alarms: the ROC curve, and the diagonal that guessing would be."""
    canvas = _square(easel)
    axes = canvas.axes[0]
    axes.plot([0, 1], [0, 1], color=COLOURS["quiet"], linewidth=0.8, dashes=(1, 2), label="guessing")
    _curve(axes, [(each.false_alarms, each.recall) for each in given.points], [(1.0, 1.0), (0.0, 0.0)])
    _chosen(axes, given, lambda each: (each.false_alarms, each.recall))
    return _curved(canvas, "false alarms", "recall", f"ROC curve of {given.positive}")


def precision_and_recall(easel: Easel, given: Thresholds, share: float) -> str:
    """Precision against recall, and `share`, the precision of flagging every row."""
    canvas = _square(easel)
    axes = canvas.axes[0]
    axes.axhline(share, color=COLOURS["quiet"], linewidth=0.8, dashes=(1, 2), label="guessing")
    _curve(axes, [(each.recall, each.precision) for each in given.points], [])
    _chosen(axes, given, lambda each: (each.recall, each.precision))
    return _curved(canvas, "recall", "precision", f"precision against recall of {given.positive}")


def calibration(easel: Easel, given: Calibration) -> str:
    """Scores by bins against what was so, with intervals; below, how many rows have such scores."""
    canvas = easel.canvas(WIDTH, HEIGHT, (3.2, 1))
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes, below = canvas.axes
    axes.plot([0, 1], [0, 1], color=COLOURS["quiet"], linewidth=0.8, dashes=(1, 2), label="as promised")
    predicted = [each.predicted for each in given.bins]
    observed = [each.observed.value for each in given.bins]
    low = [_below(each.observed.value, each.observed.low) for each in given.bins]
    high = [_below(each.observed.high, each.observed.value) for each in given.bins]
    axes.errorbar(
        predicted, observed, yerr=(low, high), fmt="o-", color=COLOURS["window"], markersize=4, linewidth=0.9,
        elinewidth=1.4, label="these rows",
    )  # fmt: skip
    legend(axes, columns=2)
    _shares(axes, "y")
    axes.set_ylim(-EDGE, 1 + EDGE)
    axes.set_ylabel("was so", labelpad=2)
    for each in given.bins:
        below.bar((each.low + each.high) / 2, each.rows, 0.9 * (each.high - each.low), color=COLOURS["reference"])
    scale = Scale.around([0, *(each.rows for each in given.bins)])
    below.set_ylim(0, scale.high)
    below.set_yticks([0, scale.high], ["0", number(scale.high)])
    below.set_ylabel("rows", labelpad=2)
    below.set_xlim(-EDGE, 1 + EDGE)
    _shares(below, "x")
    below.set_xlabel("predicted probability")
    return canvas.svg(escaped(f"predicted probability of {given.of}, against the share that was so"))


def share_of(split: Split, positive: str) -> float:
    """Of the held-out rows those that are positive: the precision of flagging all."""
    held = {name: count for name, (_, count) in split.classes.items()}
    return held.get(positive, 0) / max(1, sum(held.values()))


def _square(easel: Easel) -> Canvas:
    canvas = easel.canvas(WIDTH, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    return canvas


def _below(high: float, low: float) -> float:
    """The length of an arm; none where there is no interval."""
    return max(0.0, high - low) if math.isfinite(high - low) else 0.0


def _curve(axes: Axes, points: Sequence[tuple[float, float]], ends: Sequence[tuple[float, float]]) -> None:
    """A line through those that exist, from one end to the other."""
    there = [each for each in points if all(map(math.isfinite, each))]
    if ends:
        there = [ends[0], *there, ends[1]]
    axes.plot(*zip(*there, strict=True), color=COLOURS["window"], linewidth=1.7, label="the model")


def _chosen(axes: Axes, given: Thresholds, of: Callable[[Threshold], tuple[float, float]]) -> None:
    """Where the model decides: the point whose threshold is next to its own."""
    if given.chosen is None or not given.points:
        return
    chosen = given.chosen
    nearest: Threshold = min(given.points, key=lambda each: abs(each.threshold - chosen))
    axes.plot(
        *of(nearest), "s", color=COLOURS["ink"], markersize=5, linestyle="none", label="where it decides", zorder=3
    )


def _curved(canvas: Canvas, across: str, up: str, told: str) -> str:
    axes = canvas.axes[0]
    legend(axes, columns=2)
    _shares(axes, "x")
    _shares(axes, "y")
    axes.set_xlim(-EDGE, 1 + EDGE)
    axes.set_ylim(-EDGE, 1 + EDGE)
    axes.set_xlabel(across)
    axes.set_ylabel(up, labelpad=2)
    return canvas.svg(escaped(told))


def legend(axes: Axes, columns: int) -> None:
    """Above the chart, where no line is."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.2, 1.03), ncols=columns, frameon=False, fontsize=7.5, handlelength=1.5,
        columnspacing=0.9, handletextpad=0.4, borderaxespad=0.1,
    )  # fmt: skip


def _shares(axes: Axes, side: str) -> None:
    set_ticks = axes.set_xticks if side == "x" else axes.set_yticks
    set_ticks(*SHARES)
    axes.grid(visible=True)


def _along(axes: Axes, values: Sequence[float]) -> None:
    """Probabilities from 0 to 1; scores of another kind from their lowest to their highest."""
    if values and (min(values) < 0 or max(values) > 1):
        finite = numpy.array([each for each in values if math.isfinite(each)])
        axes.set_xlim(float(finite.min()), float(finite.max()))
        axes.grid(visible=True)
        return
    axes.set_xlim(-EDGE, 1 + EDGE)
    _shares(axes, "x")
