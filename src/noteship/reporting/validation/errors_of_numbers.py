"""Charts of a regression: what was predicted against what was true, and how large the errors are."""

from __future__ import annotations

import numpy

from noteship.reporting.canvas import COLOURS, Canvas, Easel
from noteship.reporting.scales import Scale
from noteship.reporting.validation.curves import legend
from noteship.reporting.words import escaped, number
from noteship.validation.judgement import Regression

__all__ = ["predicted_and_true", "residuals"]

# Inches; as wide as a card of the narrowest page.
WIDTH, HEIGHT = 3.5, 3.1
LEFT, RIGHT, BOTTOM, TOP = 0.72, 0.2, 0.44, 0.3
# Cells are drawn in so many depths of one colour, by the logarithm of their rows: most have few.
DEPTHS = 6
FAINTEST = 0.16
# Between the first and the last are nine of ten rows, which needs one name.
QUANTILES = {"0.5": ("median", (1, 0)), "0.05": ("nine of ten are between", (1, 1.2)), "0.95": (None, (1, 1.2))}
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


def predicted_and_true(easel: Easel, given: Regression, target: str) -> str:
    """How many rows have which true value and which prediction; on the diagonal both are the same."""
    canvas = easel.canvas(WIDTH, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    low, high = given.edges[0], given.edges[-1]
    _cells(canvas, given)
    axes.plot([low, high], [low, high], color=COLOURS["ink"], linewidth=0.9, dashes=(4, 2), label="both the same")
    legend(axes, columns=2)
    scale = Scale.around([low, high])
    ticks = [each for each in zip(scale.ticks, _short(scale), strict=True) if low <= each[0] <= high]
    places, labels = zip(*ticks, strict=True) if ticks else ((low, high), (number(low), number(high)))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.grid(visible=True)
    axes.set_xlabel("true")
    axes.set_ylabel("predicted", labelpad=2)
    return canvas.svg(escaped(f"predicted against true {target}"))


def _cells(canvas: Canvas, given: Regression) -> None:
    """Cells of one depth together."""
    counts = numpy.asarray(given.counts, dtype=float)
    if not counts.max(initial=0):
        return
    depth = numpy.ceil(DEPTHS * numpy.log1p(counts) / numpy.log1p(counts.max())).astype(int)
    edges = given.edges
    for level in range(1, DEPTHS + 1):
        cells = [
            [(edges[at + x], edges[of + y]) for x, y in CORNERS]
            for at, of in zip(*numpy.nonzero(depth == level), strict=True)
        ]
        if cells:
            alpha = FAINTEST + (1 - FAINTEST) * (level - 1) / (DEPTHS - 1)
            canvas.fill(cells, COLOURS["window"], alpha)


def residuals(easel: Easel, given: Regression) -> str:
    """How many rows are off by how much, with zero, and the quantiles between which nine of ten lie."""
    canvas = easel.canvas(WIDTH, HEIGHT)
    canvas.margins(LEFT, RIGHT, BOTTOM, TOP)
    axes = canvas.axes[0]
    axes.stairs(given.histogram, given.histogram_edges, fill=True, color=COLOURS["reference"])
    axes.axvline(0, color=COLOURS["ink"], linewidth=1, dashes=(4, 2))
    low, high = given.histogram_edges[0], given.histogram_edges[-1]
    for share, (label, dashes) in QUANTILES.items():
        value = given.residuals.get(share)
        if value is not None and low <= value <= high:
            axes.axvline(value, color=COLOURS["window"], linewidth=1.3, dashes=dashes, label=label)
    legend(axes, columns=3)
    across, up = Scale.around([low, high]), Scale.around([0, *given.histogram])
    ticks = [each for each in zip(across.ticks, _short(across), strict=True) if low <= each[0] <= high]
    axes.set_xticks(*zip(*ticks, strict=True))
    axes.set_yticks(up.ticks, up.labels)
    axes.set_xlim(low, high)
    axes.set_ylim(0, up.high)
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("predicted less true")
    axes.set_ylabel("rows", labelpad=2)
    return canvas.svg("errors, and how many rows have them")


def _short(scale: Scale) -> tuple[str, ...]:
    """Labels that have room beside an axis, whatever the target counts."""
    if max(map(len, scale.labels)) <= 7:
        return scale.labels
    return tuple(number(each).replace("-", "−") for each in scale.ticks)
