"""How values are spread, drawn: histograms with the axes that they need, and time lines."""

from __future__ import annotations

import math

from noteship.reporting.canvas import COLOURS, DAY_S, Axes, Easel
from noteship.reporting.words import escaped, exact, number, power, within
from noteship.tabular.surveys.shapes import Shape

__all__ = ["histogram", "noted"]

# Inches.
WIDTH, HEIGHT = 3.5, 1.15
LEFT, RIGHT, BOTTOM, TOP = 0.08, 0.08, 0.22, 0.05
FIRST_YEAR_S, LAST_YEAR_S = -62_135_596_800, 253_402_214_400
TICKS, MOST_TIMES = 6, 5
# In letters of all labels; and as a part of the axis.
ROOM, EDGE = 44, 0.04
# Whole numbers of more digits are amounts: years and codes are shorter.
SHORT = 1e6


def histogram(easel: Easel, name: str, shape: Shape, *, is_time: bool = False, is_whole: bool = False) -> str:
    """Counts as bars from zero; the highest is as high as the chart. Decades where the edges are even on them.

    Between whole numbers there are no labels.
    """
    if is_time and (shape.edges[0] < FIRST_YEAR_S or shape.edges[-1] > LAST_YEAR_S):
        return ""
    canvas = easel.canvas(WIDTH, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    edges = list(shape.edges)
    if shape.is_log:
        edges = [math.log10(edge) for edge in edges]
    if is_time:
        edges = [edge / DAY_S for edge in edges]
    axes.stairs(shape.counts, edges, fill=True, color=COLOURS["window"])
    axes.set_ylim(0, max(shape.counts) * 1.05 or 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(edges[0], edges[-1])
    if is_time:
        canvas.over_time(shape.edges[0], shape.edges[-1], MOST_TIMES)
        # Which day or year it is, the line below the chart says.
        axes.xaxis.get_offset_text().set_visible(False)
    elif shape.is_log:
        decades = range(math.ceil(edges[0]), math.floor(edges[-1]) + 1)
        kept = decades[:: max(1, -(-len(decades) // TICKS))]
        axes.set_xticks(list(kept), [power(each) for each in kept])
    else:
        ticks = _ticks(edges[0], edges[-1], is_whole=is_whole)
        axes.set_xticks([place for place, _ in ticks], [label for _, label in ticks])
    _inside(canvas.axes[0])
    return canvas.svg(escaped(f"{name}: how its values are spread"))


def _ticks(low: float, high: float, *, is_whole: bool) -> list[tuple[float, str]]:
    """Round numbers between two with their labels, as many as have room."""
    ticks: list[tuple[float, str]] = []
    for most in (TICKS, 4, 3, 2):
        raw = (high - low) / most
        if not raw:  # of the least numbers that there are
            return [(low, number(low))]
        scale = 10.0 ** math.floor(math.log10(raw))
        step = next(each * scale for each in (1, 2, 5, 10) if each * scale >= raw * 0.999)
        step = max(1.0, step) if is_whole else step
        places = [each * step for each in range(math.ceil(low / step), math.floor(high / step) + 1)]
        ticks = [(each, exact(each) if is_whole and abs(each) < SHORT else within(each, step)) for each in places]
        if sum(len(label) + 2 for _, label in ticks) <= ROOM:
            break
    return ticks


def _inside(axes: Axes) -> None:
    """Labels at the ends begin and end with the axis, so that they are not cut off."""
    low, high = axes.get_xlim()
    for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=False):
        part = (place - low) / (high - low)
        if part < EDGE or part > 1 - EDGE:
            label.set_horizontalalignment("left" if part < EDGE else "right")


def noted(shape: Shape) -> str:
    """What is to be known of the axis."""
    told = ["a logarithmic axis"] if shape.is_log else []
    for count, side in ((shape.below, "below"), (shape.above, "above")):
        if count:
            told.append(f"{count:,} {'value' if count == 1 else 'values'} {side} not drawn")
    return "; ".join(told)
