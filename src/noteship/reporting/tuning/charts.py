"""The charts of a search: over its trials, and over each parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy

from noteship import tuning
from noteship.monitor.streams import Array
from noteship.reporting.canvas import COLOURS, Axes, Canvas, Easel
from noteship.reporting.tuning.told import Told
from noteship.reporting.words import escaped, number, percent, power, shown

__all__ = ["history", "importance", "lines", "parameter"]

# Inches.
WIDE, HEIGHT = 11.2, 2.9
CARD_WIDTH, CARD_HEIGHT = 3.5, 2.0
LEFT, RIGHT, BOTTOM, TOP = 0.62, 0.2, 0.44, 0.1
NAMES, BAR = 1.9, 0.26
LONGEST = 26
# Of choices, marks are spread over so much of the room that each has.
SPREAD = 0.5
# The same of lines, whose ends are to lie at the name of the choice.
BUNDLE = 0.12
# As many labels of choices as can be read side by side.
MOST_LABELS = 6


def history(easel: Easel, told: Told) -> str:
    """Values over the trials, and the best so far."""
    canvas = easel.canvas(WIDE, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    done, pruned = told.done, [each for each in told.valued if each.state == "pruned"]
    if told.search.before is not None:
        axes.axhline(told.search.before, color=COLOURS["quiet"], linewidth=1, linestyle=(0, (4, 3)))
    _best_so_far(axes, told)
    axes.plot([each.number for each in pruned], told.drawn(pruned), "^", **_hollow("quiet"))
    axes.plot([each.number for each in done], told.drawn(done), "o", **_filled("window", 4))
    failed = [each.number for each in told.trials if each.state == "failed"]
    floor = told.limits[0 if told.is_larger_better else 1]
    axes.plot(failed, [floor] * len(failed), "x", color=COLOURS["ink"], markersize=5, clip_on=False)
    axes.set_ylim(*told.limits)
    last = max((each.number for each in told.trials), default=0)
    axes.set_xlim(-0.5 - last / 100, last + 0.5 + last / 100)
    axes.set_xlabel("trial")
    axes.locator_params(axis="x", integer=True)
    axes.grid(axis="y")
    return canvas.svg(escaped(f"{told.search.metric} of {len(told.trials)} trials, and the best so far", 200))


def _best_so_far(axes: Axes, told: Told) -> None:
    if not told.done:
        return
    values = numpy.array([each.value for each in told.done], dtype=float)
    best = numpy.maximum.accumulate(values) if told.is_larger_better else numpy.minimum.accumulate(values)
    last = max(each.number for each in told.trials)
    places = [*(each.number for each in told.done), last]
    axes.step(places, numpy.clip([*best, best[-1]], *told.limits), where="post", color=COLOURS["window"], linewidth=1.6)


def _filled(colour: str, size: float) -> dict[str, Any]:
    # A mark at the axis' end is whole.
    edge: dict[str, Any] = {"clip_on": False, "zorder": 3, "markeredgecolor": COLOURS["paper"], "markeredgewidth": 0.5}
    return {"color": COLOURS[colour], "markersize": size, "linestyle": "none", **edge}


def _hollow(colour: str) -> dict[str, Any]:
    return {
        "color": COLOURS[colour],
        "markersize": 4.5,
        "linestyle": "none",
        "clip_on": False,
        "zorder": 2.5,
        "markerfacecolor": COLOURS["paper"],
    }


def importance(easel: Easel, told: Told) -> str:
    """Bars that lie, the longest above."""
    names = [name for name in told.by_importance if name in told.importances]
    canvas = easel.canvas(WIDE / 2, BAR * len(names) + 0.4)
    canvas.margins(NAMES, 0.5, 0.1, 0.1)
    axes = canvas.axes[0]
    shares = [told.importances[name] for name in names]
    places = list(range(len(names)))
    axes.barh(places, shares, height=0.62, color=COLOURS["window"])
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 0.015, place, percent(share), va="center", color=COLOURS["ink"])
    axes.set_yticks(places, [shown(told.names[name], LONGEST) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    return canvas.svg("how much each parameter decides whether a trial is among the best")


def parameter(easel: Easel, told: Told, name: str) -> str:
    """Values over one parameter; the best trial is ringed."""
    canvas = easel.canvas(CARD_WIDTH, CARD_HEIGHT)
    canvas.margins(LEFT, 0.15, 0.26, TOP)
    axes = canvas.axes[0]
    dimension = told.search.space.dimensions[name]
    pruned = [each for each in told.valued if each.state == "pruned"]
    for trials, marks, looks in ((pruned, "^", _hollow("quiet")), (told.done, "o", _filled("window", 3.6))):
        axes.plot(_places(dimension, trials, name), told.drawn(trials), marks, **looks)
    if told.best is not None:
        at = _places(dimension, [told.best], name)
        axes.plot(at, told.drawn([told.best]), "o", color=COLOURS["ink"], markersize=8, markerfacecolor="none")
    _axis(canvas, dimension)
    axes.set_ylim(*told.limits)
    axes.locator_params(axis="y", nbins=5)
    axes.grid(axis="y")
    return canvas.svg(escaped(f"{told.search.metric} over {name}", 200))


def _places(dimension: tuning.Dimension, trials: Sequence[tuning.Trial], name: str) -> Array:
    """Where values are on the axis; of choices the marks are spread by the trial's number, so that all are seen."""
    if isinstance(dimension, tuning.Choices):
        return _spread(dimension, trials, name, SPREAD)
    values = numpy.array([each.parameters[name] for each in trials], dtype=float)
    result: Array = numpy.log10(values) if dimension.log else values
    return result


