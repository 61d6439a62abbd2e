"""Charts of shares: features, work, and what was and is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy

from noteship.monitor.streams import Array
from noteship.reporting.canvas import COLOURS, Canvas, Easel
from noteship.reporting.comparing import Comparison, Histogram
from noteship.reporting.words import escaped, number

__all__ = ["comparison", "span", "work"]

# Inches.
WIDTH, HEIGHT = 3.5, 1.5
LEFT, RIGHT, BOTTOM, TOP = 0.42, 0.2, 0.24, 0.08
# Of the chart of work, which is as wide as those over time.
WORK_WIDTH, WORK_HEIGHT, WORK_LEFT = 11.2, 2.3, 0.52
# Of a chart with bars that lie.
NAMES, BAR, AXIS = 1.3, 0.19, 0.34
# Between bars that have no order.
GAP = 0.12
# Shares are labelled at so many places.
MOST_TICKS = 5


def comparison(easel: Easel, given: Comparison) -> str:
    """One feature: the reference filled, the window as an outline."""
    told = escaped(f"{given.name}: shares of rows, in the reference and in the window")
    if not len(given.places):
        return ""
    return _ordered(easel, given, told) if given.is_ordered else _unordered(easel, given, told)


def _ordered(easel: Easel, given: Comparison, told: str) -> str:
    canvas = easel.canvas(WIDTH, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    _draw(canvas, (given.places, given.places + 1), (given.reference, given.window))
    axes.set_xlim(float(given.places[0]), float(given.places[-1]) + 1)
    places, labels = zip(*given.ticks, strict=True)
    axes.set_xticks(places, labels)
    _share_axis(canvas, max(given.reference.max(), given.window.max()))
    return canvas.svg(told)


def _unordered(easel: Easel, given: Comparison, told: str) -> str:
    """Bars that lie, since names are long."""
    canvas = easel.canvas(WIDTH, max(HEIGHT, AXIS + BAR * len(given.places)))
    canvas.margins(NAMES, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    sides = given.places + GAP, given.places + 1 - GAP
    _draw(canvas, sides, (given.reference, given.window), is_lying=True)
    axes.set_ylim(float(given.places[-1]) + 1, 0)
    places, labels = zip(*given.ticks, strict=True)
    axes.set_yticks(places, labels)
    axes.spines["left"].set_visible(False)
    _share_axis(canvas, max(given.reference.max(), given.window.max()), is_lying=True)
    return canvas.svg(told)


def _draw(canvas: Canvas, sides: tuple[Array, Array], heights: tuple[Array, Array], *, is_lying: bool = False) -> None:
    axes = canvas.axes[0]
    turned: Literal["horizontal", "vertical"] = "horizontal" if is_lying else "vertical"
    values, edges = _steps(sides, heights[0])
    axes.stairs(values, edges, fill=True, color=COLOURS["reference"], orientation=turned)
    values, edges = _steps(sides, heights[1])
    axes.stairs(values, edges, color=COLOURS["window"], linewidth=1.7, orientation=turned)


def _steps(sides: tuple[Array, Array], heights: Array) -> tuple[list[float], list[float]]:
    """Heights and edges of one path, which is broken where bars do not touch."""
    values: list[float] = []
    edges: list[float] = [float(sides[0][0])]
    for left, right, height in zip(*sides, heights, strict=True):
        if left > edges[-1]:
            values.append(numpy.nan)
            edges.append(float(left))
        values.append(float(height))
        edges.append(float(right))
    return values, edges


def _share_axis(canvas: Canvas, largest: float, *, is_lying: bool = False) -> None:
    """From zero, in percent, with lines at round shares."""
    axes = canvas.axes[0]
    top = max(largest * 1.08, 0.01)
    ticks = _round_steps(top)
    labels = [f"{100 * each:.3g} %" if each else "0" for each in ticks]
    if is_lying:
        axes.set_xlim(0, top)
        axes.set_xticks(ticks, labels)
        axes.grid(axis="x")
    else:
        axes.set_ylim(0, top)
        axes.set_yticks(ticks, labels)
        axes.grid(axis="y")


def _round_steps(top: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, up to `top`."""
    steps = (step * 10.0**power for power in range(-4, 1) for step in (1, 2, 5))
    step = next(each for each in steps if top / each <= MOST_TICKS)
    return [each * step for each in range(int(top / step) + 1)]


def work(easel: Easel, given: Histogram) -> str:
    """How much work rows took, on a logarithmic scale."""
    canvas = easel.canvas(WORK_WIDTH, WORK_HEIGHT)
    canvas.margins(WORK_LEFT, RIGHT, 0.44, TOP)
    axes = canvas.axes[0]
    edges = numpy.log10(given.edges)
    _draw(canvas, (edges[:-1], edges[1:]), (given.reference, given.window))
    axes.set_xlim(edges[0], edges[-1])
    ticks = [each for each in _one_two_five(edges[0], edges[-1]) if edges[0] <= numpy.log10(each) <= edges[-1]]
    # Between the ends of a few bars there may be no round number.
    ticks = ticks if len(ticks) > 1 else [float(given.edges[0]), float(given.edges[-1])]
    axes.set_xticks(numpy.log10(ticks), [number(each) for each in ticks])
    axes.set_xlabel("multiplications a row")
    _share_axis(canvas, max(given.reference.max(), given.window.max()))
    return canvas.svg("shares of rows by the number of multiplications, in the reference and in the window")


def _one_two_five(low: float, high: float) -> list[float]:
    """Where a logarithmic axis is labelled, from and to these powers of ten."""
    steps: Sequence[int] = (1, 2, 5) if high - low < 2.5 else (1,)
    return [step * 10.0**power for power in range(int(low) - 1, int(high) + 2) for step in steps]


def span(easel: Easel, then: float, now: float, low: float, high: float) -> str:
    """From what was, a filled bar's end, to what is, a ring, on a line from `low` to `high`."""
    canvas = easel.canvas(2.2, 0.24)
    canvas.margins(0.08, 0.08, 0.02, 0.02)
    axes = canvas.axes[0]
    axes.axhline(0, color=COLOURS["grid"], linewidth=1, zorder=0)
    if low < 0 < high:
        axes.axvline(0, color=COLOURS["quiet"], linewidth=0.6, zorder=0)
    axes.plot([then, now], [0, 0], color=COLOURS["window"], linewidth=1.4, zorder=1)
    axes.plot([then], [0], "s", color=COLOURS["reference"], markersize=6, zorder=2)
    axes.plot([now], [0], "o", markerfacecolor=COLOURS["paper"], color=COLOURS["window"], markersize=6.5, zorder=3)
    axes.set_xlim(low, high)
    axes.set_ylim(-1, 1)
    axes.set_axis_off()
    return canvas.svg(f"from {number(then)} to {number(now)}")
