"""Charts over time: evidence against the bell, rows, expected accuracy, work."""

from __future__ import annotations

import bisect
import functools
import math
import operator
from collections.abc import Callable, Sequence

import numpy

from noteship.monitor import Labels
from noteship.reporting.canvas import COLOURS, DAY_S, Axes, Canvas, Easel
from noteship.reporting.history import History
from noteship.reporting.marks import Mark, gaps, marks
from noteship.reporting.states import LOOKS
from noteship.reporting.words import number, power

__all__ = ["accuracy", "error", "evidence", "rows", "work"]

# Inches.
WIDTH = 11.2
LEFT, RIGHT, BOTTOM, TOP = 0.72, 0.16, 0.4, 0.12
# In powers of ten. Evidence below this is none: R after the next window is (1 + R) times its own.
LEAST = -2.0
# What is far beyond the bell is drawn at the upper edge, or nothing of the way to the bell could be seen.
BEYOND = 2.0
STANDARD_ERRORS = 2.0
# Points squared, where marks stand apart and where there are many.
FEW, MARK, SMALL_MARK = 150, 18.0, 8.0


def evidence(easel: Easel, history: History) -> str:
    """R by window on a logarithmic scale, with the bell; states by colour and shape."""
    shown, _ = marks(history)
    canvas = _canvas(easel, history, 2.9)
    axes = canvas.axes[0]
    bell = math.log10(history.settings.threshold)
    size = MARK if len(shown) <= FEW else SMALL_MARK
    top = max(BEYOND * bell, 1.0) + 0.35
    axes.axhspan(bell, top, color=LOOKS["alarm"].colour, alpha=0.09, linewidth=0)
    axes.axhline(bell, color=LOOKS["alarm"].colour, linewidth=1.2, dashes=(5, 3))
    axes.axhline(bell / 2, color=LOOKS["changing"].colour, linewidth=1.0, dashes=(1, 2))
    _line(axes, shown, lambda mark: _height(mark, top), color=COLOURS["quiet"], linewidth=0.9)
    for state, look in LOOKS.items():
        of_state = [mark for mark in shown if mark.state == state and look.marker]
        if of_state:
            middles = [mark.middle / DAY_S for mark in of_state]
            heights = [LEAST if state == "not enough data" else _height(mark, top) for mark in of_state]
            # Crosses are lines.
            width = 0 if look.is_filled else 1.2
            axes.scatter(
                middles, heights, s=size, c=look.colour, marker=look.marker, linewidths=width, zorder=3, clip_on=False
            )
    _beyond(axes, shown, top)
    ticks = numpy.arange(LEAST, top, 2 if top < 12 else 4)
    axes.set_yticks(ticks, [power(each) for each in ticks])
    axes.set_ylim(LEAST - 0.2, top)
    axes.set_ylabel("evidence R", labelpad=8)
    for height, words in ((bell, f"the bell: {history.settings.threshold:,.0f}"), (bell / 2, "changing")):
        axes.annotate(words, (0, height), (3, 2), xycoords=("axes fraction", "data"), textcoords="offset points")
    return canvas.svg("evidence by window, next to the bell at which it is an alarm")


def _height(mark: Mark, top: float) -> float:
    """In powers of ten, within the axis. A window that was not judged has none."""
    if mark.state == "not enough data" and mark.log_r is None:
        return math.nan
    exponent = -math.inf if mark.log_r is None else mark.log_r / math.log(10)
    return min(max(exponent, LEAST), top)


def _beyond(axes: Axes, shown: Sequence[Mark], top: float) -> None:
    """How far what is drawn at the edge is beyond it."""
    largest = max((mark.log_r for mark in shown if mark.log_r is not None), default=0.0) / math.log(10)
    if largest > top:
        words = f"at the edge: up to {power(math.floor(largest))}"
        axes.annotate(words, (1, 1), (-3, -11), xycoords="axes fraction", textcoords="offset points", ha="right")


def rows(easel: Easel, history: History) -> str:
    """Rows and requests of each window."""
    shown, size = marks(history)
    canvas = _canvas(easel, history, 1.75)
    axes = canvas.axes[0]
    starts = numpy.array([mark.start for mark in shown]) / DAY_S
    widths = numpy.array([mark.end - mark.start for mark in shown]) / DAY_S
    values, edges = [], [float(starts[0])]
    for start, width, mark in zip(starts.tolist(), widths.tolist(), shown, strict=True):
        if start > edges[-1]:
            values.append(math.nan)
            edges.append(start)
        values.append(float(mark.rows))
        edges.append(start + width)
    axes.stairs(values, edges, fill=True, color=COLOURS["reference"])
    _line(axes, shown, lambda mark: float(mark.requests), color=COLOURS["window"], linewidth=1.4)
    axes.plot([mark.middle / DAY_S for mark in shown], [mark.requests for mark in shown], ".", markersize=3,
              color=COLOURS["window"])  # fmt: skip
    axes.set_ylim(0, max(1, *(max(mark.rows, mark.requests) for mark in shown)) * 1.1)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="y", nbins=4, integer=True)
    axes.grid(axis="y")
    axes.set_ylabel("a window" if size == 1 else f"{size} windows")
    return canvas.svg("rows and requests by window")