def _spread(choices: tuning.Choices, trials: Sequence[tuning.Trial], name: str, room: float) -> Array:
    """The golden ratio keeps marks apart, however many there are."""
    places = [choices.place(each.parameters[name]) + room * ((each.number * 0.618034) % 1 - 0.5) for each in trials]
    return numpy.array(places, dtype=float)


def _ends(span: tuning.Span) -> tuple[float, float]:
    """Where a span begins and ends on its axis."""
    return (float(numpy.log10(span.low)), float(numpy.log10(span.high))) if span.log else (span.low, span.high)


def _axis(canvas: Canvas, dimension: tuning.Dimension) -> None:
    axes = canvas.axes[0]
    if isinstance(dimension, tuning.Choices):
        axes.set_xlim(-0.5, dimension.size - 0.5)
        step = -(-dimension.size // MOST_LABELS)
        longest = max(4, 36 // min(dimension.size, MOST_LABELS))
        labels = [shown(str(value), longest) for value in dimension.values[::step]]
        axes.set_xticks(range(0, dimension.size, step), labels)
        return
    low, high = _ends(dimension)
    room = (high - low) * 0.04
    axes.set_xlim(low - room, high + room)
    if dimension.size is not None and dimension.size <= MOST_LABELS:
        axes.set_xticks([dimension.at(place) for place in range(dimension.size)])
        return
    if not dimension.log:
        axes.locator_params(axis="x", nbins=5, integer=dimension.is_whole)
        return
    powers = [float(each) for each in range(math.floor(low), math.ceil(high) + 1) if low <= each <= high]
    powers = powers[:: -(-len(powers) // MOST_LABELS) or 1]
    # Between the ends of a short span there may be no power of ten.
    ticks = powers if len(powers) > 1 else [low, high]
    axes.set_xticks(ticks, [power(each) if each == int(each) else number(10**each) for each in ticks])


def lines(easel: Easel, told: Told) -> str:
    """Each trial as a line through all its parameters to its value; the best tenth in front."""
    names = list(reversed(told.by_importance))
    canvas = easel.canvas(WIDE, HEIGHT)
    canvas.margins(0.9, 0.9, 0.42, 0.34)
    axes = canvas.axes[0]
    columns = [_shares(told.search.space.dimensions[name], told.done, name) for name in names]
    low, high = told.limits
    columns.append((told.drawn(told.done) - low) / (high - low))
    heights = numpy.array(columns)
    top = {each.number for each in told.top}
    best = told.best.number if told.best else -1
    for place, trial in enumerate(told.done):
        looks: dict[str, Any] = {"color": COLOURS["reference"], "linewidth": 0.6, "zorder": 1}
        if trial.number in top:
            looks = {"color": COLOURS["window"], "linewidth": 1.2, "zorder": 2}
        if trial.number == best:
            looks = {"color": COLOURS["window"], "linewidth": 2.4, "zorder": 3}
        axes.plot(range(len(columns)), heights[:, place], **looks)
    _uprights(axes, told, names)
    return canvas.svg("each trial as a line through its parameters to its value; the best tenth in front")


def _uprights(axes: Axes, told: Told, names: Sequence[str]) -> None:
    for place in range(len(names) + 1):
        axes.axvline(place, color=COLOURS["quiet"], linewidth=0.8, zorder=0)
    ends = [_named_ends(told.search.space.dimensions[name]) for name in names]
    ends.append((Told.value(told.limits[0]), Told.value(told.limits[1])))
    for place, (low, high) in enumerate(ends):
        axes.text(place, -0.04, shown(low, 14), ha="center", va="top", color=COLOURS["quiet"])
        axes.text(place, 1.03, shown(high, 14), ha="center", va="bottom", color=COLOURS["quiet"])
    labels = [shown(told.names[name], 18) for name in names]
    axes.set_xticks(range(len(names) + 1), [*labels, "value"])
    axes.tick_params(axis="x", length=0, pad=14)
    axes.set_yticks([])
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(0, len(names))
    for spine in axes.spines.values():
        spine.set_visible(False)


def _shares(dimension: tuning.Dimension, trials: Sequence[tuning.Trial], name: str) -> Array:
    """Where a parameter is between its ends, from 0 to 1; choices are as far apart as they can be."""
    if isinstance(dimension, tuning.Choices):
        return (_spread(dimension, trials, name, BUNDLE) + BUNDLE / 2) / (dimension.size - 1 + BUNDLE)
    low, high = _ends(dimension)
    return (_places(dimension, trials, name) - low) / (high - low)


def _named_ends(dimension: tuning.Dimension) -> tuple[str, str]:
    if isinstance(dimension, tuning.Choices):
        return str(dimension.values[0]), str(dimension.values[-1])
    return number(dimension.low), number(dimension.high)