def accuracy(easel: Easel, history: History) -> str:
    """The expected accuracy with two standard errors, and the realised one; nothing where no window tells of either."""
    shown = [mark for mark in marks(history)[0] if mark.accuracy is not None and mark.rows]
    labelled = [each for each in _labelled(history) if each[1].kind == "classification"]
    if not shown and not labelled:
        return ""
    canvas = _canvas(easel, history, 1.75)
    axes = canvas.axes[0]
    lowest = min(_expected(axes, shown), _realised(axes, labelled))
    axes.set_ylim(max(0.0, math.floor(10 * lowest - 0.5) / 10), 1.005)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y")
    return canvas.svg("expected and realised accuracy by window" if labelled else "expected accuracy by window")


def error(easel: Easel, history: History) -> str:
    """The mean absolute error of numbers for which labels came; nothing without any."""
    labelled = [each for each in _labelled(history) if each[1].kind == "regression"]
    if not labelled:
        return ""
    canvas = _canvas(easel, history, 1.75)
    axes = canvas.axes[0]
    _realised(axes, labelled)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y")
    return canvas.svg("mean absolute error by window")


def _labelled(history: History) -> list[tuple[Mark, Labels]]:
    """The labels that came for the windows of each mark, where any did."""
    starts = sorted(history.labels)
    found = []
    for mark in marks(history)[0]:
        own = starts[bisect.bisect_left(starts, mark.start) : bisect.bisect_left(starts, mark.end)]
        if own:
            found.append((mark, functools.reduce(operator.add, (history.labels[start] for start in own))))
    return [(mark, labels) for mark, labels in found if labels.labels]


def _realised(axes: Axes, labelled: Sequence[tuple[Mark, Labels]]) -> float:
    """Squares, with the interval of each; how far down they reach."""
    scores = [score for _, labels in labelled if (score := labels.score) is not None]
    middles = [mark.middle / DAY_S for mark, _ in labelled]
    low, high = [score.low for score in scores], [score.high for score in scores]
    axes.vlines(middles, low, high, COLOURS["ink"], linewidth=0.9)
    axes.plot(middles, [score.value for score in scores], "s", markersize=3.5, color=COLOURS["ink"])
    return min(low, default=1.0)


def _expected(axes: Axes, shown: Sequence[Mark]) -> float:
    """A line, with two standard errors around it; how far down they reach."""
    if not shown:
        return 1.0
    middles = [mark.middle / DAY_S for mark in shown]
    told = numpy.array([(each.expected, each.standard_error) for mark in shown if (each := mark.accuracy)])
    low, high = (numpy.clip(told[:, 0] + side * STANDARD_ERRORS * told[:, 1], 0, 1) for side in (-1, 1))
    axes.vlines(middles, low, high, COLOURS["reference"], linewidth=3)
    _line(axes, shown, lambda mark: mark.accuracy.expected if mark.accuracy else math.nan,
          color=COLOURS["window"], linewidth=1.4)  # fmt: skip
    axes.plot(middles, told[:, 0], ".", markersize=4, color=COLOURS["window"])
    return float(low.min())


def work(easel: Easel, history: History) -> str:
    """The mean work of each window next to the reference's; nothing where none was counted."""
    shown = [mark for mark in marks(history)[0] if mark.work is not None]
    if not shown:
        return ""
    canvas = _canvas(easel, history, 1.5)
    axes = canvas.axes[0]
    ratios = [mark.work.ratio for mark in shown if mark.work is not None]
    axes.axhline(1, color=COLOURS["quiet"], linewidth=1.0, dashes=(5, 3))
    _line(axes, shown, lambda mark: mark.work.ratio if mark.work else math.nan, color=COLOURS["window"], linewidth=1.4)
    axes.plot([mark.middle / DAY_S for mark in shown], ratios, ".", markersize=4, color=COLOURS["window"])
    axes.set_ylim(0, max(1.3, *ratios) * 1.1)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} ×")
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y")
    return canvas.svg("mean work by window, as a multiple of the reference's")


def _canvas(easel: Easel, history: History, height: float) -> Canvas:
    """With times below, and hatches where no window was closed."""
    canvas = easel.canvas(WIDTH, height)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    silences = gaps(history)
    end = max([history.end, *(until for _, until in silences)])
    canvas.over_time(history.windows[0].decision.start, end)
    for start, until in silences:
        canvas.axes[0].axvspan(start / DAY_S, until / DAY_S, facecolor="none", edgecolor=COLOURS["gap"], hatch="////",
                               linewidth=0)  # fmt: skip
    return canvas


def _line(axes: Axes, shown: Sequence[Mark], value: Callable[[Mark], float], *, color: str, linewidth: float) -> None:
    """Through neighbouring windows; broken where one is missing, or has no value."""
    places: list[float] = []
    heights: list[float] = []
    for before, mark in zip([None, *shown], shown, strict=False):
        if before is not None and before.end != mark.start:
            places.append(before.end / DAY_S)
            heights.append(math.nan)
        places.append(mark.middle / DAY_S)
        heights.append(value(mark))
    axes.plot(places, heights, color=color, linewidth=linewidth)
